/**
 * One session of a stream, from STARTING to its last state: one timeline, however often its source is opened. The
 * supervisor's loop is in `supervise`, what is done with the frames in `runSource`.
 */
import { addDrops, type Frame } from '../domain/frame.ts';
import type { Log } from '../domain/log.ts';
import type { SessionRecord, SessionState, StateDetails, StreamRecord } from '../domain/stream.ts';
import type { MienError } from '../errors.ts';
import { finishTimeline, type TimelineEnd } from './finish-timeline.ts';
import { FrameScorer, type FrameScorerDeps } from './frame-scorer.ts';
import { FrameSizes } from './frame-sizes.ts';
import type { HeldSource } from './inspect-source.ts';
import { Outbox } from './outbox.ts';
import type {
  MomentSink,
  OpenAnalyser,
  OpenPictures,
  OpenTimeline,
  Publisher,
  SessionRepository,
  SessionTimeline,
  TimelineSettings,
} from './ports.ts';
import { createReopenBackoff, type ReopenBackoff } from './reopen-backoff.ts';
import { type RunningSession, TAKEN_OVER } from './running-session.ts';
import { type ClockDeps, createSessionClock, type SessionClock } from './session-clock.ts';
import { type LoadReporter, openLoadReporter, type ReporterDeps } from './session-load-reporter.ts';
import { createSessionSource, type SessionSource, type SourceDeps } from './session-source.ts';
import { DEFAULT_TIMEOUTS, type SessionTimeouts } from './session-timeouts.ts';
import { runSource } from './source-run.ts';
import { createStateWriter, type StateWriter } from './state-writer.ts';
import type { StoreWaits } from './store-unavailable.ts';
import { NOBODY_SENDS, outOfTime, sentenceOf } from './stream-errors.ts';
import { type SourceEnd, supervise } from './supervisor.ts';

export interface SessionDeps extends ReporterDeps, SourceDeps, ClockDeps, Pick<FrameScorerDeps, 'follow'> {
  openAnalyser: OpenAnalyser;
  openTimeline: OpenTimeline;
  openPictures?: OpenPictures;
  sink: MomentSink;
  sessions: Pick<SessionRepository, 'setState'>;
  publisher: Publisher;
  log: Log;
  limits?: Partial<SessionTimeouts>;
}

/** @param held the source, where registering has left it open */
export function runSession(
  deps: SessionDeps,
  stream: StreamRecord,
  session: SessionRecord,
  held: HeldSource | null,
): RunningSession {
  const run = new SessionRun(deps, stream, session, held);
  const done = run.untilEnd();
  return {
    id: session.id,
    get ending() {
      return run.ending;
    },
    forget: run.forget,
    stop(state, reason, toSender) {
      run.stop({ state, failure: reason ?? null }, toSender);
      return done;
    },
    done,
  };
}

interface FinalState {
  state: SessionState;
  failure: string | null;
}

class SessionRun {
  ending = false;
  /** Set as soon as it runs. */
  forget: NonNullable<SessionTimeline['forget']> = () => {};
  readonly #deps: SessionDeps;
  readonly #limits: SessionTimeouts;
  readonly #streamId: string;
  readonly #id: string;
  readonly #timelineSettings: TimelineSettings;
  /** Whether it waits to be sent to, rather than opens something: then it soon waits again. */
  readonly #isPushed: boolean;
  readonly #stopping = new AbortController();
  /** Aborts when there is no more time to wait for the store. */
  readonly #giveUp = new AbortController();
  readonly #storeWaits: StoreWaits;
  #deadline: NodeJS.Timeout | undefined;
  readonly #source: SessionSource;
  readonly #clock: SessionClock;
  readonly #backoff: ReopenBackoff;
  readonly #states: StateWriter;
  readonly #outbox: Outbox;
  readonly #load: LoadReporter;
  readonly #sizes = new FrameSizes();
  #stopAs: FinalState = { state: 'ENDED', failure: null };

