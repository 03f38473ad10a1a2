/** Open Sound Control, heard by a UDP socket that reads it as any receiver does. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { fromBuffer, type OscMessageOutput, type OscPacketOutput } from 'osc-min';
import { afterEach, expect, test, vi } from 'vitest';
import { createAllowedHosts } from '../../src/outputs/allowed-hosts.ts';
import { topicPart } from '../../src/outputs/mqtt/topics.ts';
import { oscPart } from '../../src/outputs/osc/osc-messages.ts';
import { createOscSender } from '../../src/outputs/osc/osc-sender.ts';
import { OutputRun } from '../../src/outputs/output-run.ts';
import { StreamNames } from '../../src/outputs/stream-names.ts';
import { until } from '../api/harness.ts';
import {
  countingMetrics,
  episodeEvent,
  momentAt,
  openBus,
  outputRecord,
  rule,
  STREAM,
  session,
} from './receiver.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** As `the #1 door` and `big joy!` are told. */
const DOOR = 'the_1_door~65029041';
const BIG_JOY = 'big_joy_~b5b7df82';

interface Heard {
  address: string;
  values: unknown[];
}

async function listen(): Promise<{ port: number; heard: Heard[]; sizes: number[] }> {
  const socket: Socket = createSocket('udp4');
  const heard: Heard[] = [];
  const sizes: number[] = [];
  socket.on('message', (bytes) => {
    sizes.push(bytes.length);
    for (const { address, args } of messagesOf(fromBuffer(bytes)))
      heard.push({ address, values: args.map((arg) => (arg as { value: unknown }).value) });
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  closing.push(async () => socket.close());
  return { port: socket.address().port, heard, sizes };
}

function messagesOf(packet: OscPacketOutput): OscMessageOutput[] {
  return packet.oscType === 'bundle' ? packet.elements.flatMap(messagesOf) : [packet];
}

function run(port: number, host = '127.0.0.1') {
  const target = { kind: 'OSC' as const, host, port, prefix: '/mien' };
  const record = outputRecord('', {
    ...{ kind: 'OSC', target, rules: [rule({ name: 'big joy!', minDuration: 0 })] },
    topics: ['EPISODES', 'STATES', 'COVERAGE', 'MOMENTS'],
  });
  const bus = openBus();
  const output = new OutputRun({
    ...{ record, feed: bus, metrics: countingMetrics(), log: { info() {}, warn() {} }, onOver() {} },
    sender: createOscSender(target, { reach: createAllowedHosts(true) }),
    names: new StreamNames(async () => 'the #1 door'),
  });
  closing.push(() => output.drain());
  return { bus, output };
}

test('a moment is addresses with numbers, in datagrams that any network takes in one piece', async () => {
  const { port, heard, sizes } = await listen();
  const { bus } = run(port);
  bus.moment(STREAM, momentAt(3, ['HAPPINESS', null, 'ANGER', 'FEAR']), 0);
  await until(() => heard.some(({ address }) => address.endsWith('/face/4/pose')), 'the last one');
  const of = (path: string) => heard.find(({ address }) => address === `/mien/${DOOR}/${path}`)?.values;
  expect(of('moment')).toEqual([3, expect.closeTo(0.3)]);
  expect(of('faces')).toEqual([4]);
  expect(of('face/1/present')).toEqual([1]);
  expect(of('face/1/expression')).toEqual(['HAPPINESS', expect.closeTo(0.86)]);
  expect(of('face/2/expression')).toEqual(['NONE', expect.closeTo(0.86)]);
  expect(of('face/3/happiness')).toEqual([expect.closeTo(0.86)]);
  expect(of('face/1/valence')).toEqual([expect.closeTo(0.7)]);
  expect(of('face/1/box')).toEqual([0.25, 0.25, 0.5, 0.5]);
  expect(of('face/1/pose')).toEqual([1, 2, 3]);
  expect(of(`rule/${BIG_JOY}`)).toEqual([1, 1, 1]);
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1472);
});

test('a face keeps its slot while it is seen; who leaves is told once, and the next one takes the place', async () => {
  const { port, heard } = await listen();
  const { bus, output } = run(port);
  const shown = async (seq: number, tracks: readonly number[]) => {
    const all = momentAt(seq, ['NEUTRAL', 'NEUTRAL', 'NEUTRAL']);
    bus.moment(STREAM, { ...all, faces: all.faces.filter(({ track }) => tracks.includes(track)) }, seq);
    await until(
      () => heard.some(({ values, address }) => address.endsWith('/moment') && values[0] === seq),
      'it',
    );
    await until(() => output.status.waiting === 0, 'all are sent');
    await new Promise((resolve) => setImmediate(resolve));
    return heard
      .splice(0)
      .filter(({ address }) => /\/(?:track|present)$/.test(address))
      .map(({ address, values }) => `${address.replace(`/mien/${DOOR}/face/`, '')} ${values[0]}`);
  };
  expect(await shown(0, [1, 2])).toEqual(['1/present 1', '1/track 1', '2/present 1', '2/track 2']);
  expect(await shown(1, [2])).toEqual(['1/present 0', '2/present 1', '2/track 2']);
  expect(await shown(2, [2])).toEqual(['2/present 1', '2/track 2']);
  expect(await shown(3, [2, 3])).toEqual(['1/present 1', '1/track 3', '2/present 1', '2/track 2']);
});

test.each(['ENDED', 'FAILED', 'RECONNECTING'] as const)(
  'no face stays when a session is %s, also where that comes with the last moment',
  async (state) => {
    const { port, heard } = await listen();
    const { bus } = run(port);
    // A session that goes on tells nothing of faces.
    bus.moment(STREAM, momentAt(0, ['ANGER', 'FEAR']), 0);
    bus.status(STREAM, session('RUNNING'));
    bus.moment(STREAM, momentAt(1, ['ANGER', 'FEAR']), 1);
    bus.status(STREAM, session(state));
    await until(
      () => heard.some(({ address, values }) => address.endsWith('/state') && values[0] === state),
      'it',
    );
    const present = new Map(
      heard
        .filter(({ address }) => address.endsWith('/present'))
        .map(({ address, values }) => [address, values[0]]),
    );
    expect([...present.values()]).toEqual([0, 0]);
    expect(heard.filter(({ address }) => address.endsWith('/moment'))).toHaveLength(2);
  },
);

test('episodes, states and the end of a stream are told too', async () => {
  const { port, heard } = await listen();
  const { bus, output } = run(port);
  bus.episode(STREAM, episodeEvent(2), 0);
  bus.status(STREAM, session('ENDED'));
  await until(() => heard.length === 2, 'both');
  output.removed(STREAM, true);
  await until(() => heard.length === 4, 'all of them');
  expect(heard).toEqual([
    { address: `/mien/${DOOR}/episode`, values: ['ONSET', 'HAPPINESS', 1, 2] },
    { address: `/mien/${DOOR}/state`, values: ['ENDED'] },
    // What was told to have begun has ended.
    { address: `/mien/${DOOR}/episode`, values: ['OFFSET', 'HAPPINESS', 1, 2] },
    { address: `/mien/${DOOR}/state`, values: ['REMOVED'] },
  ]);
});

test('of moments that come at once the newest is sent: no receiver is more than one behind', async () => {
  const { port, heard } = await listen();
  const { bus, output } = run(port);
  for (let seq = 0; seq < 200; seq++) bus.moment(STREAM, momentAt(seq, []), seq);
  const seqs = () =>
    heard.filter(({ address }) => address.endsWith('/moment')).map(({ values }) => values[0]);
  await until(() => seqs().at(-1) === 199, 'the newest');
  expect(seqs().length).toBeLessThan(100);
  expect(output.status.dropped + seqs().length).toBe(200);
});

test('a host that is not known fails in a sentence, and is not asked for each moment', async () => {
  const asked: string[] = [];
  const reach = createAllowedHosts(true, async (host) => {
    asked.push(host);
    return [];
  });
  const sender = createOscSender(
    { kind: 'OSC', host: 'nowhere.example', port: 9, prefix: '/mien' },
    { reach },
  );
  for (let tries = 0; tries < 20; tries++)
    expect(await sender.trial(AbortSignal.timeout(1000))).toMatchObject({
      ...{ ok: false, message: 'No address is known for the host nowhere.example; check its name.' },
    });
  expect(asked).toEqual(['nowhere.example']);
});

test('an example is sent, and nobody says whether it was heard', async () => {
  const { port, heard } = await listen();
  const sender = createOscSender(
    { kind: 'OSC', host: '127.0.0.1', port, prefix: '/a/b' },
    { reach: createAllowedHosts(true) },
  );
  closing.push(() => sender.close());
  expect(await sender.trial(AbortSignal.timeout(1000))).toMatchObject({
    ...{ ok: true, message: expect.stringContaining('look there') },
  });
  await until(() => heard.length === 1, 'it');
  expect(heard).toEqual([{ address: '/a/b/test', values: ['mien'] }]);
});

test('names that look alike without their signs have addresses of their own, the same at each start', () => {
  const names = [
    'カメラ',
    '玄関',
    'Joy',
    'joy',
    'a b',
    'a_b',
    'a  b',
    'a/b',
    'a__b',
    '_',
    ' ',
    'a~b',
    '😀',
    '',
  ];
  for (const part of [topicPart, oscPart]) {
    const parts = names.map(part);
    expect(new Set(parts).size).toBe(names.length);
    expect(names.map(part)).toEqual(parts);
    for (const one of parts) expect(one).toMatch(/^[^\s+#/]+$/);
  }
  expect(['Front door', 'cam_1', 'b.2-c'].map(oscPart)).toEqual(['Front_door', 'cam__1', 'b.2-c']);
  expect(topicPart('玄関 1')).toBe('玄関_1');
  expect(oscPart('玄関')).toMatch(/^_~[\da-f]{8}$/);
  const long = 'x'.repeat(200);
  expect(oscPart(long)).not.toBe(oscPart(`${long}y`));
  expect(oscPart(long).length).toBeLessThan(80);
});

test('a host that comes to have an address of the other family is reached by that', async () => {
  const { port, heard } = await listen();
  const six = createSocket('udp6');
  const there = once(six, 'message');
  six.bind(0, '::1');
  await once(six, 'listening');
  closing.push(async () => six.close());
  const answers = [
    [{ address: '127.0.0.1', family: 4 }],
    [{ address: '::1', family: 6 }],
    [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ],
  ];
  const reach = createAllowedHosts(true, async () => answers.shift()!);
  const at = (to: number) =>
    createOscSender({ kind: 'OSC', host: 'a.example', port: to, prefix: '/mien' }, { reach });
  const sender = at(port);
  vi.useFakeTimers({ toFake: ['performance'] });
  closing.push(
    async () => void vi.useRealTimers(),
    () => sender.close(),
  );
  expect(await sender.trial(AbortSignal.timeout(5000))).toMatchObject({ ok: true });
  await until(() => heard.length === 1, 'the first');
  vi.advanceTimersByTime(60_000);
  expect(await sender.trial(AbortSignal.timeout(5000))).toMatchObject({ ok: true });
  vi.advanceTimersByTime(60_000);
  // Of both, that on which programs listen.
  expect(await sender.trial(AbortSignal.timeout(5000))).toMatchObject({ ok: true });
  await until(() => heard.length === 2, 'the third');
  const other = at(six.address().port);
  closing.push(() => other.close());
  answers.push([{ address: '::1', family: 6 }]);
  expect(await other.trial(AbortSignal.timeout(5000))).toMatchObject({ ok: true });
  await there;
});

test('nothing is opened, or sent, once it is closed while its host is looked up', async () => {
  const { port, heard } = await listen();
  let found = (_: { address: string; family: number }[]) => {};
  const reach = createAllowedHosts(
    true,
    () =>
      new Promise((resolve) => {
        found = resolve;
      }),
  );
  const sender = createOscSender({ kind: 'OSC', host: 'a.example', port, prefix: '/mien' }, { reach });
  const trial = sender.trial(AbortSignal.timeout(5000));
  await sender.close();
  found([{ address: '127.0.0.1', family: 4 }]);
  expect(await trial).toMatchObject({ ok: false });
  expect(heard).toEqual([]);
});
