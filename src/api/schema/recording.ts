/**
 * The fields of a session that read what was recorded: aggregates, moments, tracks and episodes. Those that may refuse are
 * nullable, so that one session's refusal does not empty the list it stands in.
 */
import { z } from 'zod';
import { MienError } from '../../errors.ts';
import { builder, DEFAULT_PAGE } from './builder.ts';
import { EpisodeType } from './episode.ts';
import { ExpressionEnum } from './expression.ts';
import { FrameEmotionsType } from './moment.ts';
import { SessionType } from './session.ts';
import { assertNotTooLong, buckets, listPageArgs, listTake, shortList } from './short-lists.ts';
import { SessionSummaryType, TimelineBucketType } from './summary.ts';
import { TrackType } from './track.ts';

builder.prismaObjectFields(SessionType, (t) => ({
  summary: t.loadable({
    type: SessionSummaryType,
    description: 'The whole session, so far, summed up.',
    load: async (ids: string[], { recordings }) => recordings.summaries(ids),
    loaderOptions: { cache: false },
    resolve: ({ id }) => id,
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
      from: t.arg.float({
        description: 'Where to begin, in seconds of media time.',
        validate: nonNegativeSeconds('from'),
      }),
      to: t.arg.float({
        description: 'Where to end, in seconds of media time.',
        validate: nonNegativeSeconds('to'),
      }),
      track: t.arg.int({
        description: 'Only this face.',
        validate: z.number().min(1, '`track` counts from 1.').nullish(),
      }),
    },
    extensions: { ...buckets },
    resolve: ({ id }, { bucket, from, to, track }, { recordings }) =>
      recordings.aggregate(id, {
        bucket,
        from: from ?? null,
        to: to ?? null,
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
      description: 'The recorded moments, oldest first. Cursors are those of `frameEmotions`.',
      resolve: async ({ id }, { first, after, last, before }, { recordings }) => {
        if (last != null || before != null) {
          throw new MienError('BAD_INPUT', '`timeline` is read forwards: use `first` and `after`.');
        }
        const { moments, more } = await recordings.timeline(id, {
          first: first ?? DEFAULT_PAGE,
          after: after ?? null,
        });
        return {
          edges: moments.map((moment) => ({ cursor: moment.cursor, node: { ...moment, skippedBefore: 0 } })),
          pageInfo: {
            hasNextPage: more,
            hasPreviousPage: after != null,
            startCursor: moments[0]?.cursor ?? null,
            endCursor: moments.at(-1)?.cursor ?? null,
          },
        };
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
    args: listPageArgs(t.arg, 'Only tracks with a greater number than this.'),
    extensions: { ...shortList },
    select: ({ first, after }) => ({
      tracks: { take: listTake(first), orderBy: { track: 'asc' }, where: { track: { gt: after ?? -1 } } },
    }),
    resolve: ({ tracks }, { first }) => assertNotTooLong('tracks', tracks, first),
  }),
  episodes: t.field({
    type: [EpisodeType],
    nullable: true,
    description: 'Stretches of one expression on one face, in the order of onset.',
    args: {
      expression: t.arg({ type: ExpressionEnum, description: 'Only this expression.' }),
      ...listPageArgs(t.arg, 'Only episodes with a greater `index` than this.'),
    },
    extensions: { ...shortList },
    select: ({ expression, first, after }) => ({
      episodes: {
        take: listTake(first),
        orderBy: { index: 'asc' },
        where: { index: { gt: after ?? -1 }, ...(expression && { expression }) },
      },
    }),
    resolve: ({ episodes }, { first }) => assertNotTooLong('episodes', episodes, first),
  }),
}));

type Bucket = typeof TimelineBucketType.$inferType;

function nonNegativeSeconds(name: string) {
  return z.number().min(0, `\`${name}\` must be 0 or more seconds.`).nullish();
}
