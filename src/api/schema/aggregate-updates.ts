/** Buckets of the timeline as they close: for those who do not want every frame. */
import { z } from 'zod';
import type { SentAggregate } from '../../domain/live-event.ts';
import type { Sharing } from '../fanout/operation.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { assertId } from './ids.ts';
import { TimelineBucketType } from './summary.ts';

const AggregateUpdateType = builder.objectRef<SentAggregate>('AggregateUpdate').implement({
  extensions: AS_PARENT,
  description: 'A bucket of a session’s timeline that closed.',
  fields: (t) => ({
    streamId: t.exposeID('streamId', { description: 'The stream.' }),
    sessionId: t.exposeID('sessionId', { description: 'The session.' }),
    bucket: t.field({
      type: TimelineBucketType,
      description: 'The bucket, as `Session.aggregate` tells it from now on, unless it is erased.',
      resolve: ({ bucket }) => bucket,
    }),
  }),
});

const WHOLE_SECONDS = '`bucket` must be a whole number of seconds, 1 or more.';

builder.subscriptionField('aggregateUpdates', (t) =>
  t.field({
    authScopes: { role: 'VIEWER' },
    type: AggregateUpdateType,
    description:
      'The buckets of `Session.aggregate` as they close, beginning with the one that is open: each once, when a moment behind its end is stored, or when its session ends. Of one stream, through all its sessions, or of one session; it ends with the session. A bucket for which no moment stands is left out. A slow subscriber gets them late, and misses none. It is not resumed: what was missed while it was not connected, `Session.aggregate` tells.',
    args: {
      streamId: t.arg.id({ description: 'This stream. Give this or `sessionId`.' }),
      sessionId: t.arg.id({ description: 'This session.' }),
      bucket: t.arg.float({
        required: true,
        description: 'Length of a bucket in seconds, in whole ones, 1 or more.',
        validate: z.number().int(WHOLE_SECONDS).min(1, WHOLE_SECONDS),
      }),
    },
    extensions: { sharing: {} satisfies Sharing },
    subscribe: (_root, { streamId, sessionId, bucket }, { subscriptions }) =>
      subscriptions.aggregates({
        ...(streamId != null && { streamId: assertId('stream', streamId) }),
        ...(sessionId != null && { sessionId: assertId('session', sessionId) }),
        bucket,
      }) as Promise<AsyncIterable<SentAggregate>>,
    resolve: (update) => update,
  }),
);
