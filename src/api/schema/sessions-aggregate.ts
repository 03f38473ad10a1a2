/** Aggregates of several sessions: of all that somebody is shown, or of one stream. */
import { MAX_SESSIONS, type SessionsGroup } from '../../domain/sessions-aggregate.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import type { Context } from '../context/context.ts';
import { aggregate, aggregateStreams } from './aggregate-streams.ts';
import { builder } from './builder.ts';
import { SessionFilter, toSessionCriteria } from './filters.ts';
import { groups } from './list-sizes.ts';
import { RangeInput, toTimeRange } from './range-input.ts';
import { groupArgs, toGroupOptions } from './sessions-aggregate-input.ts';
import { GroupType } from './sessions-group.ts';
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
    resolve: (_root, { filter, ...args }, context) =>
      aggregate(context, toSessionCriteria(filter), toGroupOptions(args)),
  }),
);

builder.prismaObjectFields(StreamType, (t) => ({
  aggregate: t.loadableList({
    type: GroupType,
    nullable: true,
    description:
      'Its sessions summed up together, in groups, and in buckets if wanted; as `Query.aggregate`. Of many streams in one request `QUERY_TOO_LARGE` where all of it together would be too much.',
    args: { range: t.arg({ type: RangeInput, description: RANGE }), ...groupArgs(t.arg) },
    extensions: { ...groups },
    byPath: true,
    load: (ids: string[], context, { range, ...args }) =>
      aggregateStreams(context, ids, toTimeRange(range), toGroupOptions(args)),
    resolve: ({ id }) => id,
  }),
  summary: t.loadable({
    type: GroupType,
    nullable: true,
    description:
      'All of its sessions summed up together. `BAD_INPUT` or `QUERY_TOO_LARGE` where that would be too much, with what to ask instead.',
    args: { range: t.arg({ type: RangeInput, description: RANGE }) },
    byPath: true,
    load: (ids: string[], context, { range }) => summaries(context, ids, toTimeRange(range)),
    resolve: ({ id }) => id,
  }),
}));

/** Of many streams at once. */
async function summaries(
  context: Context,
  streamIds: string[],
  range: TimeRange | undefined,
): Promise<(SessionsGroup | Error)[]> {
  const found = await aggregateStreams(context, streamIds, range, toGroupOptions({}));
  return found.map((groups, at) =>
    groups instanceof Error ? groups : { ...groups[0]!, streamId: streamIds[at]! },
  );
}
