import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { quantise } from '../../src/domain/quantise.ts';
import { openStore } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createStore, summaryOf } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

/** CRASHES=50 kills it fifty times. */
const ROUNDS = Number(process.env.CRASHES ?? 2);

it('kill -9 loses no moment that was acknowledged', { timeout: 300_000 }, async () => {
  const db = await createStore();
  const { id } = await db.session();
  await db.store.close();
  let acknowledged = -1;
  for (let round = 0; round < ROUNDS; round++) {
    const { first, last } = await appendUntilKilled(JSON.stringify(db.config), id, 30 + round * 41);
    expect(first).toBeGreaterThan(acknowledged);
    acknowledged = last;
  }
  db.store = await openStore({ rollUp, ...db.config });
  const { newest } = await db.store.moments.extent(id);
  expect(newest).toBeGreaterThanOrEqual(acknowledged);
  const stored = await db.store.moments.page(id, -1, newest + 10);
  expect(stored).toEqual(Array.from({ length: newest + 1 }, (_, seq) => quantise(makeMoment(id, seq))));
  expect((await summaryOf(db.store, id)).readings).toBe(newest + 1);
  await db.dispose();
});

/** Kills the process after `count` moments, in the middle of its work. @returns the first and the last number it printed */
async function appendUntilKilled(config: string, sessionId: string, count: number) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/store/appender.ts', config, sessionId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const printed: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    printed.push(Number(line));
    if (printed.length > count) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return { first: printed[0]!, last: Math.max(...printed.slice(1)) };
}
