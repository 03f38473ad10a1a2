import { expect, it } from 'vitest';
import { createKeyedMutex } from '../../src/sessions/keyed-mutex.ts';
import { tick } from '../helpers/memory-store.ts';

function createWorker() {
  const log: string[] = [];
  const work =
    (name: string, fails = false) =>
    async () => {
      log.push(`${name} begins`);
      await tick(2);
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
    };
  return { log, work };
}

it('work under one key runs one after the other, under different keys side by side, also after a failure', async () => {
  const exclusively = createKeyedMutex();
  const { log, work } = createWorker();
  const all = await Promise.allSettled([
    exclusively('x', work('one', true)),
    exclusively('x', work('two')),
    exclusively('y', work('other')),
  ]);
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(log.indexOf('two begins')).toBeGreaterThan(log.indexOf('one ends'));
  expect(log.indexOf('other begins')).toBeLessThan(log.indexOf('one ends'));
});

it('work that comes when the first is over, while the second is under way, waits for that, and so does who waits for all', async () => {
  const exclusively = createKeyedMutex();
  const { log, work } = createWorker();
  const first = exclusively('x', work('one'));
  void exclusively('x', work('two'));
  await first;
  void exclusively('x', work('three'));
  await exclusively.settled();
  expect(log).toEqual(['one', 'two', 'three'].flatMap((name) => [`${name} begins`, `${name} ends`]));
});
