/** Aggregates of several sessions: of all that somebody is shown, or of one stream. */
import type { Tags } from '../../domain/access.ts';
import { MAX_SESSIONS, type SessionsGroup } from '../../domain/sessions-aggregate.ts';
import { type SessionCriteria, sessionWhere } from '../../store/read/criteria.ts';
import type { Context } from '../context/context.ts';
import { builder } from './builder.ts';
import { SessionFilter, toSessionCriteria } from './filters.ts';
import { RangeInput, toTimeRange } from './range-input.ts';
import { type GroupArgs, groupArgs, toGroupOptions } from './sessions-aggregate-input.ts';
import { GroupType } from './sessions-group.ts';
import { groups } from './short-lists.ts';
import { StreamType } from './stream.ts';

const RANGE =
  'Of each session only what lies in this stretch, rounded outwards to whole seconds of media time; frames that were dropped behind a session’s last moment belong to what reaches its end.';

builder.queryField('aggregate', (t) =>
  t.field({
    authScopes: { role: 'VIEWER' },
    type: [GroupType],
    nullable: true,
    description: `Several sessions summed up together, ${MAX_SESSIONS} at most, in groups, and in buckets if wanted. What it tells of one session is what its \`summary\` tells, and what groups tell adds up to the whole. \`BAD_INPUT\` where it would be too much, with what to ask instead.`,
    args: {
      filter: t.arg({
        type: SessionFilter,
        description: `Which sessions; left out: all of them. \`range\`: ${RANGE}`,
      }),
      ...groupArgs(t.arg),
    },
    extensions: { ...groups },
    resolve: (_root, { filter, ...args }, context) => aggregate(context, toSessionCriteria(filter), args),
  }),
);

builder.prismaObjectFields(StreamType, (t) => ({
  aggregate: t.field({
    type: [GroupType],
    nullable: true,
    description:
      'Its sessions summed up together, in groups, and in buckets if wanted; as `Query.aggregate`.',
    args: { range: t.arg({ type: RangeInput, description: RANGE }), ...groupArgs(t.arg) },
    extensions: { ...groups },
    select: { id: true },
    resolve: ({ id }, { range, ...args }, context) =>
      aggregate(context, { streamIds: [id], range: toTimeRange(range) }, args),
  }),
  summary: t.loadable({
    type: GroupType,
    description: 'All of its sessions summed up together.',
    args: { range: t.arg({ type: RangeInput, description: RANGE }) },
    byPath: true,
    load: (ids: string[], context, { range }) => summaries(context, ids, range),
    resolve: ({ id }) => id,
  }),
}));

/** Of many streams at once. */
async function summaries(
  context: Context,
  streamIds: string[],
  range: typeof RangeInput.$inferInput | null | undefined,
): Promise<SessionsGroup[]> {
  const args = { groupBy: [{ by: 'STREAM' as const }] };
  const groups = await aggregate(context, { streamIds, range: toTimeRange(range) }, args);
  const [empty] = await context.recordings.aggregateSessions([], toGroupOptions({}));
  const byStream = new Map(groups.map((group) => [group.streamId, group]));
  return streamIds.map((id) => byStream.get(id) ?? empty!);
}

async function aggregate(
  { prisma, recordings }: Context,
  criteria: SessionCriteria,
  args: GroupArgs,
): Promise<readonly SessionsGroup[]> {
  const options = toGroupOptions(args);
  const sessions = await prisma.session.findMany({
    where: sessionWhere(criteria),
    select: { id: true, streamId: true, tags: true },
    orderBy: { ordinal: 'asc' },
    // One more than may be, so that too many are noticed.
    take: MAX_SESSIONS + 1,
  });
  const grouped = sessions.map(({ tags, ...session }) => ({ ...session, tags: tags as Tags }));
  return recordings.aggregateSessions(grouped, { ...options, range: criteria.range });
}
