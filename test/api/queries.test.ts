import { parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WARM_UP_REQUESTS, warmUp } from '../../src/api/http/warm-up.ts';
import { schema } from '../../src/api/schema/index.ts';
import { makeMoment } from '../helpers/moments.ts';
import { type Answer, ask as askAt, until } from './harness.ts';
import { openWorld, UNITS, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const NOWHERE = '0190b0f0-0000-7000-8000-00000000dead';
const ask = (query: string, variables?: Record<string, unknown>) => askAt(world.url, query, variables);
const codeOf = async (query: string, variables?: Record<string, unknown>) => {
  const { errors } = await ask(query, variables);
  return errors?.[0]?.extensions?.code;
};

const REGISTER = `mutation Register($input: RegisterStreamInput!) {
  registerStream(input: $input) { stream { id name purpose frameRate loop realtime smoothing detectSize wanted source { kind location } latestSession { id state } } }
}`;
let unique = 0;
const register = (input: object = {}) =>
  ask(REGISTER, {
    input: { name: `s${unique++}`, source: { file: 'clip.mp4' }, purpose: 'RESEARCH', ...input },
  });

async function recorded(input: object = {}) {
  const { data } = await register(input);
  const { id } = data.registerStream.stream.latestSession;
  await until(
    async () =>
      (await ask('query($id: ID!) { session(id: $id) { state } }', { id })).data.session.state === 'ENDED',
    'it ended',
  );
  return { streamId: data.registerStream.stream.id as string, sessionId: id as string };
}

describe('streams', () => {
  test('streams are registered with defaults, and shown without secrets', async () => {
    const { data } = await register({
      name: ' Lobby ',
      source: { url: 'rtsp://me:pass@example.org/cam?key=1' },
    });
    expect(data.registerStream.stream).toMatchObject({
      name: 'Lobby',
      frameRate: 10,
      loop: false,
      realtime: null,
      smoothing: 0.25,
      detectSize: 'STANDARD',
      source: { kind: 'URL', location: 'rtsp://example.org/cam' },
    });
    expect(JSON.stringify(await ask('{ streams { nodes { source { kind location } } } }'))).not.toContain(
      'pass',
    );
  });

  test('a stream has the smoothing that it was registered with, also when that is none', async () => {
    for (const smoothing of [0, 0.067, 10]) {
      const { data } = await register({ smoothing });
      const { id } = data.registerStream.stream;
      const { stream } = (await ask('query($id: ID!) { stream(id: $id) { smoothing } }', { id })).data;
      expect([data.registerStream.stream.smoothing, stream.smoothing]).toEqual([smoothing, smoothing]);
    }
  });

  test('a stream has the video track that it was registered with, and the default one otherwise', async () => {
    const query = 'query($id: ID!) { stream(id: $id) { source { kind location videoTrack } } }';
    for (const videoTrack of [2, null, undefined]) {
      const source = { url: 'rtsp://user:pass@example.org/cam' };
      const { data } = await register({ source, videoTrack });
      const { stream } = (await ask(query, { id: data.registerStream.stream.id })).data;
      const location = 'rtsp://example.org/cam';
      expect(stream.source).toEqual({ kind: 'URL', location, videoTrack: videoTrack ?? null });
    }
  });

  test('a stream is searched as large as it was registered', async () => {
    for (const detectSize of ['STANDARD', 'LARGE', 'FULL']) {
      const { data } = await register({ detectSize });
      const { id } = data.registerStream.stream;
      const { stream } = (await ask('query($id: ID!) { stream(id: $id) { detectSize } }', { id })).data;
      expect([data.registerStream.stream.detectSize, stream.detectSize]).toEqual([detectSize, detectSize]);
    }
  });

  test('streams are started, stopped, and removed with all that was recorded', async () => {
    const { data } = await register({ source: { file: 'endless.mp4' }, autoStart: false });
    const { id } = data.registerStream.stream;
    expect(
      await codeOf('mutation($id: ID!) { stopStream(input: { id: $id }) { session { id } } }', { id }),
    ).toBe('CONFLICT');
    const started = await ask(
      'mutation($id: ID!) { startStream(input: { id: $id }) { session { id state stream { id } } } }',
      {
        id,
      },
    );
    expect(started.data.startStream.session.stream.id).toBe(id);
    expect(
      await codeOf('mutation($id: ID!) { startStream(input: { id: $id }) { session { id } } }', { id }),
    ).toBe('CONFLICT');
    const stop =
      'mutation($id: ID!) { stopStream(input: { id: $id }) { session { id state endedAt failure } } }';
    const stopped = await ask(stop, { id });
    expect(stopped.data.stopStream.session).toMatchObject({
      id: started.data.startStream.session.id,
      state: 'ENDED',
      failure: null,
    });
    expect((await ask(stop, { id })).data.stopStream.session.id).toBe(started.data.startStream.session.id);
    expect(
      (await ask('mutation($id: ID!) { removeStream(input: { id: $id }) { removedStreamId } }', { id })).data
        .removeStream.removedStreamId,
    ).toBe(id);
    expect((await ask('query($id: ID!) { stream(id: $id) { id } }', { id })).data.stream).toBeNull();
  });

  test('streams are paged forwards', async () => {
    for (let count = 0; count < 3; count++) await register({ autoStart: false });
    const page =
      'query($after: String) { streams(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }';
    const seen: string[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const answer: Answer = await ask(page, { after });
      const { nodes, pageInfo } = answer.data.streams;
      seen.push(...nodes.map(({ id }: { id: string }) => id));
      ({ hasNextPage: more, endCursor: after } = pageInfo);
    }
    const all = (await ask('{ streams(first: 1000) { nodes { id } } }')).data.streams.nodes;
    expect(seen).toEqual(all.map(({ id }: { id: string }) => id));
  });
});

describe('what a busy machine does', () => {
  const CAPACITY = '{ capacity { framesPerSecond used asked left } }';

  test('a stream has the priority it was registered with, NORMAL without one', async () => {
    const priority = 'query($id: ID!) { stream(id: $id) { priority } }';
    for (const [input, stored] of [
      [{}, 'NORMAL'],
      [{ priority: 'LOW' }, 'LOW'],
    ] as const) {
      const { id } = (await register({ ...input, autoStart: false })).data.registerStream.stream;
      expect((await ask(priority, { id })).data.stream.priority).toBe(stored);
    }
  });

  test('a stream has the timing it was registered with, that of its kind without one', async () => {
    const timing = 'query($id: ID!) { stream(id: $id) { timing } }';
    for (const [input, stored] of [
      [{}, null],
      [{ timing: 'NEAREST' }, 'NEAREST'],
    ] as const) {
      const { id } = (await register({ ...input, autoStart: false })).data.registerStream.stream;
      expect((await ask(timing, { id })).data.stream.timing).toBe(stored);
    }
  });

  test('a stream that runs in real time says how often it is scored, and what it takes of the capacity', async () => {
    const before = (await ask(CAPACITY)).data.capacity;
    expect(before).toMatchObject({ framesPerSecond: 25.5, asked: 0, left: 25.5 });
    const input = { source: { file: 'endless.mp4' }, realtime: true, frameRate: 20 };
    const { id } = (await register(input)).data.registerStream.stream;
    const load = 'query($id: ID!) { stream(id: $id) { effectiveFrameRate warnings } }';
    const rate = async () => (await ask(load, { id })).data.stream.effectiveFrameRate;
    await until(async () => (await rate()) === 20, 'its source was open');
    expect((await ask(load, { id })).data.stream.warnings).toEqual([]);
    expect((await ask(CAPACITY)).data.capacity).toMatchObject({ asked: 20, left: 5.5 });
    const other = (await register({ ...input, source: { file: 'endless2.mp4' } })).data.registerStream.stream;
    const { warnings } = (await ask(load, { id: other.id })).data.stream;
    expect(warnings).toEqual([
      expect.stringContaining('40 frames a second, and this machine scores about 26'),
    ]);
    for (const stream of [id, other.id])
      await ask('mutation($id: ID!) { removeStream(input: { id: $id }) { removedStreamId } }', {
        id: stream,
      });
    expect(await ask(load, { id })).toMatchObject({ data: { stream: null } });
    expect((await ask(CAPACITY)).data.capacity).toMatchObject({ asked: 0 });
  });

  test('a recording that waits for its turn has no rate', async () => {
    const { streamId } = await recorded();
    const rate = 'query($id: ID!) { stream(id: $id) { effectiveFrameRate warnings } }';
    expect((await ask(rate, { id: streamId })).data.stream).toEqual({
      effectiveFrameRate: null,
      warnings: [],
    });
  });
});

describe('what was recorded', () => {
  const SESSION = `query($id: ID!) { session(id: $id) {
    id state startedAt endedAt failure stream { id } model { id actionUnits metrics { name value } }
    summary { frames faces coverage seconds tracks valence dropped { reason frames } expressions { expression share seconds } }
    aggregate(bucket: 1) { start end seconds frames faces coverage probabilities { expression probability } }
    fine: aggregate(bucket: 0.5, range: { media: { from: 0.6, to: 1.2 } }) { start end seconds frames faces coverage }
    tracks { nodes { number readings } } episodes(expression: HAPPINESS) { nodes { index expression onset offset peak } }
    timeline(first: 7) { pageInfo { hasNextPage endCursor } edges { cursor node { cursor seq droppedBefore skippedBefore dropped { reason frames } faces {
      track expression confidence actionUnits { name intensity } landmarks { x } probabilities { expression probability } quality { score issues } box { width } pose { yaw } } } } }
  } }`;

  test('a recorded session is read back whole', async () => {
    const { sessionId, streamId } = await recorded();
    const { data, errors } = await ask(SESSION, { id: sessionId });
    expect(errors).toBeUndefined();
    const { session } = data;
    expect(session).toMatchObject({
      state: 'ENDED',
      stream: { id: streamId },
      model: { id: 'test@1', actionUnits: UNITS },
    });
    expect(session.model.metrics).toEqual([{ name: 'rafdb.accuracy', value: 0.5 }]);
    expect(session.summary).toMatchObject({
      frames: 20,
      faces: 40,
      seconds: 2,
      tracks: 2,
      dropped: [{ reason: 'BUSY', frames: 2 }],
    });
    expect(session.summary.coverage).toBe(1);
    expect(session.summary.expressions[1]).toEqual({ expression: 'HAPPINESS', share: 1, seconds: 4 });
    expect(session.aggregate.map(({ seconds }: { seconds: number }) => seconds)).toEqual([1, 1]);
    expect(session.aggregate.map(({ frames }: { frames: number }) => frames)).toEqual([10, 10]);
    expect(session.fine).toEqual(
      [0.5, 1].map((start) => ({ start, end: start + 0.5, seconds: 0.5, frames: 5, faces: 10, coverage: 1 })),
    );
    expect(session.episodes.nodes).toMatchObject([{ expression: 'HAPPINESS' }, { expression: 'HAPPINESS' }]);
    const { edges, pageInfo } = session.timeline;
    expect(edges.map(({ node }: { node: { seq: number } }) => node.seq)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(edges[5].node).toMatchObject({
      droppedBefore: 2,
      skippedBefore: 0,
      dropped: [{ reason: 'BUSY', frames: 2 }],
    });
    expect(edges[0].node.faces[0].actionUnits).toEqual([
      { name: 'AU1', intensity: 0.1 },
      { name: 'AU12', intensity: 0.9 },
    ]);
    expect(edges[0].node.faces[0].landmarks).toHaveLength(68);
    expect(pageInfo).toEqual({ hasNextPage: true, endCursor: edges[6].cursor });
    const rest = await ask(
      'query($id: ID!, $after: String) { session(id: $id) { timeline(first: 100, after: $after) { nodes { seq } pageInfo { hasNextPage hasPreviousPage } } } }',
      {
        id: sessionId,
        after: pageInfo.endCursor,
      },
    );
    expect(rest.data.session.timeline.nodes).toHaveLength(13);
    expect(rest.data.session.timeline.pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: true });
  });

  test('a session has the size of its frames, null before the first', async () => {
    const sizeOf = async (id: string) =>
      (await ask('query($id: ID!) { session(id: $id) { frameWidth frameHeight } }', { id })).data.session;
    const { sessionId } = await recorded();
    expect(await sizeOf(sessionId)).toEqual({ frameWidth: 6, frameHeight: 4 });
    const { data } = await register({ source: { file: 'silent.mp4' } });
    const { id, latestSession } = data.registerStream.stream;
    const smallest = async (id: string) =>
      (await ask('query($id: ID!) { session(id: $id) { summary { smallestFace } } }', { id })).data.session;
    // 1.25 pixels of frames half as large as their source.
    expect(await smallest(sessionId)).toEqual({ summary: { smallestFace: 2.5 } });
    const unknown = { frameWidth: null, frameHeight: null };
    expect(await sizeOf(latestSession.id)).toEqual(unknown);
    await ask('mutation($id: ID!) { stopStream(input: { id: $id }) { session { id } } }', { id });
    expect(await sizeOf(latestSession.id)).toEqual(unknown);
  });

  test('summaries of ten sessions take as many statements as of one', async () => {
    for (let count = 0; count < 10; count++) await recorded();
    const query = (
      first: number,
    ) => `{ sessions(first: ${first}) { nodes { id state stream { name source { kind } } model { id }
      summary { frames expressions { share } } tracks { nodes { number } } episodes { nodes { onset } } } } }`;
    const one = await world.countQueries(() => ask(query(1)));
    const ten = await world.countQueries(() => ask(query(10)));
    expect(ten.length).toBe(one.length);
    expect(ten.length).toBeLessThanOrEqual(7);
    const nested = await world.countQueries(() =>
      ask(
        '{ streams(first: 10) { nodes { latestSession { id model { id } } sessions(first: 2) { nodes { id } } } } }',
      ),
    );
    expect(nested.length).toBeLessThanOrEqual(5);
  });

  test('`node` finds streams, sessions and models by id', async () => {
    const { streamId, sessionId } = await recorded();
    const node = async (id: string) =>
      (
        await ask(
          `query($id: ID!) { node(id: $id) { __typename id
            ... on Stream { latestSession { id } } ... on Session { stream { id } } ... on Model { kind } } }`,
          { id },
        )
      ).data.node;
    expect(await node(streamId)).toEqual({
      ...{ __typename: 'Stream', id: streamId },
      latestSession: { id: sessionId },
    });
    expect(await node(sessionId)).toEqual({ __typename: 'Session', id: sessionId, stream: { id: streamId } });
    expect(await node('test@1')).toEqual({ __typename: 'Model', id: 'test@1', kind: 'ENSEMBLE' });
  });

  test('`models` lists the loaded models', async () => {
    expect((await ask('{ models { id kind device precision } }')).data.models).toEqual([
      { id: 'test@1', kind: 'ENSEMBLE', device: 'CPU', precision: 'INT8' },
    ]);
  });
});

describe('errors of requests', () => {
  test.each([
    ['a page of -1 items', '{ streams(first: -1) { nodes { id } } }', 'BAD_INPUT'],
    ['a page beyond bounds', '{ sessions(first: 5000) { nodes { id } } }', 'BAD_INPUT'],
    ['a garbage cursor of a list', '{ streams(after: "garbage") { nodes { id } } }', 'CURSOR_INVALID'],
    [
      'stopping what is not there',
      `mutation { stopStream(input: { id: "${NOWHERE}" }) { session { id } } }`,
      'NOT_FOUND',
    ],
    [
      'starting what cannot be',
      'mutation { startStream(input: { id: "x\\u0000" }) { session { id } } }',
      'NOT_FOUND',
    ],
    [
      'removing what is not there',
      `mutation { removeStream(input: { id: "${NOWHERE}" }) { removedStreamId } }`,
      'NOT_FOUND',
    ],
    [
      'a purpose that is refused',
      'mutation { registerStream(input: { name: "w", source: { file: "a" }, purpose: WORKPLACE }) { stream { id } } }',
      'PURPOSE_REFUSED',
    ],
    [
      'an empty name',
      'mutation { registerStream(input: { name: " ", source: { file: "a" }, purpose: RESEARCH }) { stream { id } } }',
      'BAD_INPUT',
    ],
    [
      'a frame rate of nothing',
      'mutation { registerStream(input: { name: "w", frameRate: 0, source: { file: "a" }, purpose: RESEARCH }) { stream { id } } }',
      'BAD_INPUT',
    ],
    ...['0', '-1', '101'].map((track) => [
      `a video track of number ${track}`,
      `mutation { registerStream(input: { name: "w", videoTrack: ${track}, source: { file: "a" }, purpose: RESEARCH }) { stream { id } } }`,
      'BAD_INPUT',
    ]),
    ...['-1', '10.001', '0.0005'].map((smoothing) => [
      `a smoothing of ${smoothing} s`,
      `mutation { registerStream(input: { name: "w", smoothing: ${smoothing}, source: { file: "a" }, purpose: RESEARCH }) { stream { id } } }`,
      'BAD_INPUT',
    ]),
    [
      'a source that is not there',
      'mutation { registerStream(input: { name: "w", source: { file: "missing.mp4" }, purpose: RESEARCH }) { stream { id } } }',
      'SOURCE_UNREACHABLE',
    ],
  ])('%s is refused with a code and a sentence', async (_name, query, code) => {
    const { errors } = await ask(query);
    expect(errors?.[0]?.extensions?.code).toBe(code);
    expect(errors?.[0]?.message).toMatch(/[.)]$/);
  });

  test('registering with two sources, or none, is refused', async () => {
    for (const source of ['{ file: "a", url: "http://b" }', '{}', '{ file: null }']) {
      const { errors, data } = await ask(
        `mutation { registerStream(input: { name: "w", source: ${source}, purpose: RESEARCH }) { stream { id } } }`,
      );
      expect(data?.registerStream).toBeUndefined();
      expect(errors?.[0]?.message).toContain('SourceInput');
    }
  });

  test('bad arguments of a session’s fields are refused with their code', async () => {
    const { sessionId } = await recorded();
    const field = (text: string) => codeOf(`{ session(id: "${sessionId}") { ${text} } }`);
    expect(await field('aggregate(bucket: 1.0005) { start }')).toBe('BAD_INPUT');
    expect(await field('aggregate(bucket: 0) { start }')).toBe('BAD_INPUT');
    expect(await field('aggregate(bucket: 1, range: { media: { from: 2, to: 1 } }) { start }')).toBe(
      'BAD_INPUT',
    );
    expect(await field('tracks(first: -1) { nodes { number } }')).toBe('BAD_INPUT');
    expect(await field('episodes(first: 2000) { nodes { index } }')).toBe('BAD_INPUT');
    expect(await field('timeline(first: -1) { nodes { seq } }')).toBe('BAD_INPUT');
    expect(await field('timeline(range: { media: { from: 2, to: 1 } }) { nodes { seq } }')).toBe('BAD_INPUT');
    expect(await field('timeline(after: "garbage") { nodes { seq } }')).toBe('CURSOR_INVALID');
    const other = await recorded();
    const foreign = (
      await ask(`{ session(id: "${other.sessionId}") { timeline(first: 1) { nodes { cursor } } } }`)
    ).data.session.timeline.nodes[0].cursor;
    expect(await field(`timeline(after: "${foreign}") { nodes { seq } }`)).toBe('CURSOR_INVALID');
  });

  test('a cursor older than the retention is refused to queries and subscriptions', async () => {
    const { store } = world;
    const { streamId } = await recorded();
    const { id } = await store.sessions.create({ streamId, modelId: 'test@1' });
    // Two moments before midnight, three after it.
    const start = Date.UTC(2026, 5, 2, 23, 59, 59, 800);
    for (let seq = 0; seq < 5; seq++) await store.moments.append(makeMoment(id, seq, { start }), []);
    await store.sessions.setState(id, 'ENDED');
    const page =
      'query($id: ID!, $after: String) { session(id: $id) { timeline(first: 9, after: $after) { nodes { seq cursor } } } }';
    const [first, second] = (await ask(page, { id })).data.session.timeline.nodes;
    await store.expire(7 * 24, { now: Date.UTC(2026, 5, 10, 15) });
    const read = (after: string | null) => ask(page, { id, after });
    expect((await read(first.cursor)).errors?.[0]?.extensions?.code).toBe('CURSOR_EXPIRED');
    const rest = [{ seq: 2 }, { seq: 3 }, { seq: 4 }];
    expect((await read(second.cursor)).data.session.timeline.nodes).toMatchObject(rest);
    expect((await read(null)).data.session.timeline.nodes).toMatchObject(rest);
    const followed = await fetch(`${world.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({
        query: `subscription($after: String) { frameEmotions(sessionId: "${id}", after: $after) { seq } }`,
        variables: { after: first.cursor },
      }),
    });
    expect(await followed.text()).toContain('CURSOR_EXPIRED');
  });

  test('unknown ids give null for `stream`, `session` and `node`', async () => {
    for (const id of [NOWHERE, 'garbage', '']) {
      const { data, errors } = await ask(
        'query($id: ID!) { stream(id: $id) { id } session(id: $id) { id } node(id: $id) { id } }',
        { id },
      );
      expect(errors).toBeUndefined();
      expect(data).toEqual({ stream: null, session: null, node: null });
    }
  });

  test('an unexpected error is masked, and given an id', async () => {
    const { errors } = await register({ source: { file: 'broken.mp4' } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INTERNAL', errorId: expect.any(String) });
    expect(JSON.stringify(errors)).not.toContain('secret detail');
  });
});

describe('warming up', () => {
  test('the requests that warm the server up are valid, read the database and change nothing', async () => {
    for (const { query } of WARM_UP_REQUESTS) expect(validate(schema, parse(query))).toEqual([]);
    const count = async () => world.store.prisma.stream.count();
    const before = await count();
    const statements = await world.countQueries(() =>
      warmUp({ host: '127.0.0.1', port: Number(new URL(world.url).port) }),
    );
    expect(statements.length).toBeGreaterThan(0);
    // Here it does not show that it is the server itself, so that the audit tells of what it asks in vain.
    const changes = statements.filter(
      (sql) => /^\s*(INSERT|UPDATE|DELETE)/i.test(sql) && !sql.includes('"audit_entry"'),
    );
    expect(changes).toEqual([]);
    expect(await count()).toBe(before);
  });

  test('warming up fails where nobody listens', async () => {
    await expect(warmUp({ host: '127.0.0.1', port: 1 })).rejects.toThrow('ECONNREFUSED');
  });
});