  constructor(deps: SessionDeps, stream: StreamRecord, session: SessionRecord, held: HeldSource | null) {
    this.#deps = deps;
    this.#limits = { ...DEFAULT_TIMEOUTS, ...deps.limits };
    [this.#streamId, this.#id] = [stream.id, session.id];
    this.#timelineSettings = { smoothing: stream.smoothing, frameRate: stream.frameRate };
    this.#clock = createSessionClock(deps.clock);
    this.#source = createSessionSource(deps, stream, held);
    const { reopenMs } = this.#limits;
    this.#isPushed = stream.source.type === 'push';
    this.#backoff = createReopenBackoff(() => performance.now(), this.#isPushed ? reopenMs / 10 : reopenMs);
    const { sessions, sink, publisher, log } = deps;
    this.#storeWaits = { retryMs: this.#limits.storeRetryMs, giveUp: this.#giveUp.signal };
    this.#load = openLoadReporter(deps, stream, session);
    const { publish } = this.#load;
    const onLost = () => this.stop({ state: 'INTERRUPTED', failure: TAKEN_OVER });
    this.#states = createStateWriter(session, { ...this.#storeWaits, sessions, log, publish, onLost });
    this.#outbox = new Outbox({
      ...this.#storeWaits,
      sink,
      limit: this.#limits.maxUncommitted,
      publish: (moment, events, position) => {
        publisher.moment(stream.id, moment, position);
        for (const event of events) publisher.episode(stream.id, event, position);
      },
    });
  }

  stop(as: FinalState, toSender?: MienError): void {
    if (as.state === 'INTERRUPTED') {
      this.#deadline ??= setTimeout(() => this.#giveUp.abort(outOfTime()), this.#limits.drainMs);
    }
    if (this.#stopping.signal.aborted) return;
    this.#stopAs = as;
    this.#stopping.abort(toSender);
  }

  async untilEnd(): Promise<SessionRecord> {
    const { openAnalyser, openTimeline, follow, clock, log } = this.#deps;
    const { meter } = this.#load;
    const analyser = openAnalyser(this.#id, this.#source.realtime);
    const timeline = openTimeline(this.#id, this.#timelineSettings);
    this.forget = (until) => timeline.forget?.(until);
    const pictures = this.#deps.openPictures?.(this.#id);
    const ids = { streamId: this.#streamId, id: this.#id };
    const scorer = new FrameScorer({ analyser, timeline, meter, pictures, follow, of: ids, clock });
    if (this.#isPushed) void this.#states.write('STARTING', { failure: NOBODY_SENDS });
    const end = await supervise({
      runSource: () => this.#runSource(scorer),
      canReturn: (error) => this.#source.canReturn(error),
      onSourceLost: (error, wait) => this.#onSourceLost(error, wait),
      backoff: this.#backoff,
      stopping: this.#stopping.signal,
    });
    this.ending = true;
    pictures?.close();
    this.#load.close();
    await analyser.close().catch((error) => log.error({ err: error }, 'could not close an analyser'));
    const left = await this.#outbox.drain();
    if (left > 0) log.error({ session: this.#id, moments: left }, 'moments were not stored');
    await finishTimeline({ ...this.#deps, ...this.#storeWaits }, ids, this.#timelineEnd(scorer, left));
    const { state, failure } = this.#finalState(end);
    const record = await this.#states.write(state, { failure });
    clearTimeout(this.#deadline);
    return record;
  }

  /** Opens the source once, and scores its frames until it ends. */
  async #runSource(scorer: FrameScorer): Promise<void> {
    const run = new AbortController();
    const stopping = this.#stopping.signal;
    const abort = () => run.abort(stopping.reason);
    stopping.addEventListener('abort', abort, { once: true });
    if (stopping.aborted) abort();
    try {
      const opened = await this.#source.open(run.signal);
      this.#load.opened(opened);
      scorer.end = opened.end;
      const sizesOf = (frame: Frame) => this.#sizes.told(frame, scorer.smallestFace(frame), opened.size);
      const onFirstFrame = (frame: Frame) => this.#onFirstFrame(sizesOf(frame) ?? {});
      const onOtherSize = (frame: Frame) => {
        const sizes = sizesOf(frame);
        if (sizes) void this.#states.write('RUNNING', sizes);
      };
      const parts = { scorer, clock: this.#clock, outbox: this.#outbox, load: this.#load };
      await runSource({ ...parts, stopping, onFirstFrame, onOtherSize }, opened);
    } finally {
      stopping.removeEventListener('abort', abort);
      abort();
    }
  }

  #onFirstFrame(sizes: StateDetails): void {
    this.#backoff.delivers();
    void this.#states.write('RUNNING', sizes);
  }

  #onSourceLost(error: unknown, wait: number): void {
    const failure = error === null ? 'The source ended; waiting for it to come back.' : sentenceOf(error);
    this.#deps.log.warn({ session: this.#id, wait, err: error }, 'source lost, opening it again');
    void this.#states.write('RECONNECTING', { failure });
    this.#clock.reopened();
  }

  /** Episodes that a moment which was not written told of are closed by the store, where it has them. */
  #timelineEnd(scorer: FrameScorer, left: number): TimelineEnd {
    const ended = this.#clock.end();
    const end = ended !== null && ended > scorer.newest ? ended : null;
    const { events, dropped } = scorer.finish(end);
    if (this.#outbox.failure !== null)
      return { events: [], dropped: addDrops(this.#outbox.lost, dropped), end };
    if (left > 0) return { events: [], dropped: addDrops({ store: left }, dropped), end };
    return { events, dropped, end };
  }

  #finalState(end: SourceEnd): FinalState {
    const error = this.#outbox.failure ?? (end.how === 'failed' ? end.error : null);
    if (error === null) return end.how === 'stopped' ? this.#stopAs : { state: 'ENDED', failure: null };
    this.#deps.log.error({ err: error, session: this.#id }, 'session failed');
    return { state: 'FAILED', failure: sentenceOf(error) };
  }
}
