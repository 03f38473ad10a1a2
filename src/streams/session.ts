/**
 * One run of a stream. The supervisor's loop (open the source, wait, open it again) is kept apart from the work
 * (score its frames); the session is one timeline through all of it.
 */
import type { Frame, SourceInfo } from '../domain/frame.ts';
import type { SessionState } from '../domain/moment.ts';
import { MienError } from '../errors.ts';
import { createBackoff } from './backoff.ts';
import { createMediaClock } from './media-clock.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { pause } from './pause.ts';
import type {
  Decode,
  Log,
  Meter,
  MomentSink,
  OpenAnalyser,
  OpenTimeline,
  Probe,
  Publisher,
  SessionBook,
  SessionRecord,
  StreamRecord,
} from './ports.ts';
import { readAhead, watchFrames } from './read.ts';
import { createScorer, type Scorer } from './scorer.ts';
import { createStateTeller } from './states.ts';

export interface SessionDeps {
  probe: Probe;
  decode: Decode;
  openAnalyser: OpenAnalyser;
  openTimeline: OpenTimeline;
  sink: MomentSink;
  sessions: Pick<SessionBook, 'setState'>;
  publisher: Publisher;
  log: Log;
  meter?: Meter;
  /** Rounds a moment to what the store keeps of it, before it is stored or seen. */
  storable?: ScorerStorable;
  pace?: Partial<Pace>;
}
type ScorerStorable = NonNullable<Parameters<typeof createScorer>[0]['storable']>;

/** Milliseconds, and how many moments may be on their way to the store. */
export interface Pace {
  stall: number;
  /** First wait before a live source is opened again; doubles to thirty times this. */
  backoff: number;
  storeRetry: number;
  /** Longest wait for the store when the session ends. */
  drain: number;
  inFlight: number;
}
export const PACE: Pace = { stall: 20_000, backoff: 1000, storeRetry: 250, drain: 8000, inFlight: 256 };

export interface RunningSession {
  readonly id: string;
  /** Whether its source is done; what remains is to store and close. */
  readonly ending: boolean;
  /** Stops the source, stores and publishes what was scored, and ends. Harmless when it ends already. */
  stop(state: 'ENDED' | 'INTERRUPTED', reason?: string): Promise<SessionRecord>;
  /** The session as it ended; never rejects. */
  readonly done: Promise<SessionRecord>;
}

type Outcome = { state: SessionState; failure: string | null };

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

class Run {
  ending = false;
  readonly #deps: SessionDeps;
  readonly #pace: Pace;
  readonly #stream: StreamRecord;
  readonly #session: SessionRecord;
  readonly #stopping = new AbortController();
  readonly #giveUp = new AbortController();
  readonly #clock = createMediaClock();
  readonly #backoff: ReturnType<typeof createBackoff>;
  readonly #states: ReturnType<typeof createStateTeller>;
  readonly #outbox: Outbox;
  #info: SourceInfo | null;
  /** Whether it can be opened again later; until it was probed, its name must do. */
  #live: boolean;
  #stopAs: Outcome = { state: 'ENDED', failure: null };

