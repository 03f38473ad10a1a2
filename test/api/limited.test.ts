/** Somebody who is limited to the streams with some tags: over the real store, whatever else there is, is not there. */
import { type ExecutionResult, graphql, parse } from 'graphql';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createContextFactory } from '../../src/api/context/context.ts';
import { createMaskError } from '../../src/api/errors/mask-errors.ts';
import type { Delivery } from '../../src/api/fanout/delivery.ts';
import { createFanout } from '../../src/api/fanout/fanout.ts';
import { Subscriber } from '../../src/api/fanout/subscriber.ts';
import type { Load } from '../../src/api/index.ts';
import { schema } from '../../src/api/schema/index.ts';
import type { Role, Tags } from '../../src/domain/access.ts';
import { MienError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { requesterOf } from '../helpers/access.ts';
import { until } from './harness.ts';
import { openWorld, type World } from './world.ts';

const LAB = { site: 'lab' };
const MISSING = '0190b0f0-0000-7000-8000-00000000dead';

let world: World;
let shown: { id: string; sessionId: string };
let hidden: { id: string; sessionId: string };

beforeAll(async () => {
  world = await openWorld();
  shown = await register('camera', { ...LAB, room: '2' });
  hidden = await register('camera', { site: 'shop' });
});
afterAll(() => world.close());

/** A stream of the source `endless.mp4`, which runs. */
async function register(name: string, tags: Tags, file = 'endless.mp4') {
  const settings = {
    purpose: 'RESEARCH',
    frameRate: 10,
    priority: 'NORMAL',
    loop: false,
    realtime: true,
  } as const;
  const source = { type: 'file', path: file } as const;
  // Whoever is shown these tags only: a stream of the same name and source that has others is no conflict.
  const more = {
    detectSize: 'STANDARD',
    smoothing: 250,
    timing: null,
    retention: null,
    autoStart: true,
    tags,
  } as const;
  const { id } = await world.services.streamManager.register(
    { name, source, ...settings, ...more },
    { shown: tags },
  );
  const session = await world.store.sessions.latest(id);
  if (session === null) throw new Error('it did not start');
  return { id, sessionId: session.id };
}

/** What a request of somebody who is limited to the lab is answered. */
async function ask(
  source: string,
  variables: object = {},
  role: Role = 'OPERATOR',
  streams: Tags | null = LAB,
  services = world.services,
) {
  const contextValue = createContextFactory(services)(requesterOf(role, streams));
  const maskError = createMaskError(createLog({ logLevel: 'silent', logFormat: 'json' }));
  const result = await graphql({ schema, source, contextValue, variableValues: { ...variables } });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  const data = result.data as any;
  const errors = result.errors?.map((error) => maskError(error));
  return { data, errors: errors?.map(({ message, extensions }) => ({ message, code: extensions.code })) };
}

test('lists show the streams that are shown, and their sessions, page by page, and no others', async () => {
  const list = `query ($first: Int, $after: String) { streams(first: $first, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
    sessions { nodes { id stream { id } } edges { node { id } } } }`;
  const { data, errors } = await ask(list, { first: 1 });
  expect(errors).toBeUndefined();
  expect(data.streams.nodes).toEqual([{ id: shown.id }]);
  expect(data.streams.pageInfo.hasNextPage).toBe(false);
  expect(data.sessions.nodes).toEqual([{ id: shown.sessionId, stream: { id: shown.id } }]);
  expect(data.sessions.edges).toEqual([{ node: { id: shown.sessionId } }]);
  const next = await ask(list, { first: 1, after: data.streams.pageInfo.endCursor });
  expect(next.data.streams.nodes).toEqual([]);
  const all = await ask('{ streams { nodes { id } } sessions { nodes { id } } }', {}, 'VIEWER', null);
  expect(all.data.streams.nodes).toEqual([{ id: shown.id }, { id: hidden.id }]);
  expect(all.data.sessions.nodes).toHaveLength(2);
});

const BY_ID = `query ($stream: ID!, $session: ID!) {
  stream(id: $stream) { id } session(id: $session) { id } sessions(filter: { streamIds: [$stream] }) { nodes { id } }
  streamNode: node(id: $stream) { id } sessionNode: node(id: $session) { id __typename } }`;

test('by its id, what is hidden is answered as what is missing is: with null, and with an empty list', async () => {
  const missing = await ask(BY_ID, { stream: MISSING, session: MISSING });
  expect(missing).toEqual({
    data: { stream: null, session: null, sessions: { nodes: [] }, streamNode: null, sessionNode: null },
    errors: undefined,
  });
  expect(await ask(BY_ID, { stream: hidden.id, session: hidden.sessionId })).toEqual(missing);
  const seen = await ask(BY_ID, { stream: shown.id, session: shown.sessionId });
  expect(seen.data).toMatchObject({
    stream: { id: shown.id },
    session: { id: shown.sessionId },
    streamNode: { id: shown.id },
  });
});

test('the model of a session and its stream are reached from what is shown, with what was recorded of it', async () => {
  await until(
    async () => (await world.store.moments.extent(shown.sessionId)).newest > 2,
    'moments are stored',
  );
  const source = `query ($id: ID!) { session(id: $id) { tags { key value } model { id } stream { latestSession { id } sessions { nodes { id } } }
    summary { frames } aggregate(bucket: 1) { frames } timeline(first: 1) { nodes { seq } } tracks { nodes { number } } episodes { nodes { index } } } models { id } }`;
  const { data, errors } = await ask(source, { id: shown.sessionId }, 'VIEWER');
  expect(errors).toBeUndefined();
  expect(data.session.stream).toEqual({
    latestSession: { id: shown.sessionId },
    sessions: { nodes: [{ id: shown.sessionId }] },
  });
  expect(data.session.summary.frames).toBeGreaterThan(0);
  expect(data.session.timeline.nodes).toEqual([{ seq: 0 }]);
  expect(data.session.tracks).not.toEqual([]);
  expect(data.models).toEqual([{ id: 'test@1' }]);
});

test.each(['startStream', 'stopStream', 'removeStream'])(
  '%s of a hidden stream says what it says of a missing one, and does nothing',
  async (name) => {
    const source = `mutation ($id: ID!) { ${name}(input: { id: $id }) { __typename } }`;
    const sentence = (id: string) => ({
      data: null,
      errors: [{ message: `There is no stream ${id}.`, code: 'NOT_FOUND' }],
    });
    expect(await ask(source, { id: MISSING })).toEqual(sentence(MISSING));
    expect(await ask(source, { id: hidden.id })).toEqual(sentence(hidden.id));
    expect(await ask(source, { id: hidden.id.toUpperCase() })).toEqual(sentence(hidden.id));
    expect(await world.store.sessions.latest(hidden.id)).toMatchObject({
      id: hidden.sessionId,
      state: 'RUNNING',
    });
    expect(await ask(source, { id: MISSING }, 'OPERATOR', null)).toEqual(sentence(MISSING));
  },
);

const REGISTER = `mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id tags { key value } latestSession { id } } } }`;

/** As a client gives it. */
function input(name: string, tags: Tags, more: object = {}) {
  const list = Object.entries(tags).map(([key, value]) => ({ key, value }));
  return { input: { name, source: { file: 'silent.mp4' }, purpose: 'RESEARCH', tags: list, ...more } };
}

test('a stream that it registers must have its tags; then it starts, stops and removes it', async () => {
  const message = 'You are shown the streams tagged site=lab only: give this one these `tags`, too.';
  for (const tags of [{}, { site: 'shop' }, { Site: 'lab' }])
    expect(await ask(REGISTER, input('mine', tags))).toEqual({
      data: null,
      errors: [{ message, code: 'FORBIDDEN' }],
    });
  expect(await world.store.streams.byName('mine')).toEqual([]);
  const { data, errors } = await ask(REGISTER, input('mine', { ...LAB, room: '3' }));
  expect(errors).toBeUndefined();
  const { id, latestSession } = data.registerStream.stream;
  const stopped = await ask(
    'mutation ($id: ID!) { stopStream(input: { id: $id }) { session { id state } } }',
    { id },
  );
  expect(stopped.data).toEqual({ stopStream: { session: { id: latestSession.id, state: 'ENDED' } } });
  const started = await ask(
    'mutation ($id: ID!) { startStream(input: { id: $id }) { session { stream { id } } } }',
    { id },
  );
  expect(started.data).toEqual({ startStream: { session: { stream: { id } } } });
  expect(
    (await ask('mutation ($id: ID!) { removeStream(input: { id: $id }) { removedStreamId } }', { id })).data,
  ).toEqual({
    removeStream: { removedStreamId: id },
  });
  expect(await world.store.streams.get(id)).toBeNull();
});

test('a stream with the name and the source of a hidden one is no conflict, and with those of one that is shown it is', async () => {
  const other = await register('same', { site: 'shop' }, 'silent.mp4');
  const { data, errors } = await ask(REGISTER, input('same', LAB));
  expect(errors).toBeUndefined();
  expect((await ask(REGISTER, input('same', LAB))).data.registerStream).toEqual(data.registerStream);
  const again = await ask(REGISTER, input('same', LAB, { loop: true }));
  const { id } = data.registerStream.stream;
  const message = `The stream same is registered with this source already (${id}), with other settings. Take that one, change it by updateStream, or give this one another name.`;
  expect(again.errors).toEqual([{ message, code: 'CONFLICT' }]);
  for (const one of [id, other.id]) await world.services.streamManager.remove(one);
});

/** What the machine is asked, and by whom. */
const LOAD: Load = {
  effectiveFrameRate: () => 10,
  isOverloaded: () => false,
  warnings: (_, { totals } = { totals: true }) => [totals ? 'of all' : 'of its own'],
  capacity: (of) => ({ framesPerSecond: of ? null : 40, used: 0, asked: of?.size ?? 40, left: null }),
};

test('of the capacity it is told what its streams get and ask for, and its warnings name no totals', async () => {
  const services = { ...world.services, load: LOAD };
  const source = `query ($id: ID!) { capacity { framesPerSecond asked } stream(id: $id) { effectiveFrameRate warnings } }`;
  const told = async (streams: Tags | null) =>
    (await ask(source, { id: shown.id }, 'VIEWER', streams, services)).data;
  expect(await told(null)).toEqual({
    capacity: { framesPerSecond: 40, asked: 40 },
    stream: { effectiveFrameRate: 10, warnings: ['of all'] },
  });
  expect(await told(LAB)).toEqual({
    capacity: { framesPerSecond: null, asked: 1 },
    stream: { effectiveFrameRate: 10, warnings: ['of its own'] },
  });
  expect(await told({ site: 'moon' })).toEqual({
    capacity: { framesPerSecond: null, asked: 0 },
    stream: null,
  });
});

test.each([
  [
    'OVER_CAPACITY',
    'This machine has not the time for this stream, which was not started, because MIEN_OVERCOMMIT is false: lower its `frameRate`, or stop another one.',
  ],
  ['TOO_MANY_STREAMS', 'There can be no more streams: remove one, or have MIEN_MAX_STREAMS raised.'],
  ['SOURCE_REFUSED', 'Of 17 streams, this one.'],
] as const)('a refusal with %s tells it of no totals', async (code, message) => {
  const refuse = async () => {
    throw new MienError(code, 'Of 17 streams, this one.');
  };
  const streamManager = { register: refuse, change: refuse, start: refuse, stop: refuse, remove: refuse };
  const services = { ...world.services, streamManager };
  const errors = [{ message, code }];
  expect((await ask(REGISTER, input('refused', LAB), 'OPERATOR', LAB, services)).errors).toEqual(errors);
  const start = 'mutation ($id: ID!) { startStream(input: { id: $id }) { session { id } } }';
  expect((await ask(start, { id: shown.id }, 'OPERATOR', LAB, services)).errors).toEqual(errors);
});

const WATCH = parse('subscription { frameEmotions { sessionId } }');

test('those who are limited alike share an execution, and nobody shares one with those who see more or less', async () => {
  const opened: unknown[] = [];
  const { subscriptions } = world.services;
  const moments: typeof subscriptions.moments = (filter) => {
    opened.push(filter.tags ?? null);
    return subscriptions.moments(filter);
  };
  const services = { ...world.services, subscriptions: { ...subscriptions, moments } };
  const createContext = createContextFactory(services);
  const fanout = createFanout({
    createContext,
    maskError: createMaskError(createLog({ logLevel: 'silent', logFormat: 'json' })),
  });
  const subscribe = async (role: Role, streams: Tags | null) => {
    const contextValue = createContext(requesterOf(role, streams));
    const subscriber = await fanout.subscribe({ schema, document: WATCH, contextValue });
    if (!(subscriber instanceof Subscriber)) throw new Error(JSON.stringify(subscriber));
    onTestFinished(() => subscriber.close());
    const seen = new Set<string>();
    let count = 0;
    const write = ({ result }: Delivery) => {
      count += 1;
      seen.add(
        (result as ExecutionResult<{ frameEmotions: { sessionId: string } }>).data?.frameEmotions.sessionId ??
          'none',
      );
    };
    subscriber.attach({ full: false, write, end: () => seen.add('ended') });
    return { seen, enough: () => until(() => count >= 8, 'eight moments came') };
  };
  const limited = [await subscribe('VIEWER', LAB), await subscribe('VIEWER', { ...LAB })];
  expect(opened).toEqual([LAB]);
  const all = await subscribe('VIEWER', null);
  const shop = await subscribe('VIEWER', { site: 'shop' });
  const both = await subscribe('VIEWER', { room: '2', site: 'lab' });
  const swapped = await subscribe('VIEWER', { site: 'lab', room: '2' });
  expect(opened).toEqual([LAB, null, { site: 'shop' }, { room: '2', site: 'lab' }]);
  for (const one of [...limited, all, shop, both, swapped]) await one.enough();
  for (const { seen } of [...limited, both, swapped]) expect([...seen]).toEqual([shown.sessionId]);
  expect([...shop.seen]).toEqual([hidden.sessionId]);
  expect([...all.seen].sort()).toEqual([shown.sessionId, hidden.sessionId].sort());
});

test('a limited requester’s database narrows every read, and takes no writes and no statements of SQL', async () => {
  const { prisma } = createContextFactory(world.services)(requesterOf('OPERATOR', LAB));
  const { session, stream, track, episode } = prisma;
  const where = { id: hidden.id };
  expect(await stream.findUnique({ where })).toBeNull();
  expect(await stream.findFirst({ where })).toBeNull();
  expect(await stream.findMany({ where: { OR: [where, { id: shown.id }] } })).toMatchObject([
    { id: shown.id },
  ]);
  expect(await stream.findMany({ where: { AND: [where] } })).toEqual([]);
  await expect(stream.findUniqueOrThrow({ where })).rejects.toThrow('No record was found');
  await expect(stream.findFirstOrThrow({ where })).rejects.toThrow('No record was found');
  expect(await stream.count()).toBe(1);
  expect(await session.count()).toBe(1);
  expect(await stream.aggregate({ _count: true })).toMatchObject({ _count: 1 });
  expect(await session.groupBy({ by: ['streamId'], _count: true })).toMatchObject([
    { streamId: shown.id, _count: 1 },
  ]);
  const ofHidden = { where: { sessionId: hidden.sessionId } };
  await until(
    async () => (await world.store.prisma.track.count(ofHidden)) > 0,
    'the hidden session has tracks',
  );
  expect(await track.count(ofHidden)).toBe(0);
  expect(await episode.findMany(ofHidden)).toEqual([]);
  await expect(stream.update({ where, data: { name: 'x' } })).rejects.toThrow('Stream.update is not for');
  await expect(stream.deleteMany()).rejects.toThrow('Stream.deleteMany is not for');
  await expect(prisma.$queryRaw`SELECT 1`).rejects.toThrow(
    'is not for those who are shown some streams only',
  );
  await expect(prisma.reading.findMany()).rejects.toThrow('Reading.findMany is not for');
});
