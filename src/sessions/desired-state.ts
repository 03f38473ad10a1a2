/** What should run does: at boot, and whenever another server is gone. */
import type { SourceInput } from '../domain/frame.ts';
import type { Log } from '../domain/log.ts';
import type { SessionRecord, StreamRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { createBackoff } from '../threads/backoff.ts';
import { mapConcurrently } from '../threads/map-concurrently.ts';
import { settledWithin } from '../threads/settled-within.ts';
import { sleep } from '../threads/sleep.ts';
import { unlessAborted } from '../threads/unless-aborted.ts';
import type { CrashLoopGuard } from './crash-loop-guard.ts';
import { ofShare } from './fair-share.ts';
import { interruptLeft, whyLeft } from './interrupt-left.ts';
import type { MomentSink, Publisher, SessionRepository, StreamRepository } from './ports.ts';
import type { RunningEntry } from './running-session.ts';
import type { RunningSessions } from './running-sessions.ts';
import { DEFAULT_TIMEOUTS, type SessionTimeouts } from './session-timeouts.ts';
import { isStoreUnavailable } from './store-unavailable.ts';

export interface RestoreDeps {
  streams: Pick<StreamRepository, 'thatShouldRun' | 'hold' | 'share'>;
  sessions: Pick<SessionRepository, 'adopt' | 'unwanted' | 'interruptLive' | 'openEpisodes'>;
  sink: MomentSink;
  publisher: Publisher;
  guard: CrashLoopGuard;
  limits?: Partial<SessionTimeouts>;
  /** Starts it, unless it runs, or should not run any more. @returns its end */
  start(id: string): Promise<{ ended: Promise<unknown> } | null>;
  stopping: AbortSignal;
  /** Whether what is read of a file can be read here; without it, it can. */
  isHere?: (source: SourceInput) => Promise<boolean>;
  /** Sources that this server never opens by itself: others do. */
  leaves?: (source: SourceInput) => boolean;
  /** Those that run here, by stream. */
  running: ReadonlyMap<string, Pick<RunningEntry, 'session'>>;
  /** Streams that are about to be started here, or wait for that. */
  waiting: Set<string>;
  /** How often streams were left to other servers, which did not start them. */
  deferred: Map<string, number>;
  log: Log;
}

interface DesiredStateDeps extends Omit<RestoreDeps, 'waiting' | 'deferred'> {
  running: RunningSessions;
}

/** Streams whose sessions are begun at a time: each waits several times for the database. */
const AT_ONCE = 8;
/** The pauses grow to so many times the first. */
const LONGEST = 30;

/** Looks, one look after the other, what has been left and what should run. */
export class DesiredState {
  readonly #deps: DesiredStateDeps & RestoreDeps;
  /** Sessions of this server that it does not run, and are still to be ended. */
  #left: SessionRecord[] | null = null;
  /** Until it was restored once, nothing is started. */
  #isRestored = false;
  #looking: Promise<void> | null = null;
  /** What starts in groups, one after another. */
  #starting: Promise<unknown> = Promise.resolve();

  constructor(deps: DesiredStateDeps) {
    this.#deps = { ...deps, waiting: new Set(), deferred: new Map() };
  }

  /** Once, at boot, before anyone may start a stream: sessions that a crash left. */
  async note(): Promise<void> {
    this.#left = await this.#findLeft();
  }

  /**
   * Once at boot, and whenever somebody is gone: sessions that were noted, or are found now, become INTERRUPTED; streams that
   * should run start a new session, unless that crashes the server. Suspects of a crash start in groups, one after another, also
   * after this has resolved.
   */
  async restore(): Promise<void> {
    this.#left ??= await this.#findLeft();
    const { allStarted } = await restoreStreams(this.#deps, this.#left);
    this.#left = null;
    this.#starting = Promise.all([this.#starting, allStarted]);
    this.#isRestored = true;
  }

  /** Taken over, or begun by an answer that was lost. */
  #findLeft(): Promise<SessionRecord[]> {
    const { sessions, running } = this.#deps;
    return running.compare(() => sessions.adopt());
  }

  /** Unless it does already, or was not restored yet. */
  lookAround(): void {
    if (this.#deps.stopping.aborted || !this.#isRestored) return;
    this.#looking ??= this.#lookUntilDone().finally(() => {
      this.#looking = null;
    });
  }

  /**
   * What was taken over is ended, however long the store is away. A look that gets no answer is left to itself: the network may
   * have forgotten its connection, which is found out minutes later. Two at once do no harm: each does what it finds undone.
   */
  async #lookUntilDone(): Promise<void> {
    const { stopping, log, limits } = this.#deps;
    const { reopenMs, lookMs } = { ...DEFAULT_TIMEOUTS, ...limits };
    while (!stopping.aborted) {
      try {
        return await unlessAborted(AbortSignal.timeout(lookMs), () => this.#look());
      } catch (error) {
        log.warn({ err: error }, 'could not look which streams should run; it is tried again');
        await sleep(reopenMs, stopping);
      }
    }
  }

  /** What was stopped at another server is stopped here, where it runs. */
  async #look(): Promise<void> {
    const { sessions, running } = this.#deps;
    running.stop(await sessions.unwanted());
    await this.restore();
  }

  /** Nothing is started any more. To be called when `stopping` has aborted. */
  async settled(): Promise<void> {
    await this.#looking;
    await this.#starting;
  }
}

