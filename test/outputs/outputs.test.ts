/** All outputs of a server together: who waits for whom, and how long a trial takes. */
import { expect, test } from 'vitest';
import type { OutputRecord } from '../../src/domain/output.ts';
import { createAllowedHosts } from '../../src/outputs/allowed-hosts.ts';
import { Outputs } from '../../src/outputs/index.ts';
import { MqttSender } from '../../src/outputs/mqtt/mqtt-sender.ts';
import { createOscSender } from '../../src/outputs/osc/osc-sender.ts';
import type { OutputStore } from '../../src/outputs/ports.ts';
import { sendExample } from '../../src/outputs/send-example.ts';
import { createWebhookSender } from '../../src/outputs/webhook/webhook-sender.ts';
import { countingMetrics, openBus, outputRecord, SECRET } from './receiver.ts';

/** Outputs in memory. @param held updates of this one wait until they are let go */
function openStore(
  records: readonly OutputRecord[],
  held: { id: string; until: Promise<void> },
): OutputStore {
  const stored = new Map(records.map((record) => [record.id, record]));
  const get = async (id: string) => stored.get(id) ?? null;
  return {
    ...{ get, enabled: async () => [], count: async () => stored.size, present: async () => [] },
    create: () => Promise.reject(new Error('not here')),
    async update(id, { target, ...change }) {
      if (id === held.id) await held.until;
      const record = { ...(await get(id))!, ...change, ...(target && { target }) };
      stored.set(id, record);
      return record;
    },
    ...{ stop: async () => null, removed: async () => [] },
    async remove(id) {
      stored.delete(id);
    },
  };
}

test('no output waits for another one: each is changed in its own turn', async () => {
  let letGo = () => {};
  const until = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const [slow, quick] = ['slow', 'quick'].map((id) =>
    outputRecord('http://127.0.0.1:9/', { id, enabled: false }),
  ) as [OutputRecord, OutputRecord];
  const store = openStore([slow, quick], { id: 'slow', until });
  const outputs = new Outputs({
    ...{ outputs: store, feed: openBus(), metrics: countingMetrics(), server: 'a-test', onStopped() {} },
    ...{ log: { info() {}, warn() {} }, streamName: async () => null },
  });
  const done: string[] = [];
  const change = (id: string, name: string) =>
    outputs.change(id, () => ({ name })).then(() => void done.push(name));
  const first = [change('slow', 'first'), change('slow', 'second')];
  await change('quick', 'other');
  await outputs.remove('quick');
  expect(done).toEqual(['other']);
  letGo();
  await Promise.all(first);
  expect(done).toEqual(['other', 'first', 'second']);
  expect((await store.get('slow'))?.name).toBe('second');
  await outputs.close();
});

test('a trial ends in time, also where nobody says what the address of a host is', async () => {
  const reach = createAllowedHosts(true, () => new Promise(() => {}));
  const mqtt = {
    ...{ kind: 'MQTT' as const, url: 'mqtt://a.example', username: null, password: null },
    ...{ prefix: 'mien', discovery: null, momentInterval: 1 },
  };
  const record = outputRecord('', { kind: 'MQTT', target: mqtt });
  const senders = [
    createWebhookSender({ kind: 'WEBHOOK', url: 'http://a.example/', secret: SECRET }, { reach }),
    createOscSender({ kind: 'OSC', host: 'a.example', port: 9, prefix: '/mien' }, { reach }),
    new MqttSender(mqtt, { record, reach, present: async () => [], log: { warn() {} }, server: 'a-test' }),
  ];
  for (const sender of senders) {
    const { ok, message, milliseconds } = await sendExample(sender, 'a.example', 100);
    expect({ ok, message }).toEqual({
      ok: false,
      message: 'a.example did not answer within 0.1 s; check that it is up and can be reached from here.',
    });
    expect(milliseconds).toBeLessThan(5000);
  }
});
