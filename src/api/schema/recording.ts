/**
 * The fields of a session that read what was recorded: aggregates, moments, tracks and episodes. Those that may refuse are
 * nullable, so that one session's refusal does not empty the list it stands in.
 */
import { z } from 'zod';
import type { SessionSummary } from '../../domain/aggregate.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import { episodesIn, tracksIn } from '../../store/read/overlap.ts';
import type { RecordingQueries, TimelinePage } from '../context/ports.ts';
import { builder, DEFAULT_PAGE } from './builder.ts';
import { EpisodeType } from './episode.ts';
import { ExpressionEnum } from './expression.ts';
import { FaceFilterInput, toFaceFilter } from './face-filter.ts';
import { FrameEmotionsType } from './moment.ts';
import { RangeInput, toTimeRange } from './range-input.ts';
import { SessionType } from './session.ts';
import { assertNotTooLong, buckets, listPageArgs, listTake, shortList } from './short-lists.ts';
import { SessionSummaryType, TimelineBucketType } from './summary.ts';
import { TrackType } from './track.ts';

const trackNumber = z.number().min(1, '`track` counts from 1.').nullish();

builder.prismaObjectFields(SessionType, (t) => ({
  summary: t.loadable({
    type: SessionSummaryType,
    description:
      'The whole session, so far, summed up; or what of it lies in `range`, which is rounded outwards to whole seconds of media time.',
    args: { range: t.arg({ type: RangeInput, description: 'Only this stretch of time.' }) },
    load: (keys: SummaryKey[], { recordings }) => loadSummaries(keys, recordings),
    loaderOptions: { cache: false },
    resolve: ({ id }, { range }) => ({ id, range: toTimeRange(range) }),
  }),
}));

builder.prismaObjectFields(SessionType, (t) => ({
  aggregate: t.field({
    type: [TimelineBucketType],
    nullable: true,
    description:
      'The timeline in buckets of equal length. Buckets for which no moment stands are left out: the source paused or was lost there, it was erased, or this face was not seen.',
    args: {
      bucket: t.arg.int({
        required: true,
        description: 'Length of a bucket in milliseconds: a multiple of 1000.',
        validate: z
          .number()
          .refine((ms) => ms >= 1000 && ms % 1000 === 0, '`bucket` must be a multiple of 1000 milliseconds.'),
      }),
      range: t.arg({
        type: RangeInput,
        description:
          'Only this stretch of time, rounded outwards to whole seconds of media time, as `start` and `end` of the first and the last bucket say. Of the wall clock: the seconds with a frame of it.',
      }),
      track: t.arg.int({
        description: 'Only this face.',
        validate: trackNumber,
      }),
    },
    extensions: { ...buckets },
    resolve: ({ id }, { bucket, range, track }, { recordings }) =>
      recordings.aggregate(id, {
        bucket,
        range: toTimeRange(range),
        track: track ?? null,
      }) as Promise<Bucket[]>,
  }),
}));

const FrameEmotionsConnection = builder.connectionObject({
  type: FrameEmotionsType,
  name: 'FrameEmotionsConnection',
});

builder.prismaObjectFields(SessionType, (t) => ({
  timeline: t.connection(
    {
      type: FrameEmotionsType,
      nullable: true,
      description:
        'The recorded moments, oldest first: from the oldest with `first`, from the newest with `last`. Cursors are those of `frameEmotions`, and stay good whatever the arguments are. With `range`, `every` or `filter`, a page looks through 50,000 moments at most: it may then hold fewer than asked for, or none, and `hasNextPage` (of `last`, `hasPreviousPage`) says whether to go on from `endCursor` (`startCursor`). `dropped` and `previousDuration` tell of the moment before, left out or not. `CURSOR_EXPIRED`: what follows `after` was deleted by the retention.',
      args: {
        range: t.arg({ type: RangeInput, description: 'Only moments in this stretch of time.' }),
        every: t.arg.int({
          description:
            'Of each stretch of so many milliseconds of media time, counted from 0, the first moment only (that `range` and `filter` let through).',
          validate: z.number().int().min(1, '`every` must be 1 millisecond or more.').nullish(),
        }),
        filter: t.arg({
          type: FaceFilterInput,
          description: 'Only these faces, and moments with one of them.',
        }),
      },
      resolve: async ({ id }, { first, after, last, before, range, every, filter }, { recordings }) => {
        const backwards = first == null && (last != null || before != null);
        const page = await recordings.timeline(id, {
          ...{ limit: first ?? last ?? DEFAULT_PAGE, backwards },
          ...{ after: after ?? null, before: before ?? null },
          ...{ range: toTimeRange(range), faces: toFaceFilter(filter), every: every ?? undefined },
        });
        return toTimelineConnection(page, { backwards, after, before });
      },
    },
    FrameEmotionsConnection,
  ),
}));