/**
 * Sessions that a crash left become INTERRUPTED, and streams that should run start new ones.
 * @param left sessions of this server that it does not run
 * @returns what resolves once the groups that start one after another have started, or `stopping` aborts
 */
export async function restoreStreams(
  deps: RestoreDeps,
  left: readonly SessionRecord[],
): Promise<{ allStarted: Promise<void> }> {
  const { streams, guard, waiting, leaves = () => false } = deps;
  const interrupted = left.length === 0 ? [] : await interruptLeft(deps, left, await whyLeft(streams));
  const wanted = (await streams.thatShouldRun()).filter(
    ({ id, source }) => !waiting.has(id) && !leaves(source),
  );
  if (wanted.length === 0) return { allStarted: Promise.resolve() };
  const { together: sound, inTurn } = await guard.judge(
    wanted.map((stream) => ({ stream, cutOff: interrupted.find(({ streamId }) => streamId === stream.id) })),
  );
  // Who judges suspects tries them, too; all others are shared out.
  await streams.hold(inTurn.flat().map(({ id }) => id));
  const together = await ofShare(deps, sound);
  for (const { id } of [together, ...inTurn].flat()) waiting.add(id);
  // Suspects wait for those that are none, so that a crash of these is not taken for theirs.
  const [first = [], ...rest] = together.length > 0 ? [together, ...inTurn] : inTurn;
  return { allStarted: startInTurn(deps, await startGroup(deps, first), rest) };
}

type Started = Awaited<ReturnType<RestoreDeps['start']>>;

/** Each group starts when all that started before it have run for a while, or have ended. */
async function startInTurn(deps: RestoreDeps, running: Started[], groups: StreamRecord[][]): Promise<void> {
  const { stableMs } = { ...DEFAULT_TIMEOUTS, ...deps.limits };
  let before = running;
  for (const group of groups) {
    const ends = before.flatMap((one) => (one === null ? [] : [one.ended]));
    await settledWithin(Promise.all(ends), stableMs, deps.stopping);
    before = await startGroup(deps, group);
  }
}

function startGroup(deps: RestoreDeps, group: readonly StreamRecord[]): Promise<Started[]> {
  return mapConcurrently(group, AT_ONCE, async ({ id }) =>
    deps.stopping.aborted ? null : tryStart(deps, id),
  );
}

/**
 * One that cannot be started now is tried again, while others start; it ends when its session does.
 * @returns the end of its session, in a box, because a promise of a promise waits for both
 */
async function tryStart(deps: RestoreDeps, id: string): Promise<Started> {
  let later: Promise<unknown> | null = null;
  try {
    return await deps.start(id);
  } catch (error) {
    // Another server was faster, or it was stopped.
    if (error instanceof MienError && error.code === 'CONFLICT') return null;
    deps.log.error({ err: error, stream: id }, 'could not start a stream again');
    if (isFinal(error)) return null;
    later = startLater(deps, id);
    return { ended: later };
  } finally {
    if (later === null) deps.waiting.delete(id);
  }
}

/** @returns the end of the session that it has at last */
async function startLater(deps: RestoreDeps, id: string): Promise<unknown> {
  const { start, stopping, waiting, log } = deps;
  const { reopenMs } = { ...DEFAULT_TIMEOUTS, ...deps.limits };
  const backoff = createBackoff({ shortest: reopenMs, longest: LONGEST * reopenMs });
  for (;;) {
    await sleep(backoff.next(), stopping);
    if (stopping.aborted) return undefined;
    try {
      const started = await start(id);
      waiting.delete(id);
      return started?.ended;
    } catch (error) {
      log.warn({ err: error, stream: id }, 'could not start a stream again');
      if (!isFinal(error)) continue;
      waiting.delete(id);
      return undefined;
    }
  }
}

/** What is told on purpose stays true, but for a database that is away; what the database says itself may pass. */
function isFinal(error: unknown): boolean {
  return error instanceof MienError && !isStoreUnavailable(error);
}
