/** Subscriptions that share one WebSocket: each is told when it is let in, and none waits without bound for a slow loop. */
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { createMien } from '../../clients/typescript/src/index.ts';
import { webSocket } from '../../clients/typescript/src/ws.ts';
import { moment, openTestApi, STREAM, until } from '../api/harness.ts';

interface Emotions {
  frameEmotions: { seq: number; skippedBefore?: number };
}

const COUNTED = 'subscription { frameEmotions { seq skippedBefore } }';
const UNCOUNTED = 'subscription { frameEmotions { seq } }';

async function open() {
  const api = await openTestApi();
  onTestFinished(() => api.close());
  let sent = 0;
  const publish = async (count: number) => {
    for (const last = sent + count; sent < last; sent++) {
      api.bus.moment(STREAM, moment(sent, 1, 0), sent);
      await setImmediate();
    }
  };
  const mien = createMien({ url: api.url, transport: webSocket({ webSocketImpl: WebSocket }) });
  const areOpen = (count: number) =>
    until(async () => {
      const { values } = await api.metrics.subscribers.get();
      return values.some(({ value }) => value === count);
    }, `${count} have begun`);
  return { mien, publish, areOpen };
}

test('a loop that is too slow is told how many events it lost, and the others on its socket lose none', async () => {
  const { mien, publish, areOpen } = await open();
  const slow = mien.subscribe<Emotions>(COUNTED);
  const unaware = mien.subscribe<Emotions>(UNCOUNTED);
  const seqs: number[] = [];
  const read = async () => {
    for await (const { frameEmotions } of mien.subscribe<Emotions>(COUNTED)) {
      seqs.push(frameEmotions.seq + (frameEmotions.skippedBefore ?? 0));
      if (frameEmotions.seq === 999) break;
    }
  };
  const begun = [slow.next(), unaware.next()];
  const reading = read();
  await areOpen(3);
  await publish(1);
  await Promise.all(begun);
  await publish(999);
  await reading;
  expect(seqs).toEqual(Array.from({ length: 1_000 }, (_, seq) => seq));

  const taken: Emotions['frameEmotions'][] = [];
  for await (const { frameEmotions } of slow) {
    taken.push(frameEmotions);
    if (frameEmotions.seq === 999) break;
  }
  expect(taken.length).toBeLessThanOrEqual(256);
  expect(taken.map(({ seq }) => seq)).toEqual(taken.map((_, at) => 1_000 - taken.length + at));
  expect(taken.map(({ skippedBefore }) => skippedBefore)).toEqual([
    999 - taken.length,
    ...taken.slice(1).map(() => 0),
  ]);
  // Who does not ask is not told, and holds no more.
  let count = 0;
  for await (const { frameEmotions } of unaware) {
    expect(Object.keys(frameEmotions)).toEqual(['seq']);
    count += 1;
    if (frameEmotions.seq === 999) break;
  }
  expect(count).toBeLessThanOrEqual(256);
});

test('each subscription is told when it is let in, also those that find the socket open', async () => {
  const { mien, publish, areOpen } = await open();
  const told: string[] = [];
  const stop = new AbortController();
  const begin = (name: string) => {
    const options = { signal: stop.signal, onOpen: () => told.push(name) };
    return mien.subscribe<Emotions>(COUNTED, {}, options).next();
  };
  const first = begin('first');
  await areOpen(1);
  const second = begin('second');
  await areOpen(2);
  await publish(1);
  await Promise.all([first, second]);
  expect(told).toEqual(['first', 'second']);
});
