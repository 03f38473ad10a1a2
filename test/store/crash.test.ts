import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { openStore, quantise } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

const ROUNDS = 3;

it('kill -9 loses no moment that was acknowledged', { timeout: 120_000 }, async () => {
  const db = await createStore();
  const { id } = await db.session();
  await db.store.close();
  let next = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const acknowledged = await appendUntilKilled(JSON.stringify(db.config), id, next, 30 + round * 41);
    db.store = await openStore({ rollUp, ...db.config });
    const { newest } = await db.store.moments.extent(id);
    expect(newest).toBeGreaterThanOrEqual(acknowledged);
    const stored = await db.store.moments.page(id, -1, newest + 10);
    expect(stored).toEqual(Array.from({ length: newest + 1 }, (_, seq) => quantise(makeMoment(id, seq))));
    expect((await db.store.rollups.summary(id)).readings).toBe(newest + 1);
    next = newest + 1;
    if (round < ROUNDS - 1) await db.store.close();
  }
  await db.dispose();
});

/** @returns the last number that the process printed before it was killed in the middle of its work */
async function appendUntilKilled(
  config: string,
  sessionId: string,
  from: number,
  count: number,
): Promise<number> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/store/appender.ts', config, sessionId, String(from)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let last = from - 1;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last >= from + count) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return last;
}
