/** What other programs are told where streams run at several workers, and are removed at an API. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../api/harness.ts';
import { SERVER } from '../helpers/database.ts';
import { type Broker, MOSQUITTO, openBroker } from '../helpers/mosquitto.ts';
import { HAS_NATS } from '../helpers/nats-server.ts';
import { openReceiver, type Receiver, SECRET } from '../outputs/receiver.ts';
import { type Node, openScale, type Scale, untilRuns } from './place.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

describe.runIf(SERVER && HAS_NATS && MOSQUITTO)('outputs of servers with roles', () => {
  let scale: Scale;
  let broker: Broker;
  let hook: Receiver;

  beforeEach(async () => {
    scale = await openScale();
    await scale.place.square('clip.mp4', 600, 5);
    [broker, hook] = [await openBroker(), await openReceiver()];
  });
  afterEach(async () => {
    await scale?.close();
    await broker?.close();
    await hook?.close();
  });

  it('a stream that is removed at an API is told of once, and brokers keep nothing of it: with NATS, without, and while no worker is up', async () => {
    const api = await scale.start('api');
    const workers = [await scale.start('worker'), await scale.start('worker')];
    await add(api, `webhook: { url: "${hook.url}", secret: "${SECRET}" }`);
    await add(api, `mqtt: { url: "${broker.url}" }`);
    const ids: string[] = [];
    for (const name of ['One', 'Two', 'Three', 'Four']) ids.push(await register(api, name));
    for (const id of ids) await untilRuns(scale.client, id, 1);
    await until(
      async () => (await keptOf(ids)).every((topics) => topics === 2),
      'the broker knows all',
      60_000,
    );
    const [withNats, without, unseen] = ids as [string, string, string];
    await remove(api, withNats);
    await untilTold(withNats);
    expect(typesOf(withNats)).toEqual(['session.state ENDED', 'stream.removed']);
    await scale.nats.kill();
    await remove(api, without);
    await untilTold(without);
    for (const worker of workers) await worker.end('SIGTERM');
    await remove(api, unseen);
    expect(await keptOf([unseen])).toEqual([2]);
    await Promise.all([scale.start('worker'), scale.start('worker')]);
    await untilTold(unseen);
    await until(
      async () => (await keptOf(ids)).join() === '0,0,0,2',
      'of the one that is left it knows all',
      60_000,
    );
    const removed = hook.received.filter(({ payload }) => payload.type === 'stream.removed');
    expect(removed.map(({ payload }) => payload.data.stream.id)).toEqual([withNats, without, unseen]);
  });

  /** That it is removed, and what the broker keeps of it. */
  const untilTold = async (id: string) => {
    await until(() => typesOf(id).includes('stream.removed'), 'it is told that it was removed', 60_000);
    await until(async () => (await keptOf([id]))[0] === 0, 'nothing is kept of it', 60_000);
  };

  /** What the webhook was told last of a stream. */
  const typesOf = (id: string) =>
    hook.received
      .filter(({ payload }) => payload.data.stream.id === id)
      .map(({ payload: { type, data } }) => [type, data.state].filter(Boolean).join(' '))
      .slice(-2);

  /** Of how many topics, of each stream. */
  const keptOf = async (ids: readonly string[]): Promise<number[]> => {
    const kept = [...(await broker.retained()).keys()];
    return ids.map(
      (id) => kept.filter((topic) => topic.includes(id) || topic.includes(id.replaceAll('-', ''))).length,
    );
  };

  const add = (api: Node, target: string) =>
    api.mien.request(`mutation { addOutput(input: { name: "Receiver", enabled: true, topics: [STATES],
      target: { ${target} } }) { output { id } } }`);

  const register = async (api: Node, name: string): Promise<string> => {
    const { registerStream } = await api.mien.request<{ registerStream: { stream: { id: string } } }>(
      `mutation { registerStream(input: { name: "${name}", source: { file: "clip.mp4" }, purpose: RESEARCH,
        loop: true, realtime: true, frameRate: 1 }) { stream { id } } }`,
    );
    return registerStream.stream.id;
  };

  const remove = (api: Node, id: string) =>
    api.mien.request(`mutation { removeStream(input: { id: "${id}" }) { removedStreamId } }`);
});
