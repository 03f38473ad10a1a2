/** The mutation `erase` and its records, over the real store and streams that run. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask as post, until } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const ask = (query: string, variables?: Record<string, unknown>) => post(world.url, query, variables);
const ERASE = `mutation ($input: EraseTargetInput!, $reason: String!) { erase(input: { target: $input, reason: $reason }) { erasure {
  id finishedAt requestedBy reason sessionIds target { kind sessionId track mediaFrom mediaTo from tagKey }
  erased { streams sessions moments readings sums episodes tracks uploads } } } }`;
const erase = (input: object, reason = 'asked for') => ask(ERASE, { input, reason });
const codeOf = async (answer: ReturnType<typeof ask>) => (await answer).errors?.[0]?.extensions?.code;

async function register(file: string, tags: object[] = []) {
  const input = { name: `${file} ${Math.random()}`, source: { file }, purpose: 'RESEARCH', tags };
  const { data } = await ask(
    'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id latestSession { id } } } }',
    { input },
  );
  return {
    streamId: data.registerStream.stream.id as string,
    id: data.registerStream.stream.latestSession.id as string,
  };
}

const sessionOf = async (id: string) =>
  (
    await ask(
      'query ($id: ID!) { session(id: $id) { state stream { wanted } summary { frames seconds coverage erasedSeconds } timeline(first: 100) { nodes { seq } } } }',
      { id },
    )
  ).data.session;

it('a stretch is erased while its session goes on', async () => {
  const { id, streamId } = await register('endless');
  await until(async () => (await sessionOf(id)).summary.frames > 30, 'three seconds were recorded');
  const { data } = await erase({ range: { sessionId: id, mediaFrom: 0.5, mediaTo: 1.5 } });
  expect(data.erase.erasure).toMatchObject({
    ...{ finishedAt: expect.any(String), reason: 'asked for', sessionIds: [id] },
    target: { kind: 'RANGE', sessionId: id, track: null, mediaFrom: 0.5, mediaTo: 1.5, from: null },
    erased: { moments: 10, readings: 20, sessions: 0 },
  });
  const { summary, timeline } = await sessionOf(id);
  expect(timeline.nodes.slice(0, 8).map(({ seq }: { seq: number }) => seq)).toEqual([
    0, 1, 2, 3, 4, 15, 16, 17,
  ]);
  expect(summary.erasedSeconds).toBeGreaterThan(0.9);
  await until(async () => (await sessionOf(id)).summary.frames > summary.frames + 5, 'it goes on');
  // As a whole it is stopped first.
  const gone = await erase({ session: id });
  expect(gone.data.erase.erasure.erased).toMatchObject({ sessions: 1, streams: 0 });
  expect(await sessionOf(id)).toBeNull();
  const { data: rest } = await ask('query ($id: ID!) { stream(id: $id) { wanted latestSession { id } } }', {
    id: streamId,
  });
  expect(rest.stream).toEqual({ wanted: false, latestSession: null });
});

it('a stretch that reaches into what is to come is refused with a sentence', {
  timeout: 120_000,
}, async () => {
  const { id, streamId } = await register('silent');
  // Nothing of it was recorded so far, but may be while it runs.
  expect(await codeOf(erase({ range: { sessionId: id, mediaFrom: 0, mediaTo: 5 } }))).toBe('CONFLICT');
  await ask('mutation ($id: ID!) { stopStream(input: { id: $id }) { session { id } } }', { id: streamId });
  const { errors } = await erase({ range: { sessionId: id, mediaFrom: 0, mediaTo: 5 } });
  expect(errors).toBeUndefined();
  const endless = await register('endless');
  await until(async () => (await sessionOf(endless.id)).summary.frames > 5, 'something was recorded');
  const refused = await erase({ range: { sessionId: endless.id, mediaFrom: 0, mediaTo: 1e6 } });
  expect(refused.errors).toMatchObject([
    { message: expect.stringContaining('Take an earlier `to`'), extensions: { code: 'CONFLICT' } },
  ]);
  await ask('mutation ($id: ID!) { removeStream(input: { id: $id }) { removedStreamId } }', {
    id: endless.streamId,
  });
});

it('a tag takes streams that run with it, and the records are listed without its value', async () => {
  const tags = [{ key: 'participant', value: 'P-17' }];
  const { streamId, id } = await register('endless', tags);
  await until(async () => (await sessionOf(id)).summary.frames > 2, 'something was recorded');
  const { data } = await erase({ tag: tags[0]! });
  expect(data.erase.erasure).toMatchObject({
    target: { tagKey: 'participant' },
    erased: { streams: 1, sessions: 1 },
  });
  expect((await ask('query ($id: ID!) { stream(id: $id) { id } }', { id: streamId })).data.stream).toBeNull();
  const list = `{ erasures(first: 1) { pageInfo { hasNextPage endCursor } nodes { id requestedAt requestedBy requesterId
    target { kind tagKey } sessionIds } } }`;
  const { nodes, pageInfo } = (await ask(list)).data.erasures;
  expect(nodes).toMatchObject([
    { id: data.erase.erasure.id, requestedBy: 'anybody', target: { kind: 'TAG' }, sessionIds: [id] },
  ]);
  expect(JSON.stringify(nodes)).not.toContain('P-17');
  expect(pageInfo.hasNextPage).toBe(true);
  const next = await ask('query ($after: String) { erasures(first: 9, after: $after) { nodes { id } } }', {
    after: pageInfo.endCursor,
  });
  expect(next.data.erasures.nodes.map((node: { id: string }) => node.id)).not.toContain(
    data.erase.erasure.id,
  );
});

it('what cannot be meant is refused', async () => {
  const id = '0190b0f0-0000-7000-8000-000000000001';
  expect(await codeOf(erase({ session: id }))).toBe('NOT_FOUND');
  expect(await codeOf(erase({ session: 'x' }))).toBe('NOT_FOUND');
  expect(await codeOf(erase({ track: { sessionId: id, track: 1 } }))).toBe('NOT_FOUND');
  expect(await codeOf(erase({ tag: { key: 'nobody', value: 'has it' } }))).toBe('NOT_FOUND');
  expect(await codeOf(erase({ session: id }, ' '))).toBe('BAD_INPUT');
  const ranges = [
    { mediaFrom: 0, mediaTo: 1 },
    { sessionId: id, mediaFrom: 1, mediaTo: 1 },
    { sessionId: id, mediaFrom: 1 },
    { streamId: id, mediaFrom: 0, mediaTo: 1 },
    { sessionId: id, streamId: id, mediaFrom: 0, mediaTo: 1 },
    { sessionId: id, mediaFrom: 0, mediaTo: 1, from: '2026-11-28T00:00:00Z' },
  ];
  for (const range of ranges) expect(await codeOf(erase({ range }))).toBe('BAD_INPUT');
});
