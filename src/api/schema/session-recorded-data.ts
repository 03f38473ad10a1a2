/**
 * The fields of a session that read what was recorded: aggregates, moments, tracks and episodes. Those that may refuse are
 * nullable, so that one session's refusal does not empty the list it stands in.
 */
import { z } from 'zod';
import type { SessionSummary } from '../../domain/aggregate.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import { episodesIn, tracksIn } from '../../store/read/overlap.ts';
import type { Context } from '../context/context.ts';
import type { TimelinePage } from '../context/ports.ts';
import { builder, DEFAULT_PAGE } from './builder.ts';
import { nodesOf } from './connection-fields.ts';
import { EpisodeConnection, EpisodeType } from './episode.ts';
import { ExpressionEnum } from './expression.ts';
import { FaceFilterInput, toFaceFilter } from './face-filter.ts';
import { type Key, keysetPage } from './keyset.ts';
import { buckets } from './list-sizes.ts';
import { FrameEmotionsConnection, FrameEmotionsType, toEvery } from './moment.ts';
import { RangeInput, toTimeRange } from './range-input.ts';
import { toMilliseconds } from './seconds.ts';
import { SessionType } from './session.ts';
import { MAX_BUCKET } from './sessions-aggregate-input.ts';
import { SessionSummaryType, TimelineBucketType } from './summary.ts';
import { TrackConnection, TrackType } from './track.ts';

const trackNumber = z.number().min(1, '`track` counts from 1.').nullish();

builder.prismaObjectFields(SessionType, (t) => ({
  summary: t.loadable({
    type: SessionSummaryType,
    description:
      'The whole session, so far, summed up; or what of it lies in `range`, which is rounded outwards to whole seconds of media time, and where nothing lies in it, a summary of nothing.',
    args: { range: t.arg({ type: RangeInput, description: 'Only this stretch of time.' }) },
    load: (keys: SummaryKey[], context) => loadSummaries(keys, context),
    loaderOptions: { cache: false },
    resolve: ({ id }, { range }) => ({ id, range: toTimeRange(range) }),
  }),
}));

builder.prismaObjectFields(SessionType, (t) => ({
  aggregate: t.field({
    type: [TimelineBucketType],
    nullable: true,
    description:
      'The timeline in buckets of equal length, 20,000 at most, in all fields of a request together (`QUERY_TOO_LARGE`). Buckets for which no moment stands are left out: the source paused or was lost there, it was erased, or this face was not seen. Those of parts of a second are made of the moments themselves, of 50,000 at most (83 minutes of ten frames a second), and add up to those of whole seconds; `READINGS_EXPIRED` where the retention deleted the moments, whose sums by the second it keeps.',
    args: {
      bucket: t.arg.float({
        required: true,
        description: `Length of a bucket in seconds of media time, from 0.001 to ${MAX_BUCKET} (a year), in steps of 0.001. Buckets begin at multiples of it.`,
      }),
      range: t.arg({
        type: RangeInput,
        description:
          'Only this stretch of time, rounded outwards to whole seconds of media time, and to whole buckets of parts of a second, as `start` and `end` of the first and the last bucket say. Of the wall clock: the seconds with a frame of it.',
      }),
      track: t.arg.int({
        description: 'Only this face.',
        validate: trackNumber,
      }),
    },
    extensions: { ...buckets },
    resolve: ({ id }, { bucket, range, track }, { recordings, allowance }) => {
      const options = {
        bucket: toMilliseconds(bucket, 'bucket', { least: 1, most: MAX_BUCKET * 1000 }),
        range: toTimeRange(range),
        track: track ?? null,
      };
      return allowance.inTurn(async () => {
        const found = await recordings.aggregate(id, options);
        allowance.take('buckets', found.length);
        return found as Bucket[];
      });
    },
  }),
}));

