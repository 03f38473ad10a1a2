/** What one request may have summed up, in all of its fields together, and that it stops when nobody waits for it. */
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { RecordingQueries } from '../../src/api/index.ts';
import { STREAM } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';
import { type Answer, ask, until } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
/** What a test does before sessions are summed up. */
let before: () => Promise<void> | void = () => {};
let begun = 0;
/** How many buckets each session is told to have; null: those that it has. */
let buckets: (() => Promise<number>) | null = null;
const streams: string[] = [];

beforeAll(async () => {
  world = await openWorld({
    servicesOf: (services) => ({ ...services, recordings: noticed(services.recordings) }),
  });
  for (let at = 0; at < 4; at++) {
    const { id } = await world.store.streams.create({ ...STREAM, name: `camera ${at}` });
    streams.push(id);
    // The last one has none.
    if (at < 3) for (let count = 0; count <= at; count++) await record(id);
  }
});
afterAll(() => world.close());

function noticed(recordings: RecordingQueries): RecordingQueries {
  return {
    ...recordings,
    async aggregateSessions(...asked) {
      if (asked[0].length > 0) {
        begun += 1;
        await before();
      }
      return recordings.aggregateSessions(...asked);
    },
    async aggregate(...asked) {
      const found = await recordings.aggregate(...asked);
      return buckets === null ? found : Array.from({ length: await buckets() }, () => found[0]!);
    },
  };
}

async function record(streamId: string): Promise<string> {
  const { id } = await world.store.sessions.create({ streamId, modelId: 'test@1' });
  const moments = [0, 1, 2].map((seq) => ({
    ...makeMoment(id, seq, { frameRate: 1, faces: 1, start: Date.UTC(2026, 4, 1, 12) }),
    dropped: {},
  }));
  for (const [seq, moment] of moments.entries())
    await world.store.moments.append(moment, [], moments[seq - 1]);
  await world.store.moments.finish(id, [], {});
  await world.store.sessions.setState(id, 'ENDED');
  return id;
}

const asked = (query: string, variables = {}): Promise<Answer> => ask(world.url, query, variables);
const page = (fields: string) => `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Stream { ${fields} } } }`;

it('aggregates of a list of streams are read together, and each is what it is alone', async () => {
  const days = 'aggregate(groupBy: [{ by: SESSION }, { by: DAY }])';
  const queries = [
    'a: aggregate { sessions frames stream { id } } summary { sessions frames }',
    `a: ${days} { sessions frames session { id } startedAt }`,
    'a: aggregate(groupBy: [{ by: STREAM }], range: { media: { from: 1 } }) { sessions frames stream { id } }',
    'a: aggregate(bucket: 2) { sessions buckets { start frames } }',
  ];
  const sessions: number[][] = [];
  for (const query of queries) {
    const { data, errors } = await asked(page(`id ${query}`), { ids: streams });
    expect(errors).toBeUndefined();
    sessions.push(
      data.nodes.map(({ a }: Answer['data']) =>
        a.reduce((sum: number, group: Answer['data']) => sum + group.sessions, 0),
      ),
    );
    for (const node of data.nodes) {
      const alone = await asked(`query ($id: ID!) { stream(id: $id) { id ${query} } }`, node);
      expect(alone.data.stream).toEqual(node);
    }
  }
  expect(sessions).toEqual(queries.map(() => [1, 2, 3, 0]));
  const count = async (ids: string[]) => {
    const two = page('a: aggregate { frames } b: aggregate(bucket: 1) { frames }');
    return (await world.countQueries(() => asked(two, { ids }))).length;
  };
  expect(await count(streams)).toBe(await count(streams.slice(1, 2)));
});

it('a stream is told by its summary, also where nothing lies in the range', async () => {
  const { data } = await asked(
    page('id summary(range: { media: { from: 100 } }) { sessions stream { id } }'),
    { ids: streams },
  );
  for (const { id, summary } of data.nodes) expect(summary).toEqual({ sessions: 0, stream: { id } });
});

const ALIASES = Array.from({ length: 14 }, (_, at) => `a${at}: aggregate { frames }`).join(' ');
const MANY = `{ streams { nodes { ${ALIASES} } } }`;

