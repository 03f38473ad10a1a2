/** A browser's own `EventSource` resumes by itself: each event has its cursor as id, and the last one comes back as `Last-Event-ID`. */
import { EventSource } from 'eventsource';
import { expect, onTestFinished, test } from 'vitest';
import { momentCursor } from '../../src/subscriptions/index.ts';
import { SESSION, STREAM, until } from './harness.ts';
import { openRestartable } from './restartable.ts';

interface Told {
  id: string;
  data: { frameEmotions: { seq: number } } | null;
  errors?: { extensions: { code: string } }[];
}

/** Of a page that this server gave. */
const AS_BROWSERS_SAY = { 'sec-fetch-site': 'same-origin' };

function listen(url: string, query: string, variables: object, headers: Record<string, string> = {}) {
  const asked = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  const source = new EventSource(`${url}/graphql?${asked}`, {
    fetch: async (input, init) =>
      inHaste(await fetch(input, { ...init, headers: { ...init.headers, ...AS_BROWSERS_SAY, ...headers } })),
  });
  onTestFinished(() => source.close());
  const told: Told[] = [];
  source.addEventListener('next', ({ data, lastEventId }) =>
    told.push({ id: lastEventId, ...(JSON.parse(String(data)) as Omit<Told, 'id'>) }),
  );
  const seqs = () => told.flatMap(({ data }) => (data ? [data.frameEmotions.seq] : []));
  return { told, seqs };
}

/** Begins by saying that whoever is cut off connects again soon: an `EventSource` waits for seconds by itself. */
function inHaste(answer: Response): Response {
  const first = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('retry: 100\n\n')),
  });
  return new Response(answer.body?.pipeThrough(first) ?? null, answer);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

const WAYS: [string, string, object][] = [
  ['without `after`', 'subscription ($s: ID) { frameEmotions(streamId: $s) { seq } }', { s: STREAM }],
  [
    'with a variable',
    'subscription ($s: ID, $a: String) { frameEmotions(streamId: $s, after: $a) { seq } }',
    { s: STREAM, a: momentCursor(SESSION, -1) },
  ],
  [
    'with a literal, through a fragment',
    `subscription ($s: ID) { ...Part } fragment Part on Subscription { frameEmotions(streamId: $s, after: "${momentCursor(SESSION, -1)}") { seq } }`,
    { s: STREAM },
  ],
];

test.each(WAYS)('over a restart of the server, asked for %s', async (_name, query, variables) => {
  const server = await openRestartable();
  const { told, seqs } = listen(server.url, query, variables);
  await until(() => server.subscribers() > 0, 'it listens');
  await server.publish(5);
  await until(() => seqs().length === 5, 'it has heard five');
  expect(told[4]).toMatchObject({ id: momentCursor(SESSION, 4), data: { frameEmotions: { seq: 4 } } });
  await server.stop();
  expect(told[5]?.errors?.[0]?.extensions.code).toBe('SHUTTING_DOWN');
  await server.publish(7);
  await server.start();
  await until(() => seqs().length === 12, 'it has heard what it missed', 10_000);
  await server.publish(3);
  await until(() => seqs().length === 15, 'it goes on live');
  expect(seqs()).toEqual(range(0, 15));
});

test('`Last-Event-ID` that is no cursor is refused as `after` is', async () => {
  const server = await openRestartable();
  const { told } = listen(server.url, WAYS[0]![1], WAYS[0]![2], { 'last-event-id': 'nonsense' });
  await until(() => told.length > 0, 'it is answered');
  expect(told[0]?.errors?.[0]?.extensions.code).toBe('CURSOR_INVALID');
});

test('whose `Last-Event-ID` is refused is told once, and hears what happens from then on', async () => {
  const server = await openRestartable();
  await server.publish(2);
  const { told, seqs } = listen(server.url, WAYS[0]![1], WAYS[0]![2]);
  await until(() => server.subscribers() > 0, 'it listens');
  await server.publish(3);
  await until(() => seqs().length === 3, 'it has heard three');
  await server.stop();
  await server.publish(2);
  server.expire();
  await server.start();
  await until(() => told.length > 4, 'it is refused', 10_000);
  expect(told[4]).toMatchObject({ id: '', errors: [{ extensions: { code: 'CURSOR_EXPIRED' } }] });
  await until(() => server.subscribers() > 0, 'it listens again', 10_000);
  await server.publish(1);
  await until(() => seqs().length === 4, 'it goes on live');
  expect(told).toHaveLength(6);
});

test('`Last-Event-ID` is heeded by each operation of one document', async () => {
  const server = await openRestartable();
  const query =
    'subscription Moments { frameEmotions { seq } } subscription Episodes { expressionEpisodes { kind } }';
  for (const operationName of ['Moments', 'Episodes', 'Moments']) {
    const asked = new URLSearchParams({ query, operationName });
    const headers = { ...AS_BROWSERS_SAY, accept: 'text/event-stream', 'last-event-id': 'nonsense' };
    const answer = await fetch(`${server.url}/graphql?${asked}`, {
      headers,
      signal: AbortSignal.timeout(5_000),
    });
    expect(await answer.text()).toContain('CURSOR_INVALID');
  }
});
