/** The subscription to changes of the state of sessions. */
import type { SentStatus } from '../../domain/live-event.ts';
import { isLive } from '../../domain/stream.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { assertId } from './ids.ts';
import { loadStream } from './load-rows.ts';
import { SessionStateEnum } from './scalars.ts';
import { SessionType } from './session.ts';
import { StreamType } from './stream.ts';

const SessionDetailEnum = builder.enumType('SessionDetail', {
  description: 'Something about a session that runs, beside its state.',
  values: {
    OVERLOADED: {
      value: 'OVERLOADED',
      description:
        'It is scored less often than it asks for, because this machine has not the time for all streams; `effectiveFrameRate` says how often.',
    },
  } as const,
});

export const StreamStatusType = builder.objectRef<SentStatus>('StreamStatus').implement({
  extensions: AS_PARENT,
  description: 'A change in the life of a stream’s session.',
  fields: (t) => ({
    streamId: t.exposeID('streamId', { description: 'The stream.' }),
    state: t.field({
      type: SessionStateEnum,
      description: 'The session’s state from now on.',
      resolve: ({ session }) => session.state,
    }),
    failure: t.string({
      nullable: true,
      description: 'Why it failed; null when it did not.',
      resolve: ({ session }) => session.failure,
    }),
    detail: t.field({
      type: SessionDetailEnum,
      nullable: true,
      description:
        'Something beside the state; null when there is nothing. A change of it is sent like one of the state.',
      resolve: async ({ streamId, session }, _args, { load }) =>
        isLive(session) && (await load.isOverloaded(streamId)) ? 'OVERLOADED' : null,
    }),
    effectiveFrameRate: t.float({
      nullable: true,
      description:
        'Frames a second at which the stream is scored now, at most, as `Stream.effectiveFrameRate` tells. Larger changes are sent, a few seconds apart.',
      resolve: ({ streamId, session }, _args, { load }) =>
        isLive(session) ? load.effectiveFrameRate(streamId) : null,
    }),
    session: t.prismaField({
      type: SessionType,
      nullable: true,
      description: 'The session; null when it was removed since.',
      resolve: (query, { session }, _args, { prisma }) =>
        prisma.session.findUnique({ ...query, where: { id: session.id } }),
    }),
    skippedBefore: t.exposeInt('skippedBefore', {
      description: 'Changes that were not sent before this one, because this subscriber was too slow.',
    }),
  }),
});

builder.objectFields(StreamStatusType, (t) => ({
  stream: t.field({
    type: StreamType,
    nullable: true,
    description: 'The stream itself; null when it was removed since.',
    resolve: ({ streamId }, _args, context, info) => loadStream(streamId, context, info),
  }),
}));

builder.subscriptionField('streamStatus', (t) =>
  t.field({
    authScopes: { role: 'VIEWER' },
    type: StreamStatusType,
    description:
      'The state of each session that runs (with `streamId`: of the newest one), then every change.',
    args: { streamId: t.arg.id({ description: 'Only this stream.' }) },
    subscribe: (_root, { streamId }, { subscriptions }) =>
      subscriptions.status(streamId == null ? {} : { streamId: assertId('stream', streamId) }) as Promise<
        AsyncIterable<SentStatus>
      >,
    resolve: (event) => event,
  }),
);
