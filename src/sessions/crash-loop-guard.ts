/**
 * A session that crashed its server is not started again and again: crashes are counted for each stream that ran, and
 * forgotten once it ran well. See decision 0036.
 *
 * 1. After a first crash all start again, together.
 * 2. After a second in a row they are suspects, and start in four groups, one after another: the next crash leaves those
 *    of one group with the most crashes, which are split again, until one stream is alone with them.
 * 3. That one is not started again, and the others are no suspects any more.
 */
import type { Log } from '../domain/log.ts';
import type { SessionRecord, StreamRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { mapConcurrently } from '../threads/map-concurrently.ts';
import type { Publisher, SessionRepository, StreamRepository } from './ports.ts';
import { DEFAULT_TIMEOUTS, type SessionTimeouts } from './session-timeouts.ts';

export interface CrashLoopGuardDeps {
  streams: Pick<StreamRepository, 'countCrash' | 'crashesOf' | 'forgetCrashes' | 'setShouldRun'>;
  sessions: Pick<SessionRepository, 'setState'>;
  publisher: Pick<Publisher, 'status'>;
  log: Log;
  limits?: Partial<SessionTimeouts>;
}

/** A stream that should run, with its session that the crash cut off; without one, it did not run at the crash. */
export interface Restored {
  stream: StreamRecord;
  cutOff: SessionRecord | undefined;
}

/** Which streams may start at boot. */
export interface Verdict {
  /** At once. */
  together: StreamRecord[];
  /** On trial: each group once all that started before has run for a while, or has ended. */
  inTurn: StreamRecord[][];
}

/** Crashes in a row after which streams start in turn, and after which one of them may be told to be the cause. */
const SUSPECT_AFTER = 2;
const GUILTY_AFTER = 3;
/** Three minutes until all of them run; and of 200 streams, four crashes until one is alone. */
const GROUPS = 4;

/** Streams whose crashes are counted at a time. */
const AT_ONCE = 8;

type Counted = Restored & { crashes: number };

export class CrashLoopGuard {
  readonly #deps: CrashLoopGuardDeps;
  readonly #stableMs: number;
  /** By stream, the last session that was cut off and counted: what is judged again, after a failure, is counted once. */
  readonly #counted = new Map<string, string>();

  constructor(deps: CrashLoopGuardDeps) {
    this.#deps = deps;
    this.#stableMs = deps.limits?.stableMs ?? DEFAULT_TIMEOUTS.stableMs;
  }

  /**
   * Crashes are counted in the store before anything starts, so that the count outlives whatever the start does.
   * @param restored in the order of registration
   */
  async judge(restored: readonly Restored[]): Promise<Verdict> {
    const counted = await mapConcurrently(
      restored,
      AT_ONCE,
      async (one): Promise<Counted> => ({ ...one, crashes: await this.#count(one) }),
    );
    const guilty = findGuilty(counted);
    if (guilty !== null) return { together: await this.#exclude(guilty, counted), inTurn: [] };
    const suspects = counted.filter(({ crashes }) => crashes >= SUSPECT_AFTER);
    if (suspects.length > 1)
      for (const { stream, cutOff } of suspects)
        await this.#unlessRemoved(stream, () => this.#tellWaiting(cutOff));
    return {
      together: counted.filter((one) => !suspects.includes(one)).map(({ stream }) => stream),
      inTurn: trialGroups(suspects),
    };
  }

  /**
   * It has started: its crashes are forgotten once it has run for a while, and the server is still here.
   * @returns to be called once it has ended: then, too
   */
  watch(streamId: string): () => Promise<void> {
    let forgetting: Promise<void> | null = null;
    const forget = () => {
      forgetting ??= this.#forget(streamId);
      return forgetting;
    };
    const timer = setTimeout(forget, this.#stableMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
      return forget();
    };
  }

  async #count({ stream: { id }, cutOff }: Restored): Promise<number> {
    const { streams, log } = this.#deps;
    const isNew = cutOff !== undefined && this.#counted.get(id) !== cutOff.id;
    // Before it is known whether it was done: rather none is counted than one twice.
    if (isNew) this.#counted.set(id, cutOff.id);
    try {
      return isNew ? await streams.countCrash(id) : await streams.crashesOf(id);
    } catch (error) {
      // It may have been removed meanwhile.
      log.warn({ err: error, stream: id }, 'could not count a crash');
      return 0;
    }
  }

  async #forget(streamId: string): Promise<void> {
    this.#counted.delete(streamId);
    try {
      await this.#deps.streams.forgetCrashes(streamId);
    } catch (error) {
      this.#deps.log.warn({ err: error, stream: streamId }, 'could not note that a stream runs well');
    }
  }

  /** The API listens already: whoever removes a stream meanwhile must not end the start of the server. */
  async #unlessRemoved({ id }: StreamRecord, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof MienError && error.code === 'NOT_FOUND')) throw error;
      this.#deps.log.warn({ stream: id }, 'a stream was removed while it was judged');
    }
  }

  async #tellWaiting(cutOff: SessionRecord | undefined): Promise<void> {
    if (!cutOff) return;
    const failure =
      'The server crashed twice in a row soon after its start; its streams are started in groups, one after another, to find out which one it is.';
    const { sessions, publisher } = this.#deps;
    publisher.status(cutOff.streamId, await sessions.setState(cutOff.id, 'INTERRUPTED', { failure }));
  }

  /** @returns the others, which are no suspects any more */
  async #exclude(guilty: Counted, counted: Counted[]): Promise<StreamRecord[]> {
    await this.#unlessRemoved(guilty.stream, () => this.#giveUp(guilty));
    const others = counted.filter((one) => one !== guilty).map(({ stream }) => stream);
    for (const { id } of others) await this.#forget(id);
    return others;
  }

  async #giveUp({ stream: { id }, cutOff, crashes }: Counted): Promise<void> {
    const { streams, sessions, publisher, log } = this.#deps;
    const failure = `The server crashed ${crashes} times in a row soon after this stream had started, so it was not started again; find out why, then start it.`;
    await streams.setShouldRun(id, false);
    await streams.forgetCrashes(id);
    if (cutOff) publisher.status(id, await sessions.setState(cutOff.id, 'INTERRUPTED', { failure }));
    log.error(
      { stream: id, session: cutOff?.id, crashes },
      'a stream is not started again, because the server crashed each time soon after it started',
    );
  }
}

/** The one that was alone on trial at the crash. */
function findGuilty(counted: readonly Counted[]): Counted | null {
  const most = Math.max(0, ...counted.map(({ crashes }) => crashes));
  const [first, ...others] = counted.filter(({ crashes }) => crashes === most);
  return first?.cutOff && most >= GUILTY_AFTER && others.length === 0 ? first : null;
}

/**
 * Those with the most crashes were on trial at the last one, and are split. All others come behind them, in one group: they
 * did not run then.
 */
function trialGroups(suspects: readonly Counted[]): StreamRecord[][] {
  const most = Math.max(...suspects.map(({ crashes }) => crashes));
  // What was registered last is the likeliest to be new to this server.
  const newestFirst = suspects.toReversed();
  const streamsOf = (chosen: Counted[]) => chosen.map(({ stream }) => stream);
  const tried = streamsOf(newestFirst.filter(({ crashes }) => crashes === most));
  const waited = streamsOf(newestFirst.filter(({ crashes }) => crashes < most));
  const size = Math.ceil(tried.length / GROUPS);
  const groups = Array.from({ length: GROUPS }, (_, index) => tried.slice(index * size, (index + 1) * size));
  return [...groups, waited].filter((group) => group.length > 0);
}
