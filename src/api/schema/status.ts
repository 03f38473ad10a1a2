/** The subscription to changes of the state of sessions. */
import type { SentStatus } from '../../domain/live-event.ts';
import { builder } from './builder.ts';
import { assertId, notFound } from './ids.ts';
import { SessionStateEnum } from './scalars.ts';
import { SessionType } from './session.ts';

export const StreamStatusType = builder.objectRef<SentStatus>('StreamStatus').implement({
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
    session: t.prismaField({
      type: SessionType,
      description: 'The session.',
      resolve: async (query, { session }, _args, { prisma }) => {
        const row = await prisma.session.findUnique({ ...query, where: { id: session.id } });
        if (!row) throw notFound('session', session.id);
        return row;
      },
    }),
    skippedBefore: t.exposeInt('skippedBefore', {
      description: 'Changes that were not sent before this one, because this subscriber was too slow.',
    }),
  }),
});

builder.subscriptionField('streamStatus', (t) =>
  t.field({
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
