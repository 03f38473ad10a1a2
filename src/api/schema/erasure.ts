/** Erasing what was recorded, and the records that prove it. */
import type { ErasedCounts, ErasureRequest, ErasureTarget } from '../../domain/erasure.ts';
import { isStorable } from '../../domain/storable-text.ts';
import { MienError } from '../../errors.ts';
import { AS_PARENT } from './access.ts';
import { audited } from './audited.ts';
import { builder } from './builder.ts';
import { selectionOfNodes } from './connection-fields.ts';
import { describedValues } from './described-values.ts';
import { EraseTargetInput, toRequest } from './erase-input.ts';
import { keysetPage } from './keyset.ts';
import { created } from './orders.ts';

const ErasureKindEnum = builder.enumType('ErasureKind', {
  description: 'What was to be erased.',
  values: describedValues<ErasureRequest['type']>({
    SESSION: 'A whole session.',
    TRACK: 'One face of a session.',
    RANGE: 'A stretch of time of a session, or of all sessions of a stream.',
    TAG: 'All streams with a tag, and all sessions with it.',
  }),
});

const CLOCK = 'null where the stretch was not told by this clock.';
const iso = (milliseconds: number) => new Date(milliseconds);

const ErasureTargetType = builder.objectRef<ErasureTarget>('ErasureTarget').implement({
  extensions: AS_PARENT,
  description: 'What was to be erased, by ids and times; nothing that was recorded.',
  fields: (t) => ({
    kind: t.field({ type: ErasureKindEnum, description: 'The kind.', resolve: ({ type }) => type }),
    sessionId: t.id({
      nullable: true,
      description: 'The session; null where it was not told.',
      resolve: (target) => ('sessionId' in target ? target.sessionId : null),
    }),
    streamId: t.id({
      nullable: true,
      description: 'The stream of which all sessions were meant; null where it was not told.',
      resolve: (target) => (target.type === 'RANGE' ? target.streamId : null),
    }),
    track: t.int({
      nullable: true,
      description: 'The face; null where all were meant.',
      resolve: (target) => (target.type === 'TRACK' ? target.track : null),
    }),
    tagKey: t.string({
      nullable: true,
      description:
        'Key of the tag; its value, which may name somebody, is not kept. Null where no tag was meant.',
      resolve: (target) => (target.type === 'TAG' ? target.key : null),
    }),
  }),
});

builder.objectFields(ErasureTargetType, (t) => ({
  from: t.field({
    type: 'DateTime',
    nullable: true,
    description: `Where the stretch began, by the wall clock; ${CLOCK}`,
    resolve: (target) => (target.type === 'RANGE' && target.clock === 'WALL' ? iso(target.from) : null),
  }),
  to: t.field({
    type: 'DateTime',
    nullable: true,
    description: `Where it ended; ${CLOCK}`,
    resolve: (target) => (target.type === 'RANGE' && target.clock === 'WALL' ? iso(target.to) : null),
  }),
  mediaFrom: t.float({
    nullable: true,
    description: `Where the stretch began, in seconds of media time; ${CLOCK}`,
    resolve: (target) => (target.type === 'RANGE' && target.clock === 'MEDIA' ? target.from : null),
  }),
  mediaTo: t.float({
    nullable: true,
    description: `Where it ended; ${CLOCK}`,
    resolve: (target) => (target.type === 'RANGE' && target.clock === 'MEDIA' ? target.to : null),
  }),
}));

const ErasedRowsType = builder.objectRef<ErasedCounts>('ErasedRows').implement({
  extensions: AS_PARENT,
  description: 'How much was deleted, so far.',
  fields: (t) => ({
    streams: t.exposeInt('streams', { description: 'Streams, with their registration.' }),
    sessions: t.exposeInt('sessions', { description: 'Whole sessions.' }),
    moments: t.exposeInt('moments', { description: 'Moments: scored frames.' }),
    readings: t.exposeInt('readings', { description: 'Readings: faces in scored frames.' }),
    sums: t.int({
      description: 'Sums over a second or longer, of the whole picture and of each face.',
      resolve: ({ rollups }) => rollups,
    }),
    episodes: t.exposeInt('episodes', { description: 'Episodes.' }),
    tracks: t.exposeInt('tracks', { description: 'Faces of which nothing is left.' }),
    markers: t.exposeInt('markers', { description: 'Markers.' }),
    uploads: t.exposeInt('uploads', { description: 'Uploaded files.' }),
  }),
});

