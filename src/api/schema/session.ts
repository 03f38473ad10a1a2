/** One run of a stream, and all that was recorded in it. */
import { z } from 'zod';
import { isId } from '../../domain/ids.ts';
import { MienError } from '../../errors.ts';
import { builder, DEFAULT_PAGE } from './builder.ts';
import { EpisodeType } from './episode.ts';
import { ExpressionEnum } from './expression.ts';
import { assertId } from './ids.ts';
import { FrameEmotionsType } from './moment.ts';
import { NodeInterface } from './node.ts';
import { afterOrdinal } from './page-by-ordinal.ts';
import { SessionStateEnum } from './scalars.ts';
import { SessionSummaryType, TimelineBucketType } from './summary.ts';
import { assertWhole, listArgs, listLimit } from './whole-lists.ts';

const TrackType = builder.prismaObject('Track', {
  description: 'A face followed through one session. The number names nobody.',
  fields: (t) => ({
    track: t.exposeInt('track', { description: 'Its number within the session, from 1.' }),
    firstSeen: t.exposeFloat('firstSeen', {
      description: 'When it was first seen, in seconds of media time.',
    }),
    lastSeen: t.exposeFloat('lastSeen', { description: 'When it was last seen, in seconds of media time.' }),
    readings: t.exposeInt('readings', { description: 'In how many frames it was scored.' }),
  }),
});

const FRAME_SIZE =
  'the frames in which faces are looked for: the video as a player shows it, upright and with square pixels, made smaller where it is large.';
const SIZE_SOURCE =
  'Taken from the first frame; null before that, and in sessions recorded before mien kept it.';

export const SessionType = builder.prismaObject('Session', {
  interfaces: [NodeInterface],
  description: 'One run of a stream, from start to end, with all that was recorded in it.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Id of the session.' }),
    stream: t.relation('stream', { description: 'The stream it is a run of.' }),
    state: t.expose('state', { type: SessionStateEnum, description: 'Where it is in its life.' }),
    failure: t.exposeString('failure', {
      nullable: true,
      description: 'Why it failed, in a sentence; null when it did not.',
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it began.' }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null while it runs.',
    }),
    frameWidth: t.exposeInt('frameWidth', {
      nullable: true,
      description: `Width in pixels of ${FRAME_SIZE} Multiply the \`x\` or \`width\` of a box, or the \`x\` of a landmark, by it to get pixels. ${SIZE_SOURCE}`,
    }),
    frameHeight: t.exposeInt('frameHeight', {
      nullable: true,
      description: `Height in pixels of ${FRAME_SIZE} Multiply the \`y\` or \`height\` of a box, or the \`y\` of a landmark, by it to get pixels. ${SIZE_SOURCE}`,
    }),
    model: t.relation('model', { description: 'The model that read the faces.' }),
    summary: t.loadable({
      type: SessionSummaryType,
      description: 'The whole session, so far, summed up.',
      load: async (ids: string[], { recordings }) => recordings.summaries(ids),
      loaderOptions: { cache: false },
      resolve: ({ id }) => id,
    }),
    aggregate: t.field({
      type: [TimelineBucketType],
      description:
        'The timeline in buckets of equal length. Buckets in which nothing was scored or dropped are left out.',
      args: {
        bucket: t.arg.int({
          required: true,
          description: 'Length of a bucket in milliseconds: a multiple of 1000.',
          validate: z
            .number()
            .refine(
              (ms) => ms >= 1000 && ms % 1000 === 0,
              '`bucket` must be a multiple of 1000 milliseconds.',
            ),
        }),
        from: t.arg.float({
          description: 'Where to begin, in seconds of media time.',
          validate: finite('from'),
        }),
        to: t.arg.float({ description: 'Where to end, in seconds of media time.', validate: finite('to') }),
        track: t.arg.int({
          description: 'Only this face.',
          validate: z.number().min(1, '`track` counts from 1.').nullish(),
        }),
      },
      resolve: ({ id }, { bucket, from, to, track }, { recordings }) =>
        recordings.aggregate(id, {
          bucket,
          from: from ?? null,
          to: to ?? null,
          track: track ?? null,
        }) as Promise<Bucket[]>,
    }),
    timeline: t.connection({
      type: FrameEmotionsType,
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
    }),
    tracks: t.field({
      type: [TrackType],
      description: 'The faces that were followed, by their numbers.',
      args: listArgs(t.arg, 'Only tracks with a greater number than this.'),
      select: ({ first, after }) => ({
        tracks: { take: listLimit(first), orderBy: { track: 'asc' }, where: { track: { gt: after ?? -1 } } },
      }),
      resolve: ({ tracks }, { first }) => assertWhole('tracks', tracks, first),
    }),
    episodes: t.field({
      type: [EpisodeType],
      description: 'Stretches of one expression on one face, in the order of onset.',
      args: {
        expression: t.arg({ type: ExpressionEnum, description: 'Only this expression.' }),
        ...listArgs(t.arg, 'Only episodes with a greater `index` than this.'),
      },
      select: ({ expression, first, after }) => ({
        episodes: {
          take: listLimit(first),
          orderBy: { index: 'asc' },
          where: { index: { gt: after ?? -1 }, ...(expression && { expression }) },
        },
      }),
      resolve: ({ episodes }, { first }) => assertWhole('episodes', episodes, first),
    }),
  }),
});

type Bucket = typeof TimelineBucketType.$inferType;

builder.queryFields((t) => ({
  session: t.prismaField({
    type: SessionType,
    nullable: true,
    description: 'One session; null when there is none with this id.',
    args: { id: t.arg.id({ required: true, description: 'Id of the session.' }) },
    resolve: (query, _root, { id }, { prisma }) =>
      isId(id) ? prisma.session.findUnique({ ...query, where: { id } }) : null,
  }),
  sessions: t.prismaConnection({
    type: SessionType,
    cursor: 'ordinal',
    nullable: true,
    description: 'Sessions, the newest first.',
    args: { streamId: t.arg.id({ description: 'Only those of this stream.' }) },
    resolve: ({ cursor, skip: _, ...query }, _root, { streamId }, { prisma }) =>
      prisma.session.findMany({
        ...query,
        where: {
          ...(streamId != null && { streamId: assertId('stream', streamId) }),
          ...afterOrdinal(cursor, query.take, 'desc'),
        },
        orderBy: { ordinal: 'desc' },
      }),
  }),
}));

function finite(name: string) {
  return z.number().min(0, `\`${name}\` must be 0 or more seconds.`).nullish();
}

export { TrackType };
