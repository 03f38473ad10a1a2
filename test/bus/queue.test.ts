import { describe, expect, it } from 'vitest';
import { BoundedQueue } from '../../src/bus/index.ts';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('a bounded queue', () => {
  it('gives events in order, and waits for the next', async () => {
    const queue = new BoundedQueue<number>({ capacity: 3 });
    queue.push(1);
    queue.push(2);
    expect(await queue.take()).toEqual({ event: 1, skippedBefore: 0 });
    expect(await queue.take()).toEqual({ event: 2, skippedBefore: 0 });
    const waiting = queue.take();
    queue.push(3);
    expect(await waiting).toEqual({ event: 3, skippedBefore: 0 });
  });

  it('drops the oldest when it is full, and tells how many with the next one', async () => {
    const dropped: number[] = [];
    const queue = new BoundedQueue<number>({ capacity: 3, onDrop: (event) => dropped.push(event) });
    for (const event of range(0, 8)) queue.push(event);
    expect(queue.length).toBe(3);
    expect(dropped).toEqual(range(0, 5));
    expect(await queue.take()).toEqual({ event: 5, skippedBefore: 5 });
    queue.push(8);
    queue.push(9);
    expect(await queue.take()).toEqual({ event: 7, skippedBefore: 1 });
    expect(await queue.take()).toEqual({ event: 8, skippedBefore: 0 });
  });

  it('tells of losses with the next event that counts, also where a reader waits for it', async () => {
    const isEven = (event: number) => event % 2 === 0;
    const queue = new BoundedQueue<number>({ capacity: 1, counts: isEven });
    queue.push(2);
    queue.push(1);
    expect(await queue.take()).toEqual({ event: 1, skippedBefore: 0 });
    const odd = queue.take();
    queue.push(3);
    expect(await odd).toEqual({ event: 3, skippedBefore: 0 });
    const even = queue.take();
    queue.push(4);
    expect(await even).toEqual({ event: 4, skippedBefore: 1 });
    queue.push(5);
    queue.push(6);
    expect(queue.lost).toBe(1);
  });

  it('takes what its reader does not accept as if it had not happened', async () => {
    const queue = new BoundedQueue<number>({ capacity: 1, accepts: (event) => event % 2 === 0 });
    const waiting = queue.take();
    for (const event of [1, 2, 4, 3]) queue.push(event);
    expect(await waiting).toEqual({ event: 2, skippedBefore: 0 });
    expect([queue.shift(), queue.shift(), queue.lost]).toEqual([{ event: 4, skippedBefore: 0 }, null, 0]);
  });

  it('answers a waiting reader when it is closed, and takes nothing after', async () => {
    let closed = 0;
    const queue = new BoundedQueue<number>({ capacity: 3, onClose: () => closed++ });
    const waiting = queue.take();
    queue.close();
    queue.push(1);
    queue.close();
    expect(await waiting).toBeNull();
    expect(await queue.take()).toBeNull();
    expect([queue.shift(), queue.length, closed]).toEqual([null, 0, 1]);
  });

  it('gives what waits at once, or nothing', () => {
    const queue = new BoundedQueue<number>({ capacity: 2 });
    expect(queue.shift()).toBeNull();
    for (const event of range(0, 3)) queue.push(event);
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([
      { event: 1, skippedBefore: 1 },
      { event: 2, skippedBefore: 0 },
      null,
    ]);
  });

  it('has one reader, and room for one event at least', async () => {
    const queue = new BoundedQueue<number>({ capacity: 1 });
    void queue.take();
    await expect(queue.take()).rejects.toThrow('one reader');
    expect(() => new BoundedQueue({ capacity: 0 })).toThrow(RangeError);
  });
});

it('events that are let go of are neither taken nor counted as lost, and the others keep their order', () => {
  const queue = new BoundedQueue<number>({ capacity: 4 });
  for (const event of [1, 2, 3, 4]) queue.push(event);
  expect([5, 2, 4].map((gone) => queue.forget((event) => event === gone))).toEqual([false, true, true]);
  queue.push(5);
  expect([queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([
    ...[1, 3, 5].map((event) => ({ event, skippedBefore: 0 })),
    null,
  ]);
  expect(queue.lost).toBe(0);
});