it('what a request asks for is summed up one after the other, and no more once its client has left', async () => {
  const leave = new AbortController();
  let running = 0;
  let most = 0;
  begun = 0;
  before = async () => {
    most = Math.max(most, ++running);
    if (begun === 2) leave.abort();
    await new Promise((resolve) => setTimeout(resolve, 300));
    running -= 1;
  };
  const answer = fetch(`${world.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: MANY }),
    signal: leave.signal,
  });
  await expect(answer).rejects.toThrow();
  await until(() => running === 0, 'nothing is summed up any more');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  before = () => {};
  expect({ most, begun }).toEqual({ most: 1, begun: 2 });
});

it.each(['completes it', 'closes the socket'])('nor once a client over WebSocket %s', async (how) => {
  const client = createClient({ url: world.wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  const results = client.iterate({ query: MANY }) as AsyncGenerator<unknown>;
  begun = 0;
  before = async () => {
    if (begun === 2) void (how === 'completes it' ? results.return(undefined) : client.terminate());
    await new Promise((resolve) => setTimeout(resolve, 300));
  };
  await results.next().catch(() => {});
  await until(() => begun >= 2, 'it has begun');
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  before = () => {};
  expect(begun).toBe(2);
  await client.dispose();
});

it('buckets of sessions are counted in all fields of a request together, and no more are read than may be told', async () => {
  let reads = 0;
  buckets = async () => {
    reads += 1;
    return 6000;
  };
  const { data, errors } = await asked(`{ sessions(first: 5) { nodes { aggregate(bucket: 1) { start } } } }`);
  buckets = null;
  expect(errors).toHaveLength(2);
  expect(errors?.[0]).toMatchObject({
    message: expect.stringContaining('more than 20000 groups and buckets'),
    extensions: { code: 'QUERY_TOO_LARGE' },
  });
  const lengths = data.sessions.nodes.map(({ aggregate }: Answer['data']) => aggregate?.length ?? null);
  expect(lengths).toEqual([6000, 6000, 6000, null, null]);
  expect(reads).toBe(4);
});

it('buckets as long as a year are told of one session as of many', async () => {
  const year = 31_622_400;
  const { data, errors } = await asked(
    `{ aggregate(bucket: ${year}) { buckets { start end } } sessions(first: 1) { nodes { aggregate(bucket: ${year}) { start end } } } }`,
  );
  expect(errors).toBeUndefined();
  expect(data.aggregate[0].buckets).toMatchObject([{ start: 0 }]);
  expect(data.sessions.nodes[0].aggregate).toMatchObject([{ start: 0, end: 3 }]);
});

it('streams with more sessions than can be summed up together are summed up, and what is too much for a request is refused', async () => {
  const ids: string[] = [];
  for (const name of ['many', 'more']) {
    const { id } = await world.store.streams.create({ ...STREAM, name });
    ids.push(id);
    await world.store.prisma.$executeRawUnsafe(
      `INSERT INTO session (id, stream_id, model_id, state) SELECT gen_random_uuid(), '${id}', 'test@1', 'ENDED' FROM generate_series(1, 5500)`,
    );
  }
  const { data, errors } = await asked(page('summary { sessions }'), { ids });
  expect(errors).toBeUndefined();
  expect(data.nodes).toEqual([{ summary: { sessions: 5500 } }, { summary: { sessions: 5500 } }]);
  const refused = await asked(page(ALIASES.replaceAll('aggregate', 'summary')), { ids });
  expect(refused.errors?.[0]).toMatchObject({
    message: expect.stringContaining('more than 50000 sessions'),
    extensions: { code: 'QUERY_TOO_LARGE' },
  });
  expect(refused.data.nodes[0]).toMatchObject({ a0: { frames: 0 }, a13: null });
  // One that is too large alone is refused alone.
  await world.store.prisma.$executeRawUnsafe(
    `INSERT INTO session (id, stream_id, model_id, state) SELECT gen_random_uuid(), '${ids[0]}', 'test@1', 'ENDED' FROM generate_series(1, 5000)`,
  );
  const one = await asked(page('summary { sessions }'), { ids });
  expect(one.data.nodes).toEqual([{ summary: null }, { summary: { sessions: 5500 } }]);
  expect(one.errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' }, path: ['nodes', 0, 'summary'] }]);
}, 120_000);