const ErasureType = builder.prismaObject('Erasure', {
  authScopes: { role: 'ADMIN' },
  description: 'That something was erased, when, at whose word, and how much of it: without what it was.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Id of this record.' }),
    requestedAt: t.expose('requestedAt', {
      type: 'DateTime',
      description: 'When it was asked for, by the clock of the database.',
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the last of it was deleted, from the files of the embedded database too; null while it is not. What a crash cut off goes on at the next start.',
    }),
    requestedBy: t.string({
      description: 'What people call who asked.',
      select: { requesterName: true },
      resolve: ({ requesterName }) => requesterName,
    }),
    requesterId: t.exposeString('requesterId', {
      description: 'The same in all that they do: as in `auditLog`.',
    }),
    reason: t.exposeString('reason', { description: 'Why, in the words of who asked.' }),
    target: t.field({
      type: ErasureTargetType,
      description: 'What was to be erased.',
      select: { target: true },
      resolve: ({ target }) => target as unknown as ErasureTarget,
    }),
    sessionIds: t.exposeIDList('sessionIds', { description: 'Ids of the sessions that it touched.' }),
    erased: t.field({
      type: ErasedRowsType,
      description: 'How much was deleted, so far.',
      select: {
        ...{ streams: true, sessions: true, moments: true, readings: true },
        ...{ rollups: true, episodes: true, tracks: true, markers: true, uploads: true },
      },
      resolve: (counts) => counts,
    }),
  }),
});

const ErasureConnection = builder.connectionObject({ type: ErasureType, name: 'ErasureConnection' });

builder.queryField('erasures', (t) =>
  t.connection(
    {
      authScopes: { role: 'ADMIN' },
      type: ErasureType,
      description: 'What was erased, the newest first.',
      resolve: async (_root, args, context, info) => {
        const page = keysetPage([created('desc')], args);
        const selection = selectionOfNodes(context, info, 'Erasure');
        return page.toConnection(await context.prisma.erasure.findMany({ ...selection, ...page.query }));
      },
    },
    ErasureConnection,
  ),
);

const MAX_REASON = 500;

const EraseInput = builder.inputType('EraseInput', {
  description: 'What to erase, and why.',
  fields: (t) => ({
    target: t.field({ type: EraseTargetInput, required: true, description: 'What to erase.' }),
    reason: t.string({
      required: true,
      description: `Why, for the record: 1 to ${MAX_REASON} characters, and nothing that names who was filmed.`,
    }),
  }),
});

const ErasePayload = builder.objectRef<{ id: string }>('ErasePayload').implement({
  extensions: AS_PARENT,
  description: 'What was erased.',
  fields: (t) => ({
    erasure: t.prismaField({
      type: ErasureType,
      description: 'The record of it.',
      resolve: (query, { id }, _args, { prisma }) =>
        prisma.erasure.findUniqueOrThrow({ ...query, where: { id } }),
    }),
  }),
});

builder.mutationField('erase', (t) =>
  t.field({
    authScopes: { role: 'ADMIN' },
    extensions: audited({ action: 'ERASE', target: 'ERASURE' }),
    type: ErasePayload,
    description:
      'Erases what was recorded: rows, sums and episodes, uploads that nothing else has used, and what the embedded database’s files still hold of them. A session that runs is stopped first where it goes as a whole; a stretch of it goes while it runs on. It cannot be undone. Answered when all is gone, or after half a minute, while it goes on.',
    args: { input: t.arg({ type: EraseInput, required: true, description: 'What to erase, and why.' }) },
    resolve: async (_root, { input: { target, reason } }, { eraser, requester }) => {
      const words = reason.trim();
      if (words === '' || words.length > MAX_REASON || !isStorable(words)) {
        throw new MienError('BAD_INPUT', `\`reason\` must have 1 to ${MAX_REASON} characters.`);
      }
      const order = { request: toRequest(target), requester: requester.principal, reason: words };
      return { id: await eraser.erase(order) };
    },
  }),
);
