/** Which streams should run is restored at boot. */
import type { Log } from '../domain/log.ts';
import type { SessionRecord, StreamRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { createBackoff } from '../threads/backoff.ts';
import { settledWithin } from '../threads/settled-within.ts';
import { sleep } from '../threads/sleep.ts';
import type { CrashLoopGuard } from './crash-loop-guard.ts';
import { finishTimeline } from './finish-timeline.ts';
import type { MomentSink, Publisher, SessionRepository, StreamRepository } from './ports.ts';
import { DEFAULT_LIMITS, type SessionLimits } from './session-limits.ts';
import { isStoreAway } from './store-away.ts';

export interface RestoreDeps {
  streams: Pick<StreamRepository, 'thatShouldRun'>;
  sessions: Pick<SessionRepository, 'live' | 'interruptLive' | 'openEpisodes'>;
  sink: MomentSink;
  publisher: Publisher;
  guard: CrashLoopGuard;
  limits?: Partial<SessionLimits>;
  /** Starts it, unless it runs, or should not run any more. @returns its end */
  start(id: string): Promise<{ ended: Promise<unknown> } | null>;
  stopping: AbortSignal;
  log: Log;
}

/** The pauses grow to so many times the first. */
const LONGEST = 30;

/**
 * Sessions that a crash left become INTERRUPTED, and streams that should run start new ones.
 * @param noted sessions that were live before anyone could start one; null: those that are live now
 * @returns what resolves once the groups that start one after another have started, or `stopping` aborts
 */
export async function restoreStreams(
  deps: RestoreDeps,
  noted: SessionRecord[] | null,
): Promise<{ allStarted: Promise<void> }> {
  const { streams, sessions, guard } = deps;
  const interrupted = await interrupt(deps, noted ?? (await sessions.live()));
  const wanted = await streams.thatShouldRun();
  const { together, inTurn } = await guard.judge(
    wanted.map((stream) => ({ stream, cutOff: interrupted.find(({ streamId }) => streamId === stream.id) })),
  );
  // Suspects wait for those that are none, so that a crash of these is not taken for theirs.
  const [first = [], ...rest] = together.length > 0 ? [together, ...inTurn] : inTurn;
  return { allStarted: startInTurn(deps, await startGroup(deps, first), rest) };
}

/** What was told to have begun is told to have ended, before the session is. */
async function interrupt(deps: RestoreDeps, leftovers: readonly SessionRecord[]): Promise<SessionRecord[]> {
  const { sessions, publisher, stopping, limits } = deps;
  const ids = leftovers.map(({ id }) => id);
  const open = await sessions.openEpisodes(ids);
  const waits = { retryMs: { ...DEFAULT_LIMITS, ...limits }.storeRetryMs, giveUp: stopping };
  for (const session of leftovers) {
    const ended = open.filter(({ sessionId }) => sessionId === session.id);
    const events = ended.map((episode) => ({ kind: 'OFFSET', episode }) as const);
    await finishTimeline({ ...deps, ...waits }, session, { events, dropped: {}, end: null });
  }
  const interrupted = await sessions.interruptLive(ids, 'The server ended without stopping this session.');
  for (const session of interrupted) publisher.status(session.streamId, session);
  return interrupted;
}

type Started = Awaited<ReturnType<RestoreDeps['start']>>;

/** Each group starts when all that started before it have run for a while, or have ended. */
async function startInTurn(deps: RestoreDeps, running: Started[], groups: StreamRecord[][]): Promise<void> {
  const { stableMs } = { ...DEFAULT_LIMITS, ...deps.limits };
  let before = running;
  for (const group of groups) {
    const ends = before.flatMap((one) => (one === null ? [] : [one.ended]));
    await settledWithin(Promise.all(ends), stableMs, deps.stopping);
    before = await startGroup(deps, group);
  }
}

async function startGroup(deps: RestoreDeps, group: readonly StreamRecord[]): Promise<Started[]> {
  const started: Started[] = [];
  for (const { id } of group) if (!deps.stopping.aborted) started.push(await tryStart(deps, id));
  return started;
}

/**
 * One that cannot be started now is tried again, while others start; it ends when its session does.
 * @returns the end of its session, in a box, because a promise of a promise waits for both
 */
async function tryStart(deps: RestoreDeps, id: string): Promise<Started> {
  try {
    return await deps.start(id);
  } catch (error) {
    deps.log.error({ err: error, stream: id }, 'could not start a stream again');
    return isFinal(error) ? null : { ended: startLater(deps, id) };
  }
}

/** @returns the end of the session that it has at last */
async function startLater(deps: RestoreDeps, id: string): Promise<unknown> {
  const { start, stopping, log } = deps;
  const { reopenMs } = { ...DEFAULT_LIMITS, ...deps.limits };
  const backoff = createBackoff({ shortest: reopenMs, longest: LONGEST * reopenMs });
  for (;;) {
    await sleep(backoff.next(), stopping);
    if (stopping.aborted) return undefined;
    try {
      return (await start(id))?.ended;
    } catch (error) {
      log.warn({ err: error, stream: id }, 'could not start a stream again');
      if (isFinal(error)) return undefined;
    }
  }
}

/** What is told on purpose stays true, but for a database that is away; what the database says itself may pass. */
function isFinal(error: unknown): boolean {
  return error instanceof MienError && !isStoreAway(error);
}
