/** Outputs by GraphQL: added, turned on, changed, tried and removed, over the real store and sessions. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openOutputs } from '../../src/cli/serve/output-parts.ts';
import type { Role, Tags } from '../../src/domain/access.ts';
import { createLog } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import { SETTINGS } from '../helpers/streams.ts';
import { openReceiver, type Receiver, SECRET } from '../outputs/receiver.ts';
import { ask as askAt, openTestApi, until } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let hook: Receiver;
beforeAll(async () => {
  world = await openWorld({ auth: true });
});
afterAll(() => world.close());
beforeEach(async () => {
  hook = await openReceiver();
});
afterEach(async () => {
  for (const { id } of await world.store.prisma.output.findMany()) await world.services.outputs.remove(id);
  for (const { id } of await world.store.prisma.stream.findMany())
    await world.services.streamManager.remove(id);
  await hook.close();
});

async function ask(query: string, variables: object = {}, role: Role = 'ADMIN', streams: Tags | null = null) {
  return askAt(world.url, query, { ...variables }, await world.token(role, streams));
}

const ADD = `mutation ($input: AddOutputInput!) { addOutput(input: $input) { secret output {
  id name kind enabled address topics rules { name expression minDuration minConfidence trackNumber } state stream { id } } } }`;
const LIST = `{ outputs { nodes { id enabled address state lastError { message at } sent failed dropped waiting
  topics rules { name } stream { id } } } }`;
const UPDATE =
  'mutation ($input: UpdateOutputInput!) { updateOutput(input: $input) { output { id enabled state lastError { message } } } }';

async function add(input: object): Promise<string> {
  const target = { webhook: { url: hook.url, secret: SECRET } };
  const { data, errors } = await ask(ADD, { input: { name: 'a receiver', target, ...input } });
  expect(errors).toBeUndefined();
  return data.addOutput.output.id;
}

async function stream(path: string, tags: Tags = {}): Promise<string> {
  const source = { type: 'file' as const, path };
  return (await world.store.streams.create({ ...SETTINGS, name: path, source, tags })).id;
}

const start = (id: string) => world.services.streamManager.start(id);
const types = () => hook.received.map(({ payload }) => payload.type);

test('an output is off until it is turned on, and is then told of what is committed, of its stream alone', async () => {
  const [mine, other] = [await stream('a.mp4'), await stream('b.mp4')];
  const rules = [{ name: 'joy', expression: 'HAPPINESS', minDuration: 1 }];
  const topics = ['EPISODES', 'STATES'];
  const id = await add({ streamId: mine, rules, topics });
  await start(mine);
  await until(async () => (await world.store.sessions.live()).length === 0, 'it has ended');
  expect(hook.received).toEqual([]);

  expect((await ask(UPDATE, { input: { id, enabled: true } })).data.updateOutput.output).toMatchObject({
    ...{ id, enabled: true, state: 'READY', lastError: null },
  });
  await start(other);
  await start(mine);
  await until(() => hook.received.at(-1)?.payload.data.state === 'ENDED', 'its end is told');
  expect(
    types()
      .filter((type) => type !== 'session.state')
      .sort(),
  ).toEqual([
    ...['episode.offset', 'episode.offset', 'episode.onset', 'episode.onset'],
    ...['rule.began', 'rule.began', 'rule.ended', 'rule.ended'],
  ]);
  const states = hook.received.flatMap(({ payload }) => payload.data.state ?? []);
  expect(states).toEqual(['STARTING', 'RUNNING', 'ENDED']);
  for (const { payload } of hook.received) expect(payload.data.stream).toEqual({ id: mine, name: 'a.mp4' });
  // Nothing is told that is not stored.
  const onset = hook.received.find(({ payload }) => payload.type === 'episode.onset')!.payload.data;
  expect(await world.store.prisma.episode.count({ where: { sessionId: onset.session.id } })).toBe(2);
  await until(async () => (await ask(LIST)).data.outputs.nodes[0].sent === 11, 'all are counted');
});

test('its address is shown without what may be secret, and its secret only where mien made it, once', async () => {
  const url = `${hook.url}#part`;
  const made = (await ask(ADD, { input: { name: 'a', target: { webhook: { url } } } })).data.addOutput;
  expect(made).toMatchObject({
    secret: expect.stringMatching(/^whsec_[A-Za-z\d+/]{43}=$/),
    output: {
      ...{ name: 'a', kind: 'WEBHOOK', enabled: false, state: 'OFF', stream: null, rules: [] },
      ...{ address: new URL(hook.url).origin, topics: ['EPISODES', 'STATES', 'COVERAGE'] },
    },
  });
  const given = (await ask(ADD, { input: { name: 'b', target: { webhook: { url, secret: SECRET } } } })).data
    .addOutput;
  expect(given.secret).toBeNull();
  const rows = JSON.stringify([await world.store.prisma.output.findMany(), (await ask(LIST)).data]);
  for (const secret of ['a-secret-path', 'b-secret', SECRET, made.secret]) expect(rows).not.toContain(secret);
  const audit = JSON.stringify(await world.store.prisma.auditEntry.findMany());
  for (const secret of ['a-secret-path', 'b-secret', SECRET]) expect(audit).not.toContain(secret);
});

test('what is sealed by an old key is sealed by a new one with the sources, and locked without any', async () => {
  const id = await add({ enabled: true });
  const before = await world.store.prisma.output.findUniqueOrThrow({ where: { id } });
  expect(await world.store.rotateSecrets()).toEqual({ sealed: 1, locked: 0 });
  const after = await world.store.prisma.output.findUniqueOrThrow({ where: { id } });
  expect(after.sealed).not.toBe(before.sealed);
  expect((await world.store.outputs.get(id))?.target).toMatchObject({ url: hook.url, secret: SECRET });

  await world.store.prisma.output.update({ where: { id }, data: { sealed: '1.gone.AAAA' } });
  expect(await world.store.rotateSecrets()).toEqual({ sealed: 0, locked: 1 });
  const locked = await ask(UPDATE, { input: { id, enabled: true } });
  expect(locked.data.updateOutput.output).toMatchObject({
    ...{ state: 'STOPPED', lastError: { message: expect.stringContaining('sealed with another key') } },
  });
  const url = { id, target: { webhook: { url: hook.url } } };
  expect((await ask(UPDATE, { input: url })).errors?.[0]?.message).toContain('give all of where it goes');
  const both = { id, target: { webhook: { url: hook.url, secret: SECRET } } };
  expect((await ask(UPDATE, { input: both })).data.updateOutput.output.state).toBe('READY');
});

const TEST =
  'mutation ($id: ID!) { testOutput(input: { id: $id }) { ok message status answer milliseconds output { id } } }';

test('it can be tried before it is turned on: what came back is told', async () => {
  const id = await add({});
  hook.answers.splice(0, 1, 200, 403);
  expect((await ask(TEST, { id })).data.testOutput).toEqual({
    ...{ ok: true, message: 'It was taken, with the status 200.', status: 200, answer: '{"it":"was read"}' },
    ...{ milliseconds: expect.any(Number), output: { id } },
  });
  expect((await ask(TEST, { id })).data.testOutput).toMatchObject({
    ...{ ok: false, message: expect.stringContaining('answered 403'), status: 403 },
  });
  await hook.close();
  expect((await ask(TEST, { id })).data.testOutput).toMatchObject({
    ...{ ok: false, message: expect.stringContaining('refuses connections'), status: null, answer: null },
  });
  hook = await openReceiver();
});

test('a receiver that wants no more turns it off, for good, until somebody turns it on again', async () => {
  hook.answers[0] = 410;
  const id = await add({ enabled: true, topics: ['STATES'] });
  await start(await stream('a.mp4'));
  const state = async () => (await ask(LIST)).data.outputs.nodes[0];
  await until(async () => (await state()).state === 'STOPPED', 'it is stopped');
  expect(await state()).toMatchObject({
    ...{ enabled: false, lastError: { message: expect.stringContaining('answered 410'), at: null } },
  });
  const entry = await world.store.prisma.auditEntry.findFirst({ where: { actorKind: 'SYSTEM' } });
  expect(entry).toMatchObject({ action: 'CHANGE_OUTPUT', targetId: id, targetName: 'a receiver' });
  hook.answers[0] = 204;
  await ask(UPDATE, { input: { id, enabled: true } });
  expect(await state()).toMatchObject({ enabled: true, state: 'READY', lastError: null });
});

test('an operator may name addresses of the public internet, and no others; an admin any', async () => {
  const input = (url: string) => ({ input: { name: 'a', target: { webhook: { url } } } });
  for (const url of [
    hook.url,
    'http://localhost:4000/graphql',
    'http://[fd00::1]/',
    'https://192.168.0.1/',
  ]) {
    const { errors } = await ask(ADD, input(url), 'OPERATOR');
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('only an admin who is shown all streams may have mien send there'),
      extensions: { code: 'FORBIDDEN' },
    });
  }
  const open = (await ask(ADD, input('https://8.8.8.8/hook'), 'OPERATOR')).data.addOutput.output.id;
  const inside = await ask(
    UPDATE,
    { input: { id: open, target: { webhook: { url: hook.url } } } },
    'OPERATOR',
  );
  expect(inside.errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  // What an admin has named an operator may turn on, but not change the address of, or its secret.
  const named = await add({});
  const on = await ask(UPDATE, { input: { id: named, enabled: true } }, 'OPERATOR');
  expect(on.data.updateOutput.output.enabled).toBe(true);
  const secret = await ask(
    UPDATE,
    { input: { id: named, target: { webhook: { secret: SECRET } } } },
    'OPERATOR',
  );
  expect(secret.errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
});

test('who is shown some streams only has outputs of those, and hears of no others', async () => {
  const [lab, shop] = [await stream('a.mp4', { site: 'lab' }), await stream('b.mp4', { site: 'shop' })];
  const mine = await add({ streamId: lab });
  const [others, all] = [await add({ streamId: shop }), await add({})];
  const limited = (query: string, variables: object = {}) =>
    ask(query, variables, 'OPERATOR', { site: 'lab' });
  expect((await limited(LIST)).data.outputs.nodes.map(({ id }: { id: string }) => id)).toEqual([mine]);
  const ofStreams = await limited('{ streams { nodes { id outputs { nodes { id } } } } }');
  expect(ofStreams.data.streams.nodes).toEqual([{ id: lab, outputs: { nodes: [{ id: mine }] } }]);
  for (const id of [others, all]) {
    expect((await limited(TEST, { id })).errors?.[0]?.extensions?.code).toBe('NOT_FOUND');
    const change = await limited(UPDATE, { input: { id, enabled: true } });
    expect(change.errors?.[0]?.extensions?.code).toBe('NOT_FOUND');
  }
  const target = { webhook: { url: 'https://8.8.8.8/' } };
  for (const [streamId, code] of [
    [shop, 'NOT_FOUND'],
    [null, 'FORBIDDEN'],
  ]) {
    const { errors } = await limited(ADD, { input: { name: 'a', streamId, target } });
    expect(errors?.[0]?.extensions?.code).toBe(code);
  }
  expect((await limited(ADD, { input: { name: 'a', streamId: lab, target } })).errors).toBeUndefined();
  const viewer = await ask('{ streams { nodes { outputs { nodes { id } } } } }', {}, 'VIEWER');
  expect(viewer.errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
});

test('a stream that is removed takes its outputs with it; what is removed is told nothing more', async () => {
  const id = await stream('endless.mp4');
  await add({ streamId: id, enabled: true, topics: ['STATES'] });
  const all = await add({ enabled: true, topics: ['STATES'] });
  await start(id);
  await hook.until(2);
  await world.services.streamManager.remove(id);
  expect((await ask(LIST)).data.outputs.nodes).toMatchObject([{ id: all }]);
  const REMOVE = 'mutation ($id: ID!) { removeOutput(input: { id: $id }) { removedOutputId } }';
  expect((await ask(REMOVE, { id: all })).data.removeOutput).toEqual({ removedOutputId: all });
  expect((await ask(REMOVE, { id: all })).errors?.[0]?.extensions?.code).toBe('NOT_FOUND');
  const before = hook.received.length;
  await start(await stream('a.mp4'));
  await until(async () => (await world.store.sessions.live()).length === 0, 'it has ended');
  expect(hook.received).toHaveLength(before);
});

test.each([
  ['what is no URL', { target: { webhook: { url: 'example.org' } } }, '`webhook.url` must be an address'],
  ['a file', { target: { webhook: { url: 'file:///etc/passwd' } } }, '`webhook.url` must be an address'],
  [
    'a password',
    { target: { webhook: { url: 'https://a:b@example.org/' } } },
    'must not hold a user or a password',
  ],
  [
    'a bad secret',
    { target: { webhook: { url: 'https://example.org/', secret: 'whsec_c2hvcnQ=' } } },
    '`webhook.secret` must be',
  ],
  ['moments by requests', { topics: ['MOMENTS'] }, 'A webhook is not told of MOMENTS'],
  ['no broker', { target: { mqtt: { url: 'http://a/' } } }, '`mqtt.url` must be an address'],
  ['a password in a broker’s', { target: { mqtt: { url: 'mqtt://a:b@c' } } }, 'give `username` and'],
  ['a wildcard', { target: { mqtt: { url: 'mqtt://a', prefix: 'a/#' } } }, '`mqtt.prefix` must be'],
  [
    'a topic that brokers end connections at',
    { target: { mqtt: { url: 'mqtt://a', prefix: 'a/\uFFFE' } } },
    '`mqtt.prefix` must be',
  ],
  [
    'a user of whom no broker hears the end',
    { target: { mqtt: { url: 'mqtt://a', username: 'é'.repeat(33_000) } } },
    '`mqtt.username` must have 65535 bytes at most',
  ],
  [
    'a NUL in a password',
    { target: { mqtt: { url: 'mqtt://a', username: 'a', password: 'a\0b' } } },
    '`mqtt.password` must have',
  ],
  [
    'a password of nobody',
    { target: { mqtt: { url: 'mqtt://a', password: 'b' } } },
    '`mqtt.username` must be given with `mqtt.password`',
  ],
  [
    'a long pause',
    { target: { mqtt: { url: 'mqtt://a', momentInterval: 3601 } } },
    '`mqtt.momentInterval` must',
  ],
  ['no such port', { target: { osc: { host: 'a', port: 65536 } } }, '`osc.port` must be 1 to 65535'],
  ['no host', { target: { osc: { host: 'a b', port: 1 } } }, '`osc.host` must be an IP address'],
  ['no OSC address', { target: { osc: { host: 'a', port: 1, prefix: '/a b' } } }, '`osc.prefix` must be'],
  ['nothing to tell', { topics: [] }, 'must be told of something'],
  ['no name', { name: ' ' }, '`name` must have 1 to 100 characters'],
  ['a line break', { name: 'a\nb' }, 'without line breaks'],
  ['two rules alike', { rules: [JOY(), JOY()] }, 'the same name'],
  [
    'a rule that lasts too long',
    { rules: [JOY({ minDuration: 3601 })] },
    '`rules.minDuration` must be 0 to 3600',
  ],
  ['too sure a rule', { rules: [JOY({ minConfidence: 1.1 })] }, '`rules.minConfidence` must be 0 to 1'],
  ['no such track', { rules: [JOY({ trackNumber: 0 })] }, '`rules.trackNumber` must be at least 1'],
  ['too many rules', { rules: Array.from({ length: 21 }, (_, at) => JOY({ name: `${at}` })) }, '20 at most'],
])('%s is refused with a sentence, and nothing is stored', async (_, change, sentence) => {
  const input = { name: 'a', target: { webhook: { url: hook.url } }, ...change };
  const { errors } = await ask(ADD, { input });
  expect(errors?.[0]).toMatchObject({
    ...{ message: expect.stringContaining(sentence), extensions: { code: 'BAD_INPUT' } },
  });
  expect(await world.store.outputs.count()).toBe(0);
});

function JOY(change: object = {}): object {
  return { name: 'joy', expression: 'HAPPINESS', ...change };
}

test('a server that starts again goes on with those that are turned on', async () => {
  const id = await add({ enabled: true, topics: ['STATES'] });
  await add({});
  const [metrics, log] = [createMetrics(), createLog({ logLevel: 'silent', logFormat: 'json' })];
  const { store, bus } = world;
  const again = await openOutputs({
    ...{ store, bus, metrics, audit: world.services.audit, log },
  });
  await start(await stream('a.mp4'));
  await hook.until(6);
  await until(() => again.status(id)?.sent === 3, 'they are counted');
  const told = await metrics.registry.metrics();
  expect(told).toContain(`mien_output_sent_total{output="${id}",kind="WEBHOOK"} 3`);
  expect(told).toContain(`mien_output_waiting{output="${id}",kind="WEBHOOK"} 0`);
  await again.close();
  expect(await metrics.registry.metrics()).not.toContain(id);
  metrics.close();
});

test('brokers and datagrams: what is shown of them, and that a password goes nowhere it was not given for', async () => {
  const SHOWN = `mutation ($input: AddOutputInput!) { addOutput(input: $input) { secret output { id kind address prefix
    discoveryPrefix topics } } }`;
  const mqtt = { url: 'mqtts://Broker.example.org', username: 'mien', password: 'a-password' };
  const made = (await ask(SHOWN, { input: { name: 'a', target: { mqtt } } })).data.addOutput;
  expect(made).toMatchObject({
    secret: null,
    output: {
      ...{
        kind: 'MQTT',
        address: 'mqtts://broker.example.org',
        prefix: 'mien',
        discoveryPrefix: 'homeassistant',
      },
      topics: ['EPISODES', 'STATES', 'COVERAGE', 'MOMENTS'],
    },
  });
  expect(JSON.stringify(await world.store.prisma.output.findMany())).not.toContain('a-password');
  const { id } = made.output;
  const change = (target: object) => ask(UPDATE, { input: { id, target } });
  const stored = async () => (await world.store.outputs.get(id))?.target;
  await change({ mqtt: { discoveryPrefix: null, momentInterval: 5 } });
  expect(await stored()).toEqual({
    ...{ kind: 'MQTT', url: 'mqtts://broker.example.org', username: 'mien', password: 'a-password' },
    ...{ prefix: 'mien', discovery: null, momentInterval: 5 },
  });
  await change({ mqtt: { url: 'mqtts://other.example.org' } });
  expect(await stored()).toMatchObject({ url: 'mqtts://other.example.org', username: null, password: null });
  const { errors } = await change({ osc: { host: 'a', port: 1 } });
  expect(errors?.[0]?.message).toBe('This output is of the kind MQTT, and stays so: add another instead.');

  const osc = { host: '[::1]', port: 9000, prefix: '/a' };
  expect((await ask(SHOWN, { input: { name: 'b', target: { osc } } })).data.addOutput.output).toMatchObject({
    ...{ kind: 'OSC', address: 'osc.udp://[::1]:9000', prefix: '/a', discoveryPrefix: null },
  });
  const inside = await ask(ADD, { input: { name: 'c', target: { osc } } }, 'OPERATOR');
  expect(inside.errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
});

describe('two outputs on the same topics of a broker', () => {
  const mqtt = (change: object = {}) => ({ mqtt: { url: 'mqtt://Broker.example.org:1883', ...change } });
  const wanted = (change: object = {}) => ({ name: 'lights', target: mqtt(), topics: ['STATES'], ...change });
  const conflictOf = async (input: object, role: Role = 'ADMIN', tags: Tags | null = null) => {
    const { errors } = await ask(ADD, { input: wanted(input) }, role, tags);
    expect(errors?.[0]?.extensions?.code).toBe(errors && 'CONFLICT');
    return errors?.[0]?.message ?? null;
  };

  test('are refused, with the name of the other and what to do', async () => {
    const one = await stream('a.mp4');
    await add(wanted({ rules: [JOY()] }));
    expect(await conflictOf({ name: 'heat', streamId: null, topics: ['STATES', 'MOMENTS'] })).toBe(
      'Choose another `mqtt.prefix`: under “mien” the output “lights” tells that broker the same (STATES), and each of the two would take back what the other keeps up to date there.',
    );
    // The same broker by the other port that brokers usually have, and by none.
    for (const url of ['mqtts://broker.example.org:8883', 'mqtt://broker.example.org'])
      expect(await conflictOf({ target: mqtt({ url }) })).toContain('“lights”');
    expect(await conflictOf({ streamId: one, topics: [], rules: [JOY()] })).toContain('(the rule “joy”)');
  });

  test('go together where they share nothing: of other streams, of something else, elsewhere', async () => {
    const [one, other] = [await stream('a.mp4'), await stream('b.mp4')];
    await add(wanted({ streamId: one }));
    for (const apart of [
      { streamId: other },
      { topics: ['COVERAGE'] },
      { topics: [], rules: [JOY()] },
      { target: mqtt({ prefix: 'mien/2' }) },
      { target: mqtt({ url: 'mqtt://broker.example.org:1884' }) },
    ])
      expect(await conflictOf({ streamId: one, ...apart })).toBeNull();
  });

  test('are refused by a change too, which leaves all as it was; what is turned off is never', async () => {
    await add(wanted());
    const id = await add(wanted({ target: mqtt({ prefix: 'b' }) }));
    const { errors } = await ask(UPDATE, { input: { id, target: mqtt({ prefix: 'mien' }) } });
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('Choose another `mqtt.prefix`'),
      extensions: { code: 'CONFLICT' },
    });
    expect((await world.store.outputs.get(id))?.target).toMatchObject({ prefix: 'b' });
    // As two were that an older mien let in.
    await world.store.prisma.output.update({
      where: { id },
      data: { target: { address: 'mqtt://broker.example.org:1883', prefix: 'mien', discovery: null } },
    });
    const turn = async (enabled: boolean) => (await ask(UPDATE, { input: { id, enabled } })).errors;
    expect((await turn(true))?.[0]?.extensions?.code).toBe('CONFLICT');
    expect(await turn(false)).toBeUndefined();
  });

  test('of which both are asked for at once: one is refused', async () => {
    const ids = await Promise.all(['b', 'c'].map((prefix) => add(wanted({ target: mqtt({ prefix }) }))));
    const changes = await Promise.all(
      ids.map((id) => ask(UPDATE, { input: { id, target: mqtt({ prefix: 'd' }) } })),
    );
    expect(changes.map(({ errors }) => errors?.[0]?.extensions?.code).sort()).toEqual([
      'CONFLICT',
      undefined,
    ]);
    const added = await Promise.all(Array.from({ length: 4 }, () => conflictOf({})));
    expect(added.filter((message) => message === null)).toHaveLength(1);
  });

  test('are told of to who is shown some streams only, without the name of what is hidden', async () => {
    const lab = await stream('a.mp4', { site: 'lab' });
    const url = 'mqtt://8.8.8.8';
    await add(wanted({ name: 'the boss', target: mqtt({ url }) }));
    const message = await conflictOf({ streamId: lab, target: mqtt({ url }) }, 'OPERATOR', { site: 'lab' });
    expect(message).toContain('under “mien” an output of all streams tells that broker the same');
    expect(message).not.toContain('the boss');
  });
});

test('where no worker answers, what is on is not known, what is off is off, and models are not known', async () => {
  const [on, off] = [await add({ enabled: true }), await add({})];
  const { outputs } = world.services;
  const api = await openTestApi({
    ...{ ...world.services, modelIds: async () => null },
    outputs: { ...outputs, status: async () => 'UNKNOWN' as const },
  });
  const { data, errors } = await askAt(api.url, `{ models { id } ${LIST.slice(1)}`);
  await api.close();
  expect(errors).toBeUndefined();
  const unknown = { sent: null, failed: null, dropped: null, waiting: null };
  const nothing = { sent: 0, failed: 0, dropped: 0, waiting: 0 };
  expect(data).toMatchObject({
    models: null,
    outputs: {
      nodes: [
        { id: on, enabled: true, state: 'UNKNOWN', lastError: null, ...unknown },
        { id: off, enabled: false, state: 'OFF', lastError: null, ...nothing },
      ],
    },
  });
});