builder.prismaObjectFields(SessionType, (t) => ({
  tracks: t.field({
    type: [TrackType],
    nullable: true,
    description: 'The faces that were followed, by their numbers.',
    args: {
      range: t.arg({
        type: RangeInput,
        description:
          'Only those that were followed at some time in it: first seen before its end, last seen in it or later.',
      }),
      ...listPageArgs(t.arg, 'Only tracks with a greater number than this.'),
    },
    extensions: { ...shortList },
    select: ({ range, first, after }) => ({
      tracks: {
        take: listTake(first),
        orderBy: { track: 'asc' },
        where: { AND: [{ track: { gt: after ?? -1 } }, tracksIn(toTimeRange(range))] },
      },
    }),
    resolve: ({ tracks }, { first }) => assertNotTooLong('tracks', tracks, first),
  }),
  episodes: t.field({
    type: [EpisodeType],
    nullable: true,
    description: 'Stretches of one expression on one face, in the order of onset.',
    args: {
      range: t.arg({
        type: RangeInput,
        description:
          'Only those that apparently held at some time in it: they began before its end, and ended in it or later, or last.',
      }),
      track: t.arg.int({ description: 'Only this face.', validate: trackNumber }),
      expression: t.arg({ type: ExpressionEnum, description: 'Only this expression.' }),
      ...listPageArgs(t.arg, 'Only episodes with a greater `index` than this.'),
    },
    extensions: { ...shortList },
    select: ({ range, track, expression, first, after }) => ({
      episodes: {
        take: listTake(first),
        orderBy: { index: 'asc' },
        where: {
          AND: [
            {
              index: { gt: after ?? -1 },
              ...(expression && { expression }),
              ...(track != null && { track }),
            },
            episodesIn(toTimeRange(range)),
          ],
        },
      },
    }),
    resolve: ({ episodes }, { first }) => assertNotTooLong('episodes', episodes, first),
  }),
}));

function toTimelineConnection(
  { moments, more, stoppedAt }: TimelinePage,
  {
    backwards,
    after,
    before,
  }: { backwards: boolean; after?: string | null | undefined; before?: string | null | undefined },
) {
  const [oldest, newest] = [moments[0]?.cursor ?? null, moments.at(-1)?.cursor ?? null];
  return {
    edges: moments.map((moment) => ({ cursor: moment.cursor, node: { ...moment, skippedBefore: 0 } })),
    pageInfo: {
      hasNextPage: backwards ? before != null : more,
      hasPreviousPage: backwards ? more : after != null,
      startCursor: backwards ? (stoppedAt ?? oldest) : oldest,
      endCursor: backwards ? newest : (stoppedAt ?? newest),
    },
  };
}

type Bucket = typeof TimelineBucketType.$inferType;

interface SummaryKey {
  id: string;
  range: TimeRange | undefined;
}

/** Those of one range at once. */
async function loadSummaries(
  keys: readonly SummaryKey[],
  recordings: RecordingQueries,
): Promise<SessionSummary[]> {
  const found: SessionSummary[] = [];
  const rangeOf = ({ range }: SummaryKey) => (range ? `${range.clock} ${range.from} ${range.to}` : '');
  for (const of of new Set(keys.map(rangeOf))) {
    const places = [...keys.keys()].filter((at) => rangeOf(keys[at]!) === of);
    const ids = places.map((at) => keys[at]!.id);
    const summaries = await recordings.summaries(ids, keys[places[0]!]!.range);
    for (const [n, at] of places.entries()) found[at] = summaries[n]!;
  }
  return found;
}
