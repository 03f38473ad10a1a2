/**
 * One session of a stream, from STARTING to its last state: one timeline, however often its source is opened. The
 * supervisor's loop is in `supervise`, what is done with the frames in `runSource`.
 */
import type { FrameSize } from '../domain/frame.ts';
import type { Log } from '../domain/log.ts';
import type { SessionRecord, SessionState, StreamRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { finishTimeline } from './finish-timeline.ts';
import { FrameScorer } from './frame-scorer.ts';
import type { HeldSource } from './inspect-source.ts';
import { Outbox } from './outbox.ts';
import type {
  Meter,
  MomentSink,
  OpenAnalyser,
  OpenSource,
  OpenTimeline,
  Publisher,
  SessionRepository,
} from './ports.ts';
import { createReopenBackoff, type ReopenBackoff } from './reopen-backoff.ts';
import { createSessionClock } from './session-clock.ts';
import { DEFAULT_LIMITS, type SessionLimits } from './session-limits.ts';
import { createSessionSource, type SessionSource } from './session-source.ts';
import { runSource } from './source-run.ts';
import { createStateWriter, type StateWriter } from './state-writer.ts';
import { type SourceEnd, supervise } from './supervisor.ts';

export interface SessionDeps {
  openSource: OpenSource;
  openAnalyser: OpenAnalyser;
  openTimeline: OpenTimeline;
  sink: MomentSink;
  sessions: Pick<SessionRepository, 'setState'>;
  publisher: Publisher;
  log: Log;
  meter?: Meter;
  limits?: Partial<SessionLimits>;
}

export interface RunningSession {
  readonly id: string;
  /** Whether its source has ended; what remains is to store and close. */
  readonly ending: boolean;
  /** Stops the source, stores and publishes what was scored, and ends. Harmless when it ends already. */
  stop(state: 'ENDED' | 'INTERRUPTED', reason?: string): Promise<SessionRecord>;
  /** The session as it ended; never rejects. */
  readonly done: Promise<SessionRecord>;
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
    stop(state, reason) {
      run.stop({ state, failure: reason ?? null });
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
  readonly #deps: SessionDeps;
  readonly #limits: SessionLimits;
  readonly #streamId: string;
  readonly #id: string;
  readonly #stopping = new AbortController();
  /** Aborts when there is no more time to wait for the store. */
  readonly #giveUp = new AbortController();
  readonly #source: SessionSource;
  readonly #clock = createSessionClock();
  readonly #backoff: ReopenBackoff;
  readonly #states: StateWriter;
  readonly #outbox: Outbox;
  /** Whether the size of its frames is stored. */
  #hasSize = false;
  #stopAs: FinalState = { state: 'ENDED', failure: null };

  constructor(deps: SessionDeps, stream: StreamRecord, session: SessionRecord, held: HeldSource | null) {
    this.#deps = deps;
    this.#limits = { ...DEFAULT_LIMITS, ...deps.limits };
    this.#streamId = stream.id;
    this.#id = session.id;
    this.#source = createSessionSource(deps.openSource, stream, held);
    this.#backoff = createReopenBackoff(() => performance.now(), this.#limits.reopenMs);
    const { sessions, sink, publisher, log } = deps;
    const storeWaits = { retryMs: this.#limits.storeRetryMs, giveUp: this.#giveUp.signal };
    const publish = (record: SessionRecord) => publisher.status(stream.id, record);
    this.#states = createStateWriter(session, { ...storeWaits, sessions, log, publish });
    this.#outbox = new Outbox({
      ...storeWaits,
      sink,
      limit: this.#limits.maxUncommitted,
      publish: (moment, events) => {
        publisher.moment(stream.id, moment);
        for (const event of events) publisher.episode(stream.id, event);
      },
    });
  }

  stop(as: FinalState): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopAs = as;
    this.#stopping.abort();
  }

  async untilEnd(): Promise<SessionRecord> {
    const { openAnalyser, openTimeline, meter, log } = this.#deps;
    const analyser = openAnalyser(this.#id);
    const scorer = new FrameScorer({ analyser, timeline: openTimeline(this.#id), meter });
    const end = await supervise({
      runSource: () => this.#runSource(scorer),
      canReturn: () => this.#source.live,
      onSourceLost: (error, wait) => this.#onSourceLost(error, wait),
      backoff: this.#backoff,
      stopping: this.#stopping.signal,
    });
    this.ending = true;
    const timer = setTimeout(() => this.#giveUp.abort(), this.#limits.drainMs);
    await analyser.close().catch((error) => log.error({ err: error }, 'could not close an analyser'));
    const left = await this.#outbox.drain();
    if (left > 0) log.error({ session: this.#id, moments: left }, 'moments were not stored');
    await finishTimeline(this.#deps, { streamId: this.#streamId, id: this.#id }, scorer, this.#giveUp.signal);
    const { state, failure } = this.#finalState(end);
    const record = await this.#states.write(state, { failure });
    clearTimeout(timer);
    return record;
  }

  /** Opens the source once, and scores its frames until it ends. */
  async #runSource(scorer: FrameScorer): Promise<void> {
    const run = new AbortController();
    const abort = () => run.abort();
    const stopping = this.#stopping.signal;
    stopping.addEventListener('abort', abort, { once: true });
    if (stopping.aborted) abort();
    try {
      const opened = await this.#source.open(run.signal);
      const onFirstFrame = (frame: FrameSize) => this.#onFirstFrame(frame);
      await runSource({ scorer, clock: this.#clock, outbox: this.#outbox, stopping, onFirstFrame }, opened);
    } finally {
      stopping.removeEventListener('abort', abort);
      abort();
    }
  }

  #onFirstFrame({ width, height }: FrameSize): void {
    this.#backoff.delivers();
    void this.#states.write('RUNNING', this.#hasSize ? {} : { frame: { width, height } });
    this.#hasSize = true;
  }

  #onSourceLost(error: unknown, wait: number): void {
    const failure = error === null ? 'The source ended; waiting for it to come back.' : sentenceOf(error);
    this.#deps.log.warn({ session: this.#id, wait, err: error }, 'source lost, opening it again');
    void this.#states.write('RECONNECTING', { failure });
    this.#clock.reopened();
  }

  #finalState(end: SourceEnd): FinalState {
    const error = this.#outbox.failure ?? (end.how === 'failed' ? end.error : null);
    if (error === null) return end.how === 'stopped' ? this.#stopAs : { state: 'ENDED', failure: null };
    this.#deps.log.error({ err: error, session: this.#id }, 'session failed');
    return { state: 'FAILED', failure: sentenceOf(error) };
  }
}

/** What may be shown of an error: deliberate ones speak for themselves. */
function sentenceOf(error: unknown): string {
  return error instanceof MienError
    ? error.message
    : 'Something went wrong inside mien; its log has the details.';
}
