/** What a request means for what is stored: which sessions, streams and files, in which order they go. */
import type { ErasureRequest, ErasureStep, LiveSession } from '../../domain/erasure.ts';
import { LIVE_STATES } from '../../domain/stream.ts';
import { MienError } from '../../errors.ts';
import type { Prisma } from '../generated/client.ts';
import { dayOf } from '../sql/utc-days.ts';
import { planStretch } from './plan-stretch.ts';

type Transaction = Prisma.TransactionClient;

/** A face may be seen again within so many seconds of media time: see the tracker. */
const TRACK_GONE_SECONDS = 10;

export interface ErasurePlan {
  /** Those that it touches. */
  sessionIds: string[];
  steps: ErasureStep[];
}

/** @throws MienError NOT_FOUND, CONFLICT where a running session cannot be erased like that */
export async function planErasure(tx: Transaction, request: ErasureRequest): Promise<ErasurePlan> {
  const { sessionIds, steps } = await planRows(tx, request);
  const { _min, _max } = await tx.session.aggregate({
    where: { id: { in: sessionIds } },
    _min: { firstDay: true },
    _max: { lastDay: true },
  });
  const [firstDay, lastDay] = [_min.firstDay, _max.lastDay].map((day) => dayOf(day?.getTime() ?? 0));
  return { sessionIds, steps: [...steps, { do: 'FILES', firstDay: firstDay!, lastDay: lastDay! }] };
}

async function planRows(tx: Transaction, request: ErasureRequest): Promise<ErasurePlan> {
  switch (request.type) {
    case 'SESSION':
      return planSession(tx, request);
    case 'TRACK':
      await assertTrackGone(tx, request.sessionId, request.track);
      return {
        sessionIds: [request.sessionId],
        steps: [{ do: 'TRACK', sessionId: request.sessionId, track: request.track }],
      };
    case 'RANGE':
      return planRange(tx, request);
    case 'TAG':
      return planTag(tx, request);
  }
}

async function planSession(
  tx: Transaction,
  { sessionId, keepSource }: ErasureRequest & { type: 'SESSION' },
): Promise<ErasurePlan> {
  const session = await findSession(tx, sessionId);
  if (!keepSource) return planWhole(tx, [session], []);
  return { sessionIds: [sessionId], steps: [{ do: 'SESSION', sessionId }] };
}

/** The sessions that run and go as a whole: they are to be stopped first. */
export async function liveAmongWhole(tx: Transaction, request: ErasureRequest): Promise<LiveSession[]> {
  const sessions =
    request.type === 'SESSION'
      ? [await findSession(tx, request.sessionId)]
      : request.type === 'TAG'
        ? await sessionsTagged(tx, request)
        : [];
  return sessions
    .filter(({ state }) => LIVE_STATES.includes(state))
    .map(({ id, streamId }) => ({ sessionId: id, streamId }));
}

async function findSession(tx: Transaction, id: string) {
  const session = await tx.session.findUnique({ where: { id } });
  if (session === null) throw new MienError('NOT_FOUND', `There is no session ${id}.`);
  return session;
}

async function assertTrackGone(tx: Transaction, sessionId: string, track: number): Promise<void> {
  const session = await findSession(tx, sessionId);
  const found = await tx.track.findUnique({ where: { sessionId_track: { sessionId, track } } });
  if (found === null) throw new MienError('NOT_FOUND', `Session ${sessionId} has no track ${track}.`);
  const isThere = session.mediaEnd === null || session.mediaEnd - found.lastSeen < TRACK_GONE_SECONDS;
  if (!LIVE_STATES.includes(session.state) || !isThere) return;
  throw new MienError(
    'CONFLICT',
    `Track ${track} was in the picture a moment ago, and would be recorded on. Stop the stream first, or wait until the face is gone for ${TRACK_GONE_SECONDS} seconds.`,
  );
}

async function planRange(
  tx: Transaction,
  { sessionId, streamId, clock, from, to }: ErasureRequest & { type: 'RANGE' },
): Promise<ErasurePlan> {
  if (streamId !== null && (await tx.stream.findUnique({ where: { id: streamId } })) === null) {
    throw new MienError('NOT_FOUND', `There is no stream ${streamId}.`);
  }
  const sessions =
    sessionId !== null
      ? [await findSession(tx, sessionId)]
      : await tx.session.findMany({ where: { streamId: streamId! }, orderBy: { ordinal: 'asc' } });
  const steps: ErasureStep[] = [];
  for (const { id } of sessions) steps.push(...(await planStretch(tx, id, { clock, from, to })));
  const sessionIds = [...new Set(steps.flatMap((step) => ('sessionId' in step ? [step.sessionId] : [])))];
  return { sessionIds, steps };
}

type Tag = ErasureRequest & { type: 'TAG' };

async function planTag(tx: Transaction, tag: Tag): Promise<ErasurePlan> {
  const streams = await tx.stream.findMany({ where: { tags: { path: [tag.key], equals: tag.value } } });
  const sessions = await sessionsTagged(tx, tag);
  if (streams.length + sessions.length === 0) {
    throw new MienError('NOT_FOUND', 'No stream and no session has this tag.');
  }
  return planWhole(
    tx,
    sessions,
    streams.map(({ id }) => id),
  );
}

function sessionsTagged(tx: Transaction, { key, value }: Tag) {
  const tags = { path: [key], equals: value };
  return tx.session.findMany({
    where: { OR: [{ tags }, { stream: { tags } }] },
    orderBy: { ordinal: 'asc' },
  });
}

/**
 * Sessions as a whole, and streams with all that is theirs. An upload that no other session has used goes too, with the
 * streams that are of no use without it.
 */
async function planWhole(
  tx: Transaction,
  sessions: readonly { id: string; streamId: string }[],
  streamIds: readonly string[],
): Promise<ErasurePlan> {
  const going = new Set(sessions.map(({ id }) => id));
  const removed = new Set(streamIds);
  const uploads = new Set<string>();
  for (const streamId of new Set([...streamIds, ...sessions.map((session) => session.streamId)])) {
    const token = await uploadOf(tx, streamId);
    if (token === null || uploads.has(token)) continue;
    const users = await tx.stream.findMany({
      where: { source: { path: ['token'], equals: token } },
      select: { id: true, sessions: { select: { id: true } } },
    });
    const isFree = users.every(
      (user) =>
        removed.has(user.id) || (user.sessions.length > 0 && user.sessions.every(({ id }) => going.has(id))),
    );
    if (!isFree) continue;
    uploads.add(token);
    for (const { id } of users) removed.add(id);
  }
  return {
    sessionIds: [...going],
    steps: [
      ...[...going].map((sessionId) => ({ do: 'SESSION', sessionId }) as const),
      ...[...removed].map((streamId) => ({ do: 'STREAM', streamId }) as const),
      ...[...uploads].map((token) => ({ do: 'UPLOAD', token }) as const),
    ],
  };
}

async function uploadOf(tx: Transaction, streamId: string): Promise<string | null> {
  const stream = await tx.stream.findUnique({ where: { id: streamId }, select: { source: true } });
  const source = stream?.source;
  if (typeof source !== 'object' || source === null || Array.isArray(source)) return null;
  return source.type === 'upload' && typeof source.token === 'string' ? source.token : null;
}
