/** Outputs of several servers on one database: what one of them does for all of them, and what each does by itself. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MemoryBus } from '../../src/bus/index.ts';
import type { OutputRecord } from '../../src/domain/output.ts';
import { Outputs } from '../../src/outputs/index.ts';
import { until } from '../api/harness.ts';
import { createStore, STREAM as SETTINGS, type TestStore } from '../helpers/database.ts';
import { countingMetrics, episodeEvent, openBus, openReceiver, type Receiver, STREAM } from './receiver.ts';

let place: TestStore;
const opened: (() => Promise<void>)[] = [];
beforeEach(async () => {
  place = await createStore();
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
  await place.dispose();
});

interface Server {
  outputs: Outputs;
  bus: MemoryBus;
  /** Outputs that it turned off by itself. */
  stopped: OutputRecord[];
  /** How often it told others that something has changed. */
  changes: number;
}

async function openServer(): Promise<Server> {
  const bus = openBus();
  const server = { bus, stopped: [] as OutputRecord[], changes: 0 };
  const outputs = new Outputs({
    ...{ outputs: place.store.outputs, feed: bus, metrics: countingMetrics() },
    ...{ server: randomUUID(), log: { info() {}, warn() {} }, streamName: async () => 'the door' },
    onStopped: (output) => void server.stopped.push(output),
    onChanged: () => void server.changes++,
  });
  opened.push(() => outputs.close());
  await outputs.start();
  return Object.assign(server, { outputs });
}

async function receiver(): Promise<Receiver> {
  const made = await openReceiver();
  opened.push(() => made.close());
  return made;
}

const addWebhook = ({ url }: Receiver, streamId: string | null = null) =>
  place.store.outputs.create({
    ...{ name: 'a receiver', streamId, enabled: true, allowPrivate: true, rules: [] },
    topics: ['EPISODES', 'STATES'],
    target: { kind: 'WEBHOOK', url, secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` },
  });

test('a receiver that tells several servers that it wants no more is turned off once', async () => {
  const hook = await receiver();
  hook.answers[0] = 410;
  const { id } = await addWebhook(hook);
  const servers = [await openServer(), await openServer(), await openServer()];
  for (const { bus } of servers) bus.episode(STREAM, episodeEvent(0), 0);
  await until(
    () => servers.every(({ outputs }) => outputs.status(id) === null),
    'none of them tells it more',
  );
  for (const { outputs } of servers) await outputs.close();
  expect(await place.store.outputs.get(id)).toMatchObject({
    ...{ enabled: false, stopped: expect.stringContaining('answered 410') },
  });
  expect(servers.flatMap(({ stopped }) => stopped)).toMatchObject([{ id }]);
  // All others stop as soon as they hear of it.
  expect(servers.map(({ changes }) => changes).toSorted()).toEqual([0, 0, 1]);
});

test('what the old address of an output says turns nothing off that goes elsewhere since', async () => {
  const [before, since] = [await receiver(), await receiver()];
  before.answers[0] = 410;
  const { id } = await addWebhook(before);
  const [one, other] = [await openServer(), await openServer()];
  await one.outputs.change(id, ({ target }) => ({
    target: { ...target!, url: since.url } as typeof target & {},
  }));
  // It has not heard of that.
  other.bus.episode(STREAM, episodeEvent(0), 0);
  await before.until(1);
  await until(() => {
    other.bus.episode(STREAM, episodeEvent(1), 1);
    return since.received.length > 0;
  }, 'the new address is told');
  expect(before.received.length).toBe(1);
  expect(await place.store.outputs.get(id)).toMatchObject({ enabled: true, stopped: null });
  expect(other.stopped).toEqual([]);
});

test('that a stream was removed is told once, by one of several servers', async () => {
  const hook = await receiver();
  const { id } = await addWebhook(hook);
  const servers = [await openServer(), await openServer(), await openServer()];
  const removed: string[] = [];
  for (let count = 0; count < 3; count++) {
    const stream = await place.store.streams.create(SETTINGS);
    await place.store.streams.remove(stream.id);
    removed.push(stream.id);
    await Promise.all(servers.map(({ outputs }) => outputs.refresh()));
  }
  // Also not by one that starts later, or again.
  servers.push(await openServer());
  for (const { outputs } of servers) await outputs.refresh();
  const sent = () => servers.reduce((sum, { outputs }) => sum + outputs.status(id)!.sent, 0);
  await until(() => sent() === 3, 'all are told');
  for (const { outputs } of servers) await outputs.close();
  expect(hook.received.map(({ payload }) => payload.type)).toEqual(removed.map(() => 'stream.removed'));
  expect(hook.received.map(({ payload }) => payload.data.stream.id).toSorted()).toEqual(removed.toSorted());
});

test('an output of one stream ends with that at every server', async () => {
  const hook = await receiver();
  const stream = await place.store.streams.create(SETTINGS);
  const { id } = await addWebhook(hook, stream.id);
  const servers = [await openServer(), await openServer()];
  await place.store.streams.remove(stream.id);
  for (const { outputs } of servers) await outputs.refresh();
  expect(servers.map(({ outputs }) => outputs.status(id))).toEqual([null, null]);
});
