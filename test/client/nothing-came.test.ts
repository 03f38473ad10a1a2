/** A connection that breaks before the first moment came: what happens meanwhile comes all the same. */
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { createMien, eventStream } from '../../clients/typescript/src/index.ts';
import { webSocket } from '../../clients/typescript/src/ws.ts';
import { STREAM, until } from '../api/harness.ts';
import { openRestartable } from '../api/restartable.ts';

const DOCUMENT = `subscription ($streamId: ID, $after: String) {
  frameEmotions(streamId: $streamId, after: $after) { cursor sessionId seq }
}`;

test.each([
  ['server-sent events', eventStream()],
  ['a WebSocket', webSocket({ webSocketImpl: WebSocket })],
])('over %s nothing is lost, of one stream and of all', async (_name, transport) => {
  const server = await openRestartable();
  const mien = createMien({ url: server.url, transport });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const states: string[] = [];
  let goOn = () => {};
  const isBack = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const follow = (streamId?: string) =>
    mien.follow<{ frameEmotions: { cursor: string; sessionId: string; seq: number } }>(
      DOCUMENT,
      { streamId },
      { signal: stop.signal, onConnection: ({ state }) => states.push(state), pause: () => isBack },
    );
  const first = [follow(STREAM), follow()].map((moments) => moments.next());
  await until(() => states.filter((state) => state === 'live').length === 2, 'both are live');
  await server.stop();
  await server.publish(3);
  await server.start();
  goOn();
  for (const step of await Promise.all(first)) expect(step.value).toMatchObject({ seq: 0 });
});
