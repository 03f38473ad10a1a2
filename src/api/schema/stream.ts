/** Streams: their type, and the queries that read them. */
import type { DetectSize } from '../../domain/detect-size.ts';
import type { SourceInput } from '../../domain/frame.ts';
import { isId } from '../../domain/id-format.ts';
import type { Purpose } from '../../domain/stream.ts';
import { sessionWhere, streamWhere } from '../../store/read/criteria.ts';
import { ANY_ROLE } from './access.ts';
import { builder } from './builder.ts';
import { countSessions, nodesOf, selectionOfNodes, totalCountOf } from './connection-fields.ts';
import { StreamFilter, toSessionCriteria, toStreamCriteria } from './filters.ts';
import { keysetPage } from './keyset.ts';
import { NodeInterface } from './node.ts';
import { StreamOrder, sessionKeys, streamKeys } from './orders.ts';
import { toSeconds } from './seconds.ts';
import { SessionConnection, SessionType, sessionListArgs } from './session.ts';
import { SourceType, withoutSecrets } from './source.ts';
import {
  DetectSizeEnum,
  FrameTimingEnum,
  PREVIEW,
  PRIORITY,
  PriorityEnum,
  PurposeEnum,
  RETENTION,
  SMOOTHING,
  TIMING,
} from './stream-settings.ts';
import { TagType, toTagList } from './tags.ts';

export const StreamType = builder.prismaObject('Stream', {
  ...ANY_ROLE,
  interfaces: [NodeInterface],
  description: 'A video source that mien was told to watch. Each run of it is a session.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Id of the stream.' }),
    name: t.exposeString('name', { description: 'Its name, as it was registered.' }),
    source: t.field({
      type: SourceType,
      description: 'Where its video comes from.',
      select: { source: true },
      resolve: ({ source }) => withoutSecrets(source as unknown as SourceInput),
    }),
    purpose: t.field({
      type: PurposeEnum,
      description: 'What it is analysed for.',
      select: { purpose: true },
      resolve: ({ purpose }) => purpose as Purpose,
    }),
    frameRate: t.exposeFloat('frameRate', { description: 'Frames scored per second of video, at most.' }),
    priority: t.expose('priority', { type: PriorityEnum, description: PRIORITY }),
    timing: t.expose('timing', { type: FrameTimingEnum, nullable: true, description: TIMING }),
    loop: t.exposeBoolean('loop', { description: 'Whether a file starts again at its end.' }),
    realtime: t.exposeBoolean('realtime', {
      nullable: true,
      description: 'Whether it is read at the pace of the clock; null: live sources are, files are not.',
    }),
    detectSize: t.field({
      type: DetectSizeEnum,
      description: 'How large the pictures are in which faces are looked for.',
      select: { detectSize: true },
      resolve: ({ detectSize }) => detectSize as DetectSize,
    }),
    smoothing: t.float({
      description: SMOOTHING,
      select: { smoothing: true },
      resolve: ({ smoothing }) => toSeconds(smoothing),
    }),
    retention: t.exposeInt('retention', { nullable: true, description: RETENTION }),
    wanted: t.exposeBoolean('shouldRun', {
      description:
        'Whether it should be running: it was started, and neither stopped nor ended. A restarted server starts it again.',
    }),
  }),
});

const StreamConnection = builder.connectionObject({
  type: StreamType,
  name: 'StreamConnection',
  fields: (t) => ({ totalCount: t.int(totalCountOf('streams')) }),
});

builder.prismaObjectFields(StreamType, (t) => ({
  preview: t.exposeBoolean('preview', { description: PREVIEW }),
  tags: t.field({
    type: [TagType],
    description: 'Keys and values that it was given, by key.',
    select: { tags: true },
    resolve: ({ tags }) => toTagList(tags),
  }),
  createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was registered.' }),
  latestSession: t.field({
    type: SessionType,
    nullable: true,
    description: 'Its newest run, which may still be running; null when it never ran.',
    select: (_args, _context, nested) => ({
      sessions: nested({ take: 1, orderBy: { ordinal: 'desc' } }),
    }),
    resolve: ({ sessions }) => sessions[0] ?? null,
  }),
  sessions: t.connection(
    {
      type: SessionType,
      description: 'Its runs, the newest first.',
      args: sessionListArgs(t.arg),
      select({ filter, orderBy, ...args }, _context, nested) {
        const { query } = keysetPage(sessionKeys(orderBy), args);
        const where = { AND: [sessionWhere(toSessionCriteria(filter)), query.where] };
        // Named, for a request that selects no node.
        const columns: object = { select: { ordinal: true, endedAt: true } };
        return { id: true, sessions: nested({ ...query, where, ...columns }, nodesOf('Session')) };
      },
      resolve: ({ id, sessions }, { filter, orderBy, ...args }, context) => ({
        ...keysetPage(sessionKeys(orderBy), args).toConnection(sessions),
        totalCount: () => countSessions(context, id, toSessionCriteria(filter)),
      }),
    },
    SessionConnection,
  ),
}));

builder.queryFields((t) => ({
  stream: t.prismaField({
    authScopes: { role: 'VIEWER' },
    type: StreamType,
    nullable: true,
    description: 'One stream; null when there is none with this id.',
    args: { id: t.arg.id({ required: true, description: 'Id of the stream.' }) },
    resolve: (query, _root, { id }, { prisma }) =>
      isId(id) ? prisma.stream.findUnique({ ...query, where: { id } }) : null,
  }),
  streams: t.connection(
    {
      authScopes: { role: 'VIEWER' },
      type: StreamType,
      description: 'Streams, in the order of registration.',
      args: {
        filter: t.arg({ type: StreamFilter, description: 'Only some of them; all when left out.' }),
        orderBy: t.arg({
          type: StreamOrder,
          description: 'Their order; as they were registered when left out.',
        }),
      },
      resolve: async (_root, { filter, orderBy, ...args }, context, info) => {
        const { prisma } = context;
        const page = keysetPage(streamKeys(orderBy), args);
        const where = await streamWhere(prisma, toStreamCriteria(filter));
        const rows = await prisma.stream.findMany({
          ...selectionOfNodes(context, info, 'Stream'),
          ...page.query,
          where: { AND: [where, page.query.where] },
        });
        return { ...page.toConnection(rows), totalCount: () => prisma.stream.count({ where }) };
      },
    },
    StreamConnection,
  ),
}));
