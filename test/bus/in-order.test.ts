/** What a node tells by numbers is given out in their order, and what does not come is told as a hole. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { InOrder, type InOrderOptions } from '../../src/bus/in-order.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** `told`: the numbers that were given out, and holes. */
function open(options: Partial<InOrderOptions<number>> = {}) {
  const told: (number | 'hole')[] = [];
  const order = new InOrder<number>({
    onItem: (number) => void told.push(number),
    onHole: () => void told.push('hole'),
    ...options,
  });
  const push = (...numbers: number[]) => {
    for (const number of numbers) order.push('node', number, number);
  };
  return { order, told, push };
}

it('what comes twice or too soon is given out once, in order', () => {
  const { told, push } = open();
  push(1, 3, 1, 3, 4, 2, 2, 5);
  expect(told).toEqual([1, 2, 3, 4, 5]);
  expect(vi.getTimerCount()).toBe(0);
});

it('what is missing is waited for 200 ms, and given out no more when it comes later', () => {
  const { told, push } = open();
  push(1, 3, 6);
  vi.advanceTimersByTime(199);
  expect(told).toEqual([1]);
  vi.advanceTimersByTime(1);
  push(2, 5, 7);
  expect(told).toEqual([1, 'hole', 3, 'hole', 6, 7]);
});

it('what came in time takes nothing from the time of the next hole', () => {
  const { told, push } = open();
  push(1, 3);
  vi.advanceTimersByTime(150);
  push(2, 5);
  vi.advanceTimersByTime(199);
  expect(told).toEqual([1, 2, 3]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual([1, 2, 3, 'hole', 5]);
});

it('no more wait than there is room for', () => {
  const { told, push } = open({ most: 2 });
  push(1, 3, 4);
  expect(told).toEqual([1]);
  push(5);
  expect(told).toEqual([1, 'hole', 3, 4, 5]);
});

it('the first that is heard of a node is its first, or there is a hole before it', () => {
  const { told, push } = open({ most: 2 });
  push(3, 4);
  expect(told).toEqual(['hole', 3, 4]);
});

it('what a node says that it has told, and did not come, is a hole', () => {
  const { order, told, push } = open();
  order.expect('node', 0);
  push(1, 2);
  order.expect('node', 2);
  expect(vi.getTimerCount()).toBe(0);
  order.expect('node', 4);
  vi.advanceTimersByTime(100);
  push(3);
  order.expect('node', 1);
  vi.advanceTimersByTime(100);
  expect(told).toEqual([1, 2, 3, 'hole']);
  push(4, 5);
  expect(told).toEqual([1, 2, 3, 'hole', 5]);
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([1, 2, 3, 'hole', 5]);
});

it('what follows waits for the work on what comes before it, a second at most', async () => {
  let finish = () => {};
  const work = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const told: number[] = [];
  const { push } = open({
    onItem: (number) => {
      told.push(number);
      if (number === 1) return work;
      return number === 2 ? new Promise(() => {}) : undefined;
    },
  });
  push(1, 2, 3);
  await vi.advanceTimersByTimeAsync(500);
  expect(told).toEqual([1]);
  finish();
  await vi.advanceTimersByTimeAsync(999);
  expect(told).toEqual([1, 2]);
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toEqual([1, 2, 3]);
});

it('nothing is told once it is closed', () => {
  const { order, told, push } = open();
  push(1, 3);
  order.close();
  vi.advanceTimersByTime(1000);
  expect([told, vi.getTimerCount()]).toEqual([[1], 0]);
});

it('of many nodes those heard of last are remembered, and those of which something waits', () => {
  const { order, told } = open();
  order.push('waits', 2, 2);
  order.push('silent', 1, 1);
  for (let node = 0; node < 999; node++) order.push(`${node}`, 1, 1);
  told.length = 0;
  order.push('0', 1, 1);
  order.push('waits', 1, 1);
  expect(told).toEqual([1, 2]);
  order.push('silent', 1, 1);
  expect(told).toEqual([1, 2, 1]);
});
