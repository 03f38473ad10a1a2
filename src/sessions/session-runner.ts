/**
 * One run of a stream, from STARTING to its last state: one timeline, however often its source is opened. The
 * supervisor's loop is in `supervise`, what is done with the frames in `attempt`.
 */
import type { FrameSize, SourceInfo } from '../domain/frame.ts';
import type { Log } from '../domain/log.ts';
import type { SessionRecord, SessionState, StreamRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { finishTimeline } from './finish-timeline.ts';
import { createScorer, type Scorer } from './frame-scorer.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import type { Meter, MomentSink, OpenAnalyser, OpenTimeline, Publisher, SessionBook } from './ports.ts';
import { type Backoff, createBackoff } from './reopen-backoff.ts';
import { createMediaClock } from './session-clock.ts';
import { createSource, type SourceDeps, type StreamSource } from './session-source.ts';
import { scoreFrames } from './source-run.ts';
import { createStateTeller, type StateTeller } from './state-writer.ts';
import { type End, supervise } from './supervisor.ts';

export interface SessionDeps extends SourceDeps {
  openAnalyser: OpenAnalyser;
  openTimeline: OpenTimeline;
  sink: MomentSink;
  sessions: Pick<SessionBook, 'setState'>;
  publisher: Publisher;
  log: Log;
  meter?: Meter;
  pace?: Partial<Pace>;
}

/** Milliseconds, and how many moments may be on their way to the store. */
export interface Pace {
  /** Longest wait for a frame of a live source; decoding has its own, shorter one, and this is the last resort. */
  stall: number;
  /** First wait before a live source is opened again; doubles to thirty times this. */
  backoff: number;
  storeRetry: number;
  /** Longest wait for the store when the session ends. */
  drain: number;
  /** A session that has run so long is not why its server may crash later. */
  proven: number;
  inFlight: number;
}
export const PACE: Pace = {
  stall: 45_000,
  backoff: 1000,
  storeRetry: 250,
  drain: 8000,
  proven: 60_000,
  inFlight: 256,
};

export interface RunningSession {
  readonly id: string;
  /** Whether its source is done; what remains is to store and close. */
  readonly ending: boolean;
  /** Stops the source, stores and publishes what was scored, and ends. Harmless when it ends already. */
  stop(state: 'ENDED' | 'INTERRUPTED', reason?: string): Promise<SessionRecord>;
  /** The session as it ended; never rejects. */
  readonly done: Promise<SessionRecord>;
}

/** @param info what probing has found just now; null: probe first */
export function runSession(
  deps: SessionDeps,
  stream: StreamRecord,
  session: SessionRecord,
  info: SourceInfo | null,
): RunningSession {
  const run = new Run(deps, stream, session, info);
  const done = run.conduct();
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

type Outcome = { state: SessionState; failure: string | null };

class Run {
  ending = false;
  readonly #deps: SessionDeps;
  readonly #pace: Pace;
  readonly #streamId: string;
  readonly #id: string;
  readonly #stopping = new AbortController();
  readonly #giveUp = new AbortController();
  readonly #source: StreamSource;
  readonly #clock = createMediaClock();
  readonly #backoff: Backoff;
  readonly #states: StateTeller;
  readonly #outbox: Outbox;
  #sized = false;
  #stopAs: Outcome = { state: 'ENDED', failure: null };

  constructor(deps: SessionDeps, stream: StreamRecord, session: SessionRecord, info: SourceInfo | null) {
    this.#deps = deps;
    this.#pace = { ...PACE, ...deps.pace };
    this.#streamId = stream.id;
    this.#id = session.id;
    this.#source = createSource(deps, stream, info, this.#pace.stall);
    this.#backoff = createBackoff(() => performance.now(), this.#pace.backoff);
    const { sessions, sink, publisher, log } = deps;
    const waits = { retryMs: this.#pace.storeRetry, giveUp: this.#giveUp.signal };
    const publish = (record: SessionRecord) => publisher.status(stream.id, record);
    this.#states = createStateTeller(session, { ...waits, sessions, log, publish });
    this.#outbox = createOutbox({
      ...waits,
      sink,
      limit: this.#pace.inFlight,
      publish: (moment, events) => {
        publisher.moment(stream.id, moment);
        for (const event of events) publisher.episode(stream.id, event);
      },
    });
  }

  stop(as: Outcome): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopAs = as;
    this.#stopping.abort();
  }

  async conduct(): Promise<SessionRecord> {
    const { openAnalyser, openTimeline, meter, log } = this.#deps;
    const analyser = openAnalyser(this.#id);
    const scorer = createScorer({ analyser, timeline: openTimeline(this.#id), meter });
    const end = await supervise({
      attempt: () => this.#attempt(scorer),
      isLive: () => this.#source.live,
      onLost: (error, wait) => this.#lost(error, wait),
      backoff: this.#backoff,
      stopping: this.#stopping.signal,
    });
    this.ending = true;
    const timer = setTimeout(() => this.#giveUp.abort(), this.#pace.drain);
    await analyser.close().catch((error) => log.error({ err: error }, 'could not close an analyser'));
    const left = await this.#outbox.settled();
    if (left > 0) log.error({ session: this.#id, moments: left }, 'moments were not stored');
    await finishTimeline(this.#deps, { streamId: this.#streamId, id: this.#id }, scorer, this.#giveUp.signal);
    const { state, failure } = this.#outcome(end);
    const record = await this.#states.tell(state, { failure });
    clearTimeout(timer);
    return record;
  }

  /** Opens the source once, and scores its frames until it ends. */
  async #attempt(scorer: Scorer): Promise<void> {
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    const stopping = this.#stopping.signal;
    stopping.addEventListener('abort', abort, { once: true });
    if (stopping.aborted) abort();
    try {
      const opened = await this.#source.open(attempt.signal, abort);
      const onFirst = (frame: FrameSize) => this.#works(frame);
      await scoreFrames({ scorer, clock: this.#clock, outbox: this.#outbox, stopping, onFirst }, opened);
    } finally {
      stopping.removeEventListener('abort', abort);
      abort();
    }
  }

  #works({ width, height }: FrameSize): void {
    this.#backoff.works();
    void this.#states.tell('RUNNING', this.#sized ? {} : { frame: { width, height } });
    this.#sized = true;
  }

  #lost(error: unknown, wait: number): void {
    const sentence = error === null ? 'The source ended; waiting for it to come back.' : sentenceOf(error);
    this.#deps.log.warn({ session: this.#id, wait, err: error }, 'source lost, opening it again');
    void this.#states.tell('RECONNECTING', { failure: sentence });
    this.#source.lost();
    this.#clock.reopened();
  }

  #outcome(end: End): Outcome {
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