  constructor(deps: SessionDeps, stream: StreamRecord, session: SessionRecord, info: SourceInfo | null) {
    this.#deps = deps;
    this.#pace = { ...PACE, ...deps.pace };
    this.#stream = stream;
    this.#session = session;
    this.#info = info;
    this.#live = info?.live ?? (stream.source.type === 'url' || stream.source.type === 'device');
    this.#backoff = createBackoff(() => performance.now(), this.#pace.backoff);
    const waits = { retryMs: this.#pace.storeRetry, giveUp: this.#giveUp.signal };
    this.#states = createStateTeller(session, {
      ...waits,
      sessions: deps.sessions,
      log: deps.log,
      publish: (record) => deps.publisher.status(stream.id, record),
    });
    this.#outbox = createOutbox({
      ...waits,
      sink: deps.sink,
      limit: this.#pace.inFlight,
      publish: (moment, events) => {
        deps.publisher.moment(stream.id, moment);
        for (const event of events) deps.publisher.episode(stream.id, event);
      },
    });
  }

  stop(as: Outcome): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopAs = as;
    this.#stopping.abort();
  }

  async conduct(): Promise<SessionRecord> {
    const { openAnalyser, openTimeline, storable, meter, log } = this.#deps;
    const analyser = openAnalyser(this.#session.id);
    const scorer = createScorer({ analyser, timeline: openTimeline(this.#session.id), storable, meter });
    const outcome = await this.#supervise(scorer).catch((error) => this.#failed(error));
    this.ending = true;
    const timer = setTimeout(() => this.#giveUp.abort(), this.#pace.drain);
    await analyser.close().catch((error) => log.error({ err: error }, 'could not close an analyser'));
    const left = await this.#outbox.settled();
    if (left > 0) log.error({ session: this.#session.id, moments: left }, 'moments were not stored');
    await this.#finish(scorer);
    const { state, failure } = this.#outbox.failure === null ? outcome : this.#failed(this.#outbox.failure);
    const record = await this.#states.tell(state, failure);
    clearTimeout(timer);
    return record;
  }

  /** Opens the source as often as it takes. Resolves to how the session ends. */
  async #supervise(scorer: Scorer): Promise<Outcome> {
    for (;;) {
      const error = await this.#attempt(scorer).then(
        () => null,
        (reason: unknown) => reason,
      );
      if (this.#stopping.signal.aborted) return this.#stopAs;
      if (error === null && !this.#live) return { state: 'ENDED', failure: null };
      if (error !== null && !this.#canRetry(error)) return this.#failed(error);
      const sentence = error === null ? 'The source ended; waiting for it to come back.' : sentenceOf(error);
      void this.#states.tell('RECONNECTING', sentence);
      const wait = this.#backoff.crashed();
      this.#deps.log.warn({ session: this.#session.id, wait, err: error }, 'source lost, opening it again');
      await pause(wait, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return this.#stopAs;
      this.#info = null;
      this.#clock.reopened();
    }
  }

  /** Opens the source once, and scores its frames until it ends. */
  async #attempt(scorer: Scorer): Promise<void> {
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    const stopping = this.#stopping.signal;
    stopping.addEventListener('abort', abort, { once: true });
    if (stopping.aborted) abort();
    try {
      this.#info ??= await this.#deps.probe(this.#stream.source, attempt.signal);
      this.#live = this.#info.live;
      const { source, frameRate, loop } = this.#stream;
      const realtime = this.#live || (this.#stream.realtime ?? false);
      const options = { frameRate, realtime, loop: loop && !this.#live, signal: attempt.signal };
      const frames = this.#deps.decode(source, this.#info, options);
      const watched = this.#live
        ? watchFrames(frames, { stallMs: this.#pace.stall, abort })
        : realtime
          ? frames
          : readAhead(frames);
      await this.#work(scorer, watched, realtime);
    } finally {
      stopping.removeEventListener('abort', abort);
      abort();
    }
  }

  async #work(scorer: Scorer, frames: AsyncIterable<Frame>, realtime: boolean): Promise<void> {
    let first = true;
    for await (const frame of frames) {
      if (this.#stopping.signal.aborted) return;
      if (first) {
        first = false;
        this.#backoff.works();
        void this.#states.tell('RUNNING');
      }
      if (!this.#outbox.open && !realtime) await Promise.race([this.#outbox.room(), this.#stopped()]);
      if (this.#stopping.signal.aborted) return;
      if (this.#outbox.failure !== null) throw this.#outbox.failure;
      if (!this.#outbox.open) {
        scorer.drop(frame, { store: 1 });
        continue;
      }
      const scored = await scorer.score(frame, this.#clock.at(frame.mediaTime, frame.wallTime));
      if (scored) this.#outbox.push(scored.moment, scored.events);
    }
  }

  /** What closes the timeline: told once it is stored. */
  async #finish(scorer: Scorer): Promise<void> {
    const { events, dropped } = scorer.finish();
    if (events.length === 0 && Object.keys(dropped).length === 0) return;
    try {
      await this.#deps.sink.finish?.(this.#session.id, events, dropped);
      for (const event of events) this.#deps.publisher.episode(this.#stream.id, event);
    } catch (error) {
      this.#deps.log.error(
        { err: error, session: this.#session.id },
        'could not store the end of a timeline',
      );
    }
  }

  #stopped(): Promise<void> {
    const { signal } = this.#stopping;
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #canRetry(error: unknown): boolean {
    const codes = ['SOURCE_UNREACHABLE', 'SOURCE_FAILED'];
    return this.#live && error instanceof MienError && codes.includes(error.code);
  }

  #failed(error: unknown): Outcome {
    this.#deps.log.error({ err: error, session: this.#session.id }, 'session failed');
    return { state: 'FAILED', failure: sentenceOf(error) };
  }
}

/** What may be shown of an error: deliberate ones speak for themselves. */
function sentenceOf(error: unknown): string {
  return error instanceof MienError
    ? error.message
    : 'Something went wrong inside mien; its log has the details.';
}
