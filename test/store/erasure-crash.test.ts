/** An erasure that kill -9 cuts off is finished afterwards, and counts nothing twice. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import type { ErasureRequest } from '../../src/domain/erasure.ts';
import { openStore } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createStore, summaryOf } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

const COUNT = 600;
const requester = { kind: 'TOKEN', id: 't', name: 'somebody' } as const;
const REQUESTS: [string, (sessionId: string) => ErasureRequest, number][] = [
  ['session', (sessionId) => ({ type: 'SESSION', sessionId }), COUNT],
  [
    'stretch',
    (sessionId) => ({ type: 'RANGE', sessionId, streamId: null, clock: 'MEDIA', from: 5, to: 55 }),
    500,
  ],
];

it.each(REQUESTS)(
  'the erasure of a %s that kill -9 cuts off goes on where it stood',
  { timeout: 300_000 },
  async (_, requestOf, gone) => {
    const db = await createStore();
    const { id: sessionId } = await db.session();
    const moments = Array.from({ length: COUNT }, (_, seq) => makeMoment(sessionId, seq));
    await Promise.all(moments.map((moment, at) => db.store.moments.append(moment, [], moments[at - 1])));
    await db.store.sessions.setState(sessionId, 'ENDED');
    const order = { request: requestOf(sessionId), requester, reason: 'asked for' };
    const { id } = await db.store.erasures.begin(order, async () => {});
    await db.store.close();
    await runUntilKilled(JSON.stringify(db.config), id);

    db.store = await openStore({ rollUp, ...db.config });
    const { store } = db;
    expect(await store.erasures.unfinished()).toEqual([{ id, steps: [{ do: 'SESSION', sessionId }] }]);
    const half = await store.prisma.erasure.findUniqueOrThrow({ where: { id } });
    const left = await store.prisma.moment.count({ where: { sessionId } });
    expect(half.moments).toBe(COUNT - left);
    expect(half.moments).toBeGreaterThan(0);
    expect(half.moments).toBeLessThan(gone);
    // Who was killed may have been only slow: on a server it keeps it for half a minute.
    const run = () => store.erasures.run(id, { removeUpload: async () => {} });
    await expect.poll(run, { timeout: 120_000 }).toBe(true);
    expect(await store.erasures.unfinished()).toEqual([]);
    const whole = await store.prisma.erasure.findUniqueOrThrow({ where: { id } });
    expect([whole.moments, whole.readings]).toEqual([gone, gone]);
    expect(await store.prisma.reading.count({ where: { sessionId } })).toBe(COUNT - gone);
    expect((await summaryOf(store, sessionId)).frames).toBe(COUNT - gone);
    await db.dispose();
  },
);

/** Kills the process once it has deleted some. */
async function runUntilKilled(config: string, id: string): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/store/eraser.ts', config, id], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    expect(line).toBe('deleted');
    lines += 1;
    if (lines === 4) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
}
