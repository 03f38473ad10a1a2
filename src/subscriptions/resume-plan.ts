/** Where a subscription to a session or a stream begins: which sessions it reads from the store first, each from which moment on. */
import type { Tags } from '../domain/access.ts';
import type { Scope } from '../domain/live-event.ts';
import { isLive, type SessionRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import { type Cursor, decodeCursor } from './cursor.ts';
import { CLOCK_SKEW_MS, type Offset, Offsets } from './offsets.ts';
import type { MomentHistory, SubscriptionDeps } from './ports.ts';
import { lastTaken, type Thinning } from './sent-before.ts';

export interface Shown {
  /** What a stream must be tagged with, all of it, to be there; none given: all streams are. */
  tags?: Tags | undefined;
}

export interface MomentsRequest extends Scope, Shown, Thinning {
  /** Cursor to resume from; without it, begin with the next moment. */
  after?: string | undefined;
}

type PlanDeps = Pick<SubscriptionDeps, 'sessions' | 'streams' | 'history' | 'now'>;

export interface Backlog {
  offset: Offset;
  /** It takes no more moments: once read, it is done with. */
  over: boolean;
}

export interface ResumePlan {
  offsets: Offsets;
  /** Sessions to read from the store before going live, in the order of their start. */
  backlog: Backlog[];
  /** The session asked for takes no more moments: nothing follows the backlog. */
  over: boolean;
}

/** Sessions behind a cursor that one subscription reads at most: each costs statements before its first moment. */
const MAX_SESSIONS = 1000;

const START_ANEW = 'Subscribe without `after`, and read what you missed from `Session.timeline`.';

/**
 * Call it after listening to the bus, so that nothing falls between.
 * @throws MienError NOT_FOUND, BAD_INPUT, CURSOR_INVALID, CURSOR_EXPIRED
 */
export async function planResume(deps: PlanDeps, request: MomentsRequest): Promise<ResumePlan> {
  const { after } = request;
  const cursor = after === undefined ? null : decodeCursor(after);
  const session = await checkScope(deps, request);
  const over = session !== null && !isLive(session);
  if (cursor === null) return { offsets: await committedUntilNow(deps, request), backlog: [], over };
  const offsets = new Offsets(0);
  const backlog = await backlogOf(deps, request, cursor, offsets);
  for (const { offset } of backlog) {
    await checkNotDeleted(deps.history, offset);
    await recallTaken(deps.history, offset, request);
  }
  return { offsets, backlog, over };
}

/** @returns the session asked for @throws MienError NOT_FOUND, BAD_INPUT */
export async function checkScope(
  deps: Pick<PlanDeps, 'streams' | 'sessions'>,
  { streamId, sessionId }: Scope,
): Promise<SessionRecord | null> {
  if (streamId !== undefined && (await deps.streams.get(streamId)) === null) {
    throw new MienError('NOT_FOUND', `There is no stream ${streamId}.`);
  }
  if (sessionId === undefined) return null;
  const session = await deps.sessions.get(sessionId);
  if (session === null) throw new MienError('NOT_FOUND', `There is no session ${sessionId}.`);
  if (streamId !== undefined && session.streamId !== streamId) {
    throw new MienError(
      'BAD_INPUT',
      `Session ${sessionId} is not one of stream ${streamId}; name one of them only.`,
    );
  }
  return session;
}

/** Begin with the next moment: all that was committed so far is dealt with. */
export async function committedUntilNow(deps: PlanDeps, request: Scope & Thinning): Promise<Offsets> {
  const { streamId, sessionId } = request;
  const since = deps.now() - CLOCK_SKEW_MS;
  const recent = await deps.sessions.startedSince(new Date(since), { streamId });
  const live = await deps.sessions.live(streamId);
  const offsets = new Offsets(since);
  for (const session of [...recent, ...live].filter(({ id }) => id === (sessionId ?? id))) {
    const { newest } = await deps.history.extent(session.id);
    const offset = offsets.add(session.id, newest, session.startedAt);
    offset.over = !isLive(session);
    await recallTaken(deps.history, offset, request);
  }
  return offsets;
}

async function backlogOf(deps: PlanDeps, scope: Scope, cursor: Cursor, offsets: Offsets): Promise<Backlog[]> {
  if (cursor.kind !== 'session' && cursor.kind !== 'stream') throw cursorOfOtherScope();
  const found =
    cursor.kind === 'stream'
      ? await allSessions(deps, scope, cursor)
      : await sessionsOfOne(deps, scope, cursor, offsets);
  return found.map(({ session, seq }) => ({
    offset: offsets.add(session.id, seq, session.startedAt),
    over: !isLive(session),
  }));
}

type ResumedSessions = { session: SessionRecord; seq: number }[];

/** The session of the cursor, and those of its stream that followed, unless only the session was asked for. Those before it are dealt with. */
async function sessionsOfOne(
  deps: PlanDeps,
  scope: Scope,
  cursor: Cursor & { kind: 'session' },
  offsets: Offsets,
): Promise<ResumedSessions> {
  const session = await deps.sessions.get(cursor.sessionId);
  if (scope.sessionId !== undefined && scope.sessionId !== cursor.sessionId) throw cursorOfOtherScope();
  if (session === null) {
    throw new MienError('CURSOR_EXPIRED', `The session of this cursor is no longer stored. ${START_ANEW}`);
  }
  if (scope.streamId !== undefined && scope.streamId !== session.streamId) throw cursorOfOtherScope();
  const start = { session, seq: cursor.seq };
  if (scope.sessionId !== undefined) return [start];
  const beside = await startedBeside(deps, session);
  const later = await deps.sessions.followersOf(session.id, MAX_SESSIONS + 1);
  assertFewSessions(later);
  const isToCome = new Set([session, ...later].map(({ id }) => id));
  for (const { id, startedAt } of beside.filter(({ id }) => !isToCome.has(id)))
    offsets.add(id, Number.POSITIVE_INFINITY, startedAt).over = true;
  return [start, ...later.map((next) => ({ session: next, seq: -1 }))];
}

/** Sessions of its stream that began so shortly before it that what is heard of them, which is late, does not tell that they came before it. */
async function startedBeside(
  { sessions }: PlanDeps,
  { streamId, startedAt }: SessionRecord,
): Promise<SessionRecord[]> {
  const since = new Date(startedAt.getTime() - CLOCK_SKEW_MS);
  const found = await sessions.startedSince(since, { streamId, limit: MAX_SESSIONS });
  return found.filter((session) => session.startedAt <= startedAt);
}

async function allSessions(
  deps: PlanDeps,
  scope: Scope,
  { streamId }: Cursor & { kind: 'stream' },
): Promise<ResumedSessions> {
  if (scope.streamId !== streamId || scope.sessionId !== undefined) throw cursorOfOtherScope();
  const sessions = await deps.sessions.startedSince(new Date(0), { streamId, limit: MAX_SESSIONS + 1 });
  assertFewSessions(sessions);
  return sessions.map((session) => ({ session, seq: -1 }));
}

function assertFewSessions(behindCursor: readonly SessionRecord[]): void {
  if (behindCursor.length <= MAX_SESSIONS) return;
  throw new MienError(
    'CURSOR_EXPIRED',
    `More than ${MAX_SESSIONS} sessions began since this cursor. ${START_ANEW}`,
  );
}

async function checkNotDeleted(history: MomentHistory, { sessionId, seen }: Offset): Promise<void> {
  const { oldest, newest } = await history.extent(sessionId);
  if (seen > newest) {
    throw new MienError(
      'CURSOR_INVALID',
      'This cursor points past the last moment of its session. Leave `after` out to begin now.',
    );
  }
  if (seen < newest && (oldest === null || oldest > seen + 1)) {
    throw new MienError(
      'CURSOR_EXPIRED',
      `Moments that follow this cursor were deleted, being older than the retention. ${START_ANEW}`,
    );
  }
}

/** Of which stretch of `every` a moment was there already. */
async function recallTaken(history: MomentHistory, offset: Offset, request: Thinning): Promise<void> {
  offset.takenMediaTime = await lastTaken(history, offset.sessionId, offset.seen + 1, request);
}

function cursorOfOtherScope(): MienError {
  return new MienError(
    'CURSOR_INVALID',
    'This cursor belongs to another stream or session, or to all streams. Use one received from what is asked for.',
  );
}
