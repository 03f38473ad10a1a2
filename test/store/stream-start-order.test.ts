import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { streamStartOrder } from '../../src/store/stream-start-order.ts';

const streams = Array.from({ length: 600 }, () => ({ id: randomUUID() }));

it('each begins with streams that are no other’s next, in the order of registration', () => {
  const workers = Array.from({ length: 6 }, () => randomUUID());
  const orders = workers.map((own) => streamStartOrder(own, workers, streams));
  const firsts = orders.map((order) => order.slice(0, 60));
  expect(new Set(firsts.flat()).size).toBe(6 * 60);
  for (const first of firsts) expect(first).toEqual(streams.filter((stream) => first.includes(stream)));
  for (const order of orders) expect(new Set(order).size).toBe(streams.length);
});

it('who is alone has them in the order of registration', () => {
  const own = randomUUID();
  expect(streamStartOrder(own, [own], streams)).toEqual(streams);
  expect(streamStartOrder(own, [], streams)).toEqual(streams);
});