builder.prismaObjectFields(SessionType, (t) => ({
  timeline: t.connection(
    {
      type: FrameEmotionsType,
      nullable: true,
      description:
        'The recorded moments, oldest first: from the oldest with `first`, from the newest with `last`. Cursors are those of `frameEmotions`, and stay good whatever the arguments are. With `range`, `every` or `filter`, a page looks through 50,000 moments at most: it may then hold fewer than asked for, or none, and `hasNextPage` (of `last`, `hasPreviousPage`) says whether to go on from `endCursor` (`startCursor`). `dropped` and `previousDuration` tell of the moment before, left out or not. `CURSOR_EXPIRED`: what follows `after` was deleted by the retention.',
      args: {
        range: t.arg({ type: RangeInput, description: 'Only moments in this stretch of time.' }),
        every: t.arg.float({
          description:
            'Of each stretch of so many seconds of media time, counted from 0, the first moment only (that `range` and `filter` let through). From 0.001 to 86400, in steps of 0.001; left out: all.',
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
          ...{ range: toTimeRange(range), faces: toFaceFilter(filter), every: toEvery(every) },
        });
        return toTimelineConnection(page, { backwards, after, before });
      },
    },
    FrameEmotionsConnection,
  ),
}));

builder.prismaObjectFields(SessionType, (t) => ({
  tracks: t.connection(
    {
      type: TrackType,
      description: 'The faces that were followed, by their numbers.',
      args: {
        range: t.arg({
          type: RangeInput,
          description:
            'Only those that were followed at some time in it: first seen before its end, last seen in it or later.',
        }),
      },
      select({ range, ...args }, _context, nested) {
        const { query } = keysetPage(TRACK_KEYS, args);
        const where = { AND: [query.where, tracksIn(toTimeRange(range))] };
        const columns: object = { select: { track: true } };
        return { tracks: nested({ ...query, where, ...columns }, nodesOf('Track')) };
      },
      resolve: ({ tracks }, args) => keysetPage(TRACK_KEYS, args).toConnection(tracks),
    },
    TrackConnection,
  ),
}));

builder.prismaObjectFields(SessionType, (t) => ({
  episodes: t.connection(
    {
      type: EpisodeType,
      description:
        'Stretches of one expression on one face, in the order in which they were found: about that of their onsets.',
      args: {
        range: t.arg({
          type: RangeInput,
          description:
            'Only those that apparently held at some time in it: they began before its end, and ended in it or later, or last.',
        }),
        track: t.arg.int({ description: 'Only this face.', validate: trackNumber }),
        expression: t.arg({ type: ExpressionEnum, description: 'Only this expression.' }),
      },
      select({ range, track, expression, ...args }) {
        const { query } = keysetPage(EPISODE_KEYS, args);
        const asked = { ...(expression && { expression }), ...(track != null && { track }) };
        return {
          episodes: { ...query, where: { AND: [query.where, asked, episodesIn(toTimeRange(range))] } },
        };
      },
      resolve: ({ episodes }, args) => keysetPage(EPISODE_KEYS, args).toConnection(episodes),
    },
    EpisodeConnection,
  ),
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

/** Within a session, its numbers are those of the order in which faces came, and episodes began. */
const TRACK_KEYS: Key[] = [{ column: 'track', kind: 'integer', direction: 'asc' }];
const EPISODE_KEYS: Key[] = [{ column: 'index', kind: 'integer', direction: 'asc' }];

type Bucket = typeof TimelineBucketType.$inferType;

interface SummaryKey {
  id: string;
  range: TimeRange | undefined;
}

/** Those of one range at once. */
async function loadSummaries(
  keys: readonly SummaryKey[],
  { recordings, allowance }: Context,
): Promise<SessionSummary[]> {
  const found: SessionSummary[] = [];
  const rangeOf = ({ range }: SummaryKey) => (range ? `${range.clock} ${range.from} ${range.to}` : '');
  for (const of of new Set(keys.map(rangeOf))) {
    const places = [...keys.keys()].filter((at) => rangeOf(keys[at]!) === of);
    const ids = places.map((at) => keys[at]!.id);
    const { range } = keys[places[0]!]!;
    const summaries = await allowance.inTurn(() => recordings.summaries(ids, range));
    for (const [n, at] of places.entries()) found[at] = summaries[n]!;
  }
  return found;
}
