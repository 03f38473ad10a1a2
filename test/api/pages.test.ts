/** Pages whose rows were deleted meanwhile, refusals within lists, and mistakes that are told as such. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeMoment } from '../helpers/moments.ts';
import { type Answer, ask as askAt } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const ask = (query: string, variables?: Record<string, unknown>) => askAt(world.url, query, variables);
const codesOf = ({ errors }: Answer) => errors?.map(({ extensions }) => extensions?.code);

let names = 0;
async function sessionsOfStream(count: number) {
  const input = { name: `p${names++}`, source: { file: 'clip.mp4' }, purpose: 'RESEARCH', autoStart: false };
  const { data } = await ask(
    'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } } }',
    { input },
  );
  const streamId: string = data.registerStream.stream.id;
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const { id } = await world.store.sessions.create({ streamId, modelId: 'test@1' });
    await world.store.sessions.setState(id, 'ENDED');
    ids.unshift(id);
  }
  return { streamId, ids };
}

test('a timeline of which everything behind the cursor was deleted says so', async () => {
  const { store } = world;
  const { streamId } = await sessionsOfStream(0);
  const { id } = await store.sessions.create({ streamId, modelId: 'test@1' });
  await store.sessions.setState(id, 'RUNNING');
  const start = Date.UTC(2026, 4, 2);
  for (let seq = 0; seq < 3; seq++) await store.moments.append(makeMoment(id, seq, { start }), []);
  const query =
    'query ($id: ID!, $after: String) { session(id: $id) { id timeline(after: $after) { nodes { cursor } pageInfo { hasNextPage } } } }';
  const { nodes } = (await ask(query, { id })).data.session.timeline;
  await store.expire(7 * 24, { now: Date.UTC(2026, 5, 10) });
  expect(codesOf(await ask(query, { id, after: nodes[0].cursor }))).toEqual(['CURSOR_EXPIRED']);
  expect((await ask(query, { id, after: nodes[2].cursor })).data.session.timeline.nodes).toEqual([]);
});

test('one session’s refusal leaves the list that it stands in, and its other fields', async () => {
  const { streamId, ids } = await sessionsOfStream(2);
  const refused =
    '{ id aggregate(bucket: 1, range: { media: { from: 2, to: 1 } }) { start } timeline(after: "x") { nodes { seq } } }';
  const answer = await ask(
    `{ sessions(filter: { streamIds: ["${streamId}"] }) { nodes ${refused} } stream(id: "${streamId}") { latestSession ${refused} } }`,
  );
  const nothing = { aggregate: null, timeline: null };
  expect(answer.data).toEqual({
    sessions: { nodes: ids.map((id) => ({ id, ...nothing })) },
    stream: { latestSession: { id: ids[0], ...nothing } },
  });
  expect(new Set(codesOf(answer))).toEqual(new Set(['BAD_INPUT', 'CURSOR_INVALID']));
});

test.each([
  'nodes { id startedAt }',
  'edges { node { id stream { name } } }',
  'nodes { id } edges { cursor node { state } }',
])('a stream’s next page, as %s, is right also when the row of the cursor was deleted', async (list) => {
  const { streamId, ids } = await sessionsOfStream(4);
  const page = (args: string) =>
    ask(`{ stream(id: "${streamId}") { sessions(${args}) { ${list} pageInfo { hasNextPage endCursor } } } }`);
  const idsOf = ({ data }: Answer) => {
    const { nodes, edges } = data.stream.sessions;
    return (nodes ?? edges.map(({ node }: { node: unknown }) => node)).map(({ id }: { id: string }) => id);
  };
  const first = await page('first: 2');
  expect(idsOf(first)).toEqual(ids.slice(0, 2));
  await world.store.prisma.session.delete({ where: { id: ids[1]! } });
  const { endCursor } = first.data.stream.sessions.pageInfo;
  const second = await page(`first: 1, after: "${endCursor}"`);
  expect(idsOf(second)).toEqual([ids[2]]);
  expect(second.data.stream.sessions.pageInfo.hasNextPage).toBe(true);
  expect(idsOf(await page(`first: 5, after: "${endCursor}"`))).toEqual(ids.slice(2));
  expect(idsOf(await page(`last: 5, before: "${endCursor}"`))).toEqual(ids.slice(0, 1));
});

test('two pages of one stream in one request, and of many streams, cost no statement a stream', async () => {
  const { streamId, ids } = await sessionsOfStream(3);
  const both = await ask(
    `{ stream(id: "${streamId}") { a: sessions(first: 1) { nodes { id } } b: sessions(last: 1) { edges { node { id } } } } }`,
  );
  expect(both.data.stream).toEqual({
    a: { nodes: [{ id: ids[0] }] },
    b: { edges: [{ node: { id: ids[2] } }] },
  });
  const statements = (first: number) =>
    world.countQueries(() =>
      ask(`{ streams(first: ${first}) { nodes { sessions(first: 2) { nodes { id } } } } }`),
    );
  await sessionsOfStream(1);
  expect((await statements(4)).length).toBe((await statements(1)).length);
});

const cursor = (text: string) => Buffer.from(text).toString('base64');
const register = (field: string, value: string) =>
  `mutation { registerStream(input: { name: "x", source: { file: "clip.mp4" }, purpose: RESEARCH }) { stream { id } } }`.replace(
    field,
    value,
  );

test.each([
  ['a NUL in an id', '{ node(id: "a\\u0000b") { id } }', undefined],
  ['a NUL in a url', register('file: "clip.mp4"', 'url: "http://a\\u0000b/"'), 'BAD_INPUT'],
  ['a NUL in a name', register('"x"', '"a\\u0000b"'), 'BAD_INPUT'],
  [
    'a cursor of another list',
    `{ streams(after: "${cursor('["ordinal","x"]')}") { nodes { id } } }`,
    'CURSOR_INVALID',
  ],
  [
    'a cursor past all numbers',
    `{ sessions(after: "${cursor('["ordinal",1e300]')}") { nodes { id } } }`,
    'CURSOR_INVALID',
  ],
  [
    'a subscription without its field',
    'subscription { frameEmotions @skip(if: true) { seq } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'a subscription with a conditional fragment',
    'subscription ($v: Boolean = true) { ...F @include(if: $v) } fragment F on Subscription { frameEmotions { seq } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
])('%s is no internal error', async (_name, query, code) => {
  const response = await fetch(`${world.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: query.startsWith('subscription') ? 'text/event-stream' : 'application/json',
    },
    body: JSON.stringify({ query }),
  });
  const text = await response.text();
  expect(text).not.toContain('INTERNAL');
  if (code === undefined) expect(text).not.toContain('errors');
  else expect(text).toContain(code);
});
