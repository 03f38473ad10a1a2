/** The same schema served as Yoga's and graphql-ws' own documentation shows it: createPubSub, one execution per subscriber. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { execute, subscribe } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { schema } from '../../src/api/schema/index.ts';
import type { SentMoment } from '../../src/domain/live-event.ts';
import { momentCursor } from '../../src/subscriptions/index.ts';
import { serve } from './publish.ts';

const pubSub = createPubSub<{ moment: [SentMoment] }>();
const context = () => ({ subscriptions: { moments: async () => pubSub.subscribe('moment') } });
const yoga = createYoga({ schema, context, logging: false });
const server = createServer(yoga);
const sockets = new WebSocketServer({ server, path: '/graphql' });
useServer({ schema, context, execute, subscribe } as never, sockets);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
serve((server.address() as AddressInfo).port, (moment) =>
  pubSub.publish('moment', {
    moment,
    cursor: momentCursor(moment.sessionId, moment.seq),
    skippedBefore: 0,
  }),
);
