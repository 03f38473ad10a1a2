/** Which streams and sessions are meant: what filters ask for, as conditions of the database. */
import type { Tags } from '../../domain/access.ts';
import { isId } from '../../domain/id-format.ts';
import type { Purpose, SessionState } from '../../domain/stream.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import { DAY_MS, dayOf } from '../sql/utc-days.ts';
import { withTags } from '../sql/with-tags.ts';

/** Streams of which all of this is true. What is undefined is not asked for; an empty list has nothing. */
export interface StreamCriteria {
  ids?: readonly string[] | undefined;
  /** Contained in the name, in whatever case. */
  name?: string | undefined;
  /** Of the newest session. */
  states?: readonly SessionState[] | undefined;
  purposes?: readonly Purpose[] | undefined;
  tags?: Tags | undefined;
}

/** Sessions of which all of this is true. What is undefined is not asked for; an empty list has nothing. */
export interface SessionCriteria {
  ids?: readonly string[] | undefined;
  streamIds?: readonly string[] | undefined;
  states?: readonly SessionState[] | undefined;
  /** Of the stream. */
  purposes?: readonly Purpose[] | undefined;
  tags?: Tags | undefined;
  /** Some of their time lies in it. */
  range?: TimeRange | undefined;
}

/** @param prisma a client that reads nothing which is hidden from whoever asks */
export async function streamWhere(
  prisma: PrismaClient,
  { ids, name, states, purposes, tags = {} }: StreamCriteria,
): Promise<Prisma.StreamWhereInput> {
  return {
    AND: [
      ids ? { id: { in: ids.filter(isId) } } : {},
      name === undefined ? {} : { name: { contains: escapeLike(name), mode: 'insensitive' } },
      states ? { sessions: { some: { state: { in: [...states] }, ordinal: await newestOf(prisma) } } } : {},
      purposes ? { purpose: { in: [...purposes] } } : {},
      withTags(tags),
    ],
  };
}

export function sessionWhere({
  ids,
  streamIds,
  states,
  purposes,
  tags = {},
  range,
}: SessionCriteria): Prisma.SessionWhereInput {
  return {
    AND: [
      ids ? { id: { in: ids.filter(isId) } } : {},
      streamIds ? { streamId: { in: streamIds.filter(isId) } } : {},
      states ? { state: { in: [...states] } } : {},
      purposes ? { stream: { purpose: { in: [...purposes] } } } : {},
      withTags(tags),
      ...(range ? touching(range) : []),
    ],
  };
}

/**
 * The same with all sessions of which moments may lie in the range: where a clock was set meanwhile they are of other
 * times than the session itself. Which do, is for whoever reads the moments to find.
 */
export function sessionsToSumUp({ range, ...criteria }: SessionCriteria): Prisma.SessionWhereInput {
  return { AND: [sessionWhere(criteria), range ? mayHold(range) : {}] };
}

function mayHold(range: TimeRange): Prisma.SessionWhereInput {
  // Where it ends, a moment may be that stands for nothing.
  if (range.clock === 'MEDIA') return { OR: [{ AND: touching(range) }, { mediaEnd: range.from }] };
  const day = (time: number) => new Date(dayOf(time) * DAY_MS);
  const days: Prisma.SessionWhereInput[] = [
    Number.isFinite(range.to) ? { firstDay: { lte: day(range.to) } } : {},
    Number.isFinite(range.from) ? { lastDay: { gte: day(range.from) } } : {},
  ];
  return { OR: [{ AND: touching(range) }, { AND: [{ firstDay: { not: null } }, ...days] }] };
}

/** What runs has not ended by the wall clock; in media time it has come as far as its newest moment stands. */
function touching({ clock, from, to }: TimeRange): Prisma.SessionWhereInput[] {
  if (clock === 'MEDIA') {
    const begins: Prisma.FloatNullableFilter = Number.isFinite(to) ? { lt: to } : { not: null };
    return [{ mediaStart: begins }, { mediaEnd: { gt: from } }];
  }
  return [
    Number.isFinite(to) ? { startedAt: { lt: new Date(to) } } : {},
    Number.isFinite(from) ? { OR: [{ endedAt: null }, { endedAt: { gt: new Date(from) } }] } : {},
  ];
}

/** The ordinals of each stream's newest session: Prisma knows no condition on the last row of a relation. */
async function newestOf(prisma: PrismaClient): Promise<Prisma.IntFilter> {
  const newest = await prisma.session.groupBy({ by: ['streamId'], _max: { ordinal: true } });
  return { in: newest.flatMap(({ _max: { ordinal } }) => ordinal ?? []) };
}

/** Prisma hands the text to LIKE as it is. */
function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
