/** Starting, stopping and removing a stream. */
import { AS_PARENT } from './access.ts';
import { audited } from './audited.ts';
import { builder } from './builder.ts';
import { assertId, stillThere } from './ids.ts';
import { SessionType } from './session.ts';
import { sessionWordFields, toWords } from './session-mutations.ts';
import { StreamType } from './stream.ts';

/** A stream, and the session of it that something was done to. */
interface StreamRun {
  streamId: string;
  sessionId: string;
}

const streamIdField = { description: 'Id of the stream.', required: true } as const;

const StartStreamInput = builder.inputType('StartStreamInput', {
  description: 'Which stream to start, and what is said of the session that begins.',
  fields: (t) => ({ id: t.id(streamIdField), ...sessionWordFields(t) }),
});

const StopStreamInput = builder.inputType('StopStreamInput', {
  description: 'Which stream to stop.',
  fields: (t) => ({ id: t.id(streamIdField) }),
});

const RemoveStreamInput = builder.inputType('RemoveStreamInput', {
  description: 'Which stream to remove.',
  fields: (t) => ({ id: t.id(streamIdField) }),
});

const StartStreamPayload = payloadOf('StartStreamPayload', {
  description: 'A stream that was started.',
  session: 'The session that begins.',
});

const StopStreamPayload = payloadOf('StopStreamPayload', {
  description: 'A stream that was stopped.',
  session: 'The session that ended; where none ran, its last one.',
});

const RemoveStreamPayload = builder.objectRef<{ removedStreamId: string }>('RemoveStreamPayload').implement({
  extensions: AS_PARENT,
  description: 'A stream that was removed.',
  fields: (t) => ({
    removedStreamId: t.exposeID('removedStreamId', { description: 'Id of the stream that was removed.' }),
  }),
});

function payloadOf(name: string, words: { description: string; session: string }) {
  return builder.objectRef<StreamRun>(name).implement({
    extensions: AS_PARENT,
    description: words.description,
    fields: (t) => ({
      stream: t.prismaField({
        type: StreamType,
        description: 'The stream.',
        resolve: (query, { streamId }, _args, { prisma }) =>
          stillThere('stream', streamId, prisma.stream.findUnique({ ...query, where: { id: streamId } })),
      }),
      session: t.prismaField({
        type: SessionType,
        description: words.session,
        resolve: (query, { sessionId }, _args, { prisma }) =>
          stillThere('session', sessionId, prisma.session.findUnique({ ...query, where: { id: sessionId } })),
      }),
    }),
  });
}

builder.mutationFields((t) => ({
  startStream: t.field({
    authScopes: { role: 'OPERATOR' },
    type: StartStreamPayload,
    description: 'Starts a new session of a stream. CONFLICT when it runs already.',
    extensions: audited({ action: 'START_STREAM', target: 'STREAM' }),
    args: { input: t.arg({ type: StartStreamInput, required: true, description: 'The stream.' }) },
    resolve: async (_root, { input }, { streamManager }) => {
      const { id, streamId } = await streamManager.start(assertId('stream', input.id), toWords(input));
      return { streamId, sessionId: id };
    },
  }),
  stopStream: t.field({
    authScopes: { role: 'OPERATOR' },
    type: StopStreamPayload,
    description:
      'Stops a stream: what was decoded is scored and stored, then its session ends. Harmless when it ended before; CONFLICT when it never ran.',
    extensions: audited({ action: 'STOP_STREAM', target: 'STREAM' }),
    args: { input: t.arg({ type: StopStreamInput, required: true, description: 'The stream.' }) },
    resolve: async (_root, { input }, { streamManager }) => {
      const { id, streamId } = await streamManager.stop(assertId('stream', input.id));
      return { streamId, sessionId: id };
    },
  }),
  removeStream: t.field({
    authScopes: { role: 'OPERATOR' },
    type: RemoveStreamPayload,
    description: 'Stops and forgets a stream, with everything that was recorded from it.',
    extensions: audited({ action: 'REMOVE_STREAM', target: 'STREAM' }),
    args: { input: t.arg({ type: RemoveStreamInput, required: true, description: 'The stream.' }) },
    resolve: async (_root, { input }, { streamManager }) => {
      const removedStreamId = assertId('stream', input.id);
      await streamManager.remove(removedStreamId);
      return { removedStreamId };
    },
  }),
}));
