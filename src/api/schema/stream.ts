/** Streams: their type, the queries that read them and the mutations that change them. */
import { z } from 'zod';
import type { SourceInput } from '../../domain/frame.ts';
import { isId } from '../../domain/ids.ts';
import { PURPOSES, type Purpose } from '../../domain/stream.ts';
import { builder } from './builder.ts';
import { assertId } from './ids.ts';
import { NodeInterface } from './node.ts';
import { whereOrdinalAfter } from './page-by-ordinal.ts';
import { SessionType } from './session.ts';
import { SourceInputType, SourceType, toSource, withoutSecrets } from './source.ts';

const MAX_NAME = 200;

const PURPOSE_DESCRIPTIONS: Record<Purpose, string> = {
  RESEARCH: 'Scientific, UX or market research with people who agreed to it.',
  MEDIA_ANALYTICS: 'Analysing published media.',
  ACCESSIBILITY: 'Helping people perceive or produce expressions.',
  ENTERTAINMENT: 'Games, art and installations.',
  MEDICAL: 'Medical use.',
  SAFETY: 'Safety, such as noticing a tired driver.',
  WORKPLACE:
    'Watching people at work. Refused unless the operator is entitled to it: EU AI Act art. 5(1)(f).',
  EDUCATION:
    'Watching people in education. Refused unless the operator is entitled to it: EU AI Act art. 5(1)(f).',
};

export const PurposeEnum = builder.enumType('Purpose', {
  description:
    'What a stream is analysed for. Inferring emotions at work and in education is forbidden in the EU.',
  values: Object.fromEntries(
    PURPOSES.map((name) => [name, { value: name, description: PURPOSE_DESCRIPTIONS[name] }]),
  ) as Record<Purpose, { value: Purpose; description: string }>,
});

export const StreamType = builder.prismaObject('Stream', {
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
    loop: t.exposeBoolean('loop', { description: 'Whether a file starts again at its end.' }),
    realtime: t.exposeBoolean('realtime', {
      nullable: true,
      description: 'Whether it is read at the pace of the clock; null: live sources are, files are not.',
    }),
    wanted: t.exposeBoolean('shouldRun', {
      description:
        'Whether it should be running: it was started, and neither stopped nor ended. A restarted server starts it again.',
    }),
  }),
});

builder.prismaObjectFields(StreamType, (t) => ({
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
  sessions: t.relatedConnection('sessions', {
    cursor: 'ordinal',
    description: 'Its runs, the newest first.',
    query: { orderBy: { ordinal: 'desc' } },
  }),
}));

builder.queryFields((t) => ({
  stream: t.prismaField({
    type: StreamType,
    nullable: true,
    description: 'One stream; null when there is none with this id.',
    args: { id: t.arg.id({ required: true, description: 'Id of the stream.' }) },
    resolve: (query, _root, { id }, { prisma }) =>
      isId(id) ? prisma.stream.findUnique({ ...query, where: { id } }) : null,
  }),
  streams: t.prismaConnection({
    type: StreamType,
    cursor: 'ordinal',
    nullable: true,
    description: 'All streams, in the order of registration.',
    resolve: ({ cursor, skip: _, ...query }, _root, _args, { prisma }) =>
      prisma.stream.findMany({
        ...query,
        where: whereOrdinalAfter(cursor, query.take, 'asc'),
        orderBy: { ordinal: 'asc' },
      }),
  }),
}));

const RegisterStreamInput = builder.inputType('RegisterStreamInput', {
  description: 'A stream to watch.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `A name for people, 1 to ${MAX_NAME} characters.`,
      validate: z
        .string()
        .refine((name) => name.trim() !== '', '`name` must not be empty.')
        .refine((name) => name.length <= MAX_NAME, `\`name\` must have at most ${MAX_NAME} characters.`),
    }),
    source: t.field({ type: SourceInputType, required: true, description: 'Where the video comes from.' }),
    purpose: t.field({ type: PurposeEnum, required: true, description: 'What it is analysed for.' }),
    frameRate: t.float({
      defaultValue: 10,
      description: 'Frames scored per second of video, 0.1 to 60.',
      validate: z
        .number()
        .refine((rate) => rate >= 0.1 && rate <= 60, '`frameRate` must be from 0.1 to 60.')
        .nullish(),
    }),
    autoStart: t.boolean({ defaultValue: true, description: 'Whether to start it at once.' }),
    loop: t.boolean({
      defaultValue: false,
      description: 'Whether to start again at the end; files and uploads only.',
    }),
    realtime: t.boolean({
      description:
        'Whether to read at the pace of the clock; null: live sources are, files are read as fast as they are scored.',
    }),
  }),
});

const streamIdArg = { description: 'Id of the stream.', required: true } as const;

builder.mutationFields((t) => ({
  registerStream: t.prismaField({
    type: StreamType,
    description: 'Looks at a source, remembers it, and starts watching it.',
    args: { input: t.arg({ type: RegisterStreamInput, required: true, description: 'The stream.' }) },
    resolve: async (query, _root, { input }, { prisma, streamManager }) => {
      const { id } = await streamManager.register({
        name: input.name.trim(),
        source: toSource(input.source),
        purpose: input.purpose,
        frameRate: input.frameRate ?? 10,
        loop: input.loop ?? false,
        realtime: input.realtime ?? null,
        autoStart: input.autoStart ?? true,
      });
      return prisma.stream.findUniqueOrThrow({ ...query, where: { id } });
    },
  }),
}));

builder.mutationFields((t) => ({
  startStream: t.prismaField({
    type: SessionType,
    description: 'Starts a new session of a stream.',
    args: { id: t.arg.id(streamIdArg) },
    resolve: async (query, _root, { id }, { prisma, streamManager }) => {
      const session = await streamManager.start(assertId('stream', id));
      return prisma.session.findUniqueOrThrow({ ...query, where: { id: session.id } });
    },
  }),
  stopStream: t.prismaField({
    type: SessionType,
    description: 'Stops a stream: what was decoded is scored and stored, then its session ends.',
    args: { id: t.arg.id(streamIdArg) },
    resolve: async (query, _root, { id }, { prisma, streamManager }) => {
      const session = await streamManager.stop(assertId('stream', id));
      return prisma.session.findUniqueOrThrow({ ...query, where: { id: session.id } });
    },
  }),
}));

builder.mutationField('removeStream', (t) =>
  t.id({
    description: 'Stops and forgets a stream, with everything that was recorded from it. Gives its id.',
    args: { id: t.arg.id(streamIdArg) },
    resolve: async (_root, { id }, { streamManager }) => {
      const streamId = assertId('stream', id);
      await streamManager.remove(streamId);
      return streamId;
    },
  }),
);
