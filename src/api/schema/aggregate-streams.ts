/** Sums over sessions, of all that are chosen or of each of many streams, within what the request may have summed up. */
import type { Tags } from '../../domain/access.ts';
import {
  MAX_SESSIONS,
  type SessionsAggregateOptions,
  type SessionsGroup,
} from '../../domain/sessions-aggregate.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import { MienError } from '../../errors.ts';
import { type SessionCriteria, sessionsToSumUp, sessionWhere } from '../../store/read/criteria.ts';
import type { Context } from '../context/context.ts';

type Groups = readonly SessionsGroup[];

/** @throws MienError BAD_INPUT, QUERY_TOO_LARGE */
export function aggregate(
  context: Context,
  criteria: SessionCriteria,
  options: SessionsAggregateOptions,
): Promise<Groups> {
  return context.allowance.inTurn(() => readGroups(context, criteria, options));
}

/**
 * What `aggregate` gives of each stream alone, or why it does not, in the order of the ids. As many streams as may be are summed up
 * together: where that is refused, each half of them is.
 * @throws MienError QUERY_TOO_LARGE
 */
export function aggregateStreams(
  context: Context,
  streamIds: readonly string[],
  range: TimeRange | undefined,
  options: SessionsAggregateOptions,
): Promise<(Groups | MienError)[]> {
  return context.allowance.inTurn(() => readStreams(context, streamIds, range, options));
}

async function readStreams(
  context: Context,
  streamIds: readonly string[],
  range: TimeRange | undefined,
  options: SessionsAggregateOptions,
): Promise<(Groups | MienError)[]> {
  const isAsked = options.groupBy.some(({ by }) => by === 'STREAM');
  const byStream = isAsked
    ? options
    : { ...options, groupBy: [...options.groupBy, { by: 'STREAM' as const }] };
  const nothing = await context.recordings.aggregateSessions([], options);
  const found = new Map<string, Groups | MienError>();
  const together = async (ids: readonly string[]): Promise<void> => {
    try {
      const groups = await readGroups(context, { streamIds: ids, range }, byStream);
      const told = isAsked ? groups : groups.map((group) => ({ ...group, streamId: null }));
      for (const id of ids) {
        const own = told.filter((_group, at) => groups[at]!.streamId === id);
        if (own.length > 0) found.set(id, own);
      }
    } catch (error) {
      if (!(error instanceof MienError && error.code === 'BAD_INPUT')) throw error;
      if (ids.length === 1) return void found.set(ids[0]!, error);
      const half = Math.ceil(ids.length / 2);
      await together(ids.slice(0, half));
      await together(ids.slice(half));
    }
  };
  for (const ids of await portionsOf(context, streamIds, range)) await together(ids);
  return streamIds.map((id) => found.get(id) ?? nothing);
}

/** Of no more sessions than can be summed up together, or of one stream. Streams without a session are in none. */
async function portionsOf(
  { prisma }: Context,
  streamIds: readonly string[],
  range: TimeRange | undefined,
): Promise<string[][]> {
  const counts = await prisma.session.groupBy({
    by: ['streamId'],
    where: sessionsToSumUp({ streamIds: [...streamIds], range }),
    _count: { _all: true },
  });
  const portions: string[][] = [];
  let left = 0;
  for (const { streamId, _count } of counts) {
    left -= _count._all;
    if (left < 0 || portions.length === 0) {
      portions.push([]);
      left = MAX_SESSIONS - _count._all;
    }
    portions.at(-1)!.push(streamId);
  }
  return portions;
}

async function readGroups(
  { prisma, recordings, allowance }: Context,
  criteria: SessionCriteria,
  options: SessionsAggregateOptions,
): Promise<Groups> {
  const sessions = await prisma.session.findMany({
    // Who has no trial is told to be left out of those that were chosen.
    where: options.trials ? sessionWhere(criteria) : sessionsToSumUp(criteria),
    select: { id: true, streamId: true, tags: true },
    orderBy: { ordinal: 'asc' },
    // One more than may be, so that too many are noticed.
    take: MAX_SESSIONS + 1,
  });
  const grouped = sessions.map(({ tags, ...session }) => ({ ...session, tags: tags as Tags }));
  return recordings.aggregateSessions(grouped, { ...options, range: criteria.range, work: allowance });
}
