/** Each server of a database looks after it by the hour; one at a time does. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { createJobLease } from '../../src/store/lease/create-lease.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { until } from '../api/harness.ts';
import { createStore, SERVER } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

const DAY_MS = 86_400_000;

it('what one does no other does meanwhile; the next one may, and one that is gone is not waited for', async () => {
  const db = await createStore();
  onTestFinished(() => db.dispose());
  const [one, other] = [createJobLease(db.store.prisma), createJobLease(db.store.prisma)];
  const done: string[] = [];
  expect(
    await one('sweep', async () => {
      expect(await other('sweep', async () => void done.push('twice'))).toBe(false);
      expect(await other('dust', async () => void done.push('dust'))).toBe(true);
      done.push('sweep');
    }),
  ).toBe(true);
  const fails = one('sweep', () => Promise.reject(new Error('broken')));
  await expect(fails).rejects.toThrow('broken');
  expect(await other('sweep', async () => void done.push('again'))).toBe(true);
  expect(done).toEqual(['dust', 'sweep', 'again']);
  await db.store.prisma
    .$executeRaw`INSERT INTO job (name, holder, expires_at) VALUES ('sweep', gen_random_uuid(), now())`;
  expect(await one('sweep', async () => {})).toBe(true);
});

it('what is renewed is held for as long as it goes on, and soon free when its server is gone', async () => {
  const db = await createStore();
  onTestFinished(() => db.dispose());
  const { prisma } = db.store;
  const doOnce = createJobLease(prisma);
  const left = async () => {
    const [row] = await prisma.$queryRaw<{ seconds: number }[]>`SELECT
      extract(epoch FROM expires_at - clock_timestamp())::float8 AS seconds FROM job WHERE name = 'sweep'`;
    return row!.seconds;
  };
  await doOnce(
    'sweep',
    async () => {
      expect(await left()).toBeLessThan(31);
      const end = async () => (await prisma.job.findUniqueOrThrow({ where: { name: 'sweep' } })).expiresAt;
      const first = await end();
      await expect.poll(end, { timeout: 60_000, interval: 500 }).not.toEqual(first);
    },
    { isRenewed: true },
  );
  await doOnce('sweep', async () => expect(await left()).toBeGreaterThan(600));
});

it('one erasure is done by one at a time, and what a server leaves that is gone by the next start of its own database', async () => {
  const db = await createStore();
  onTestFinished(() => db.dispose());
  const { id: sessionId } = await db.session();
  await db.store.sessions.setState(sessionId, 'ENDED');
  const requester = { kind: 'TOKEN', id: 't', name: 'somebody' } as const;
  const request = { type: 'SESSION', sessionId } as const;
  const { id } = await db.store.erasures.begin({ request, requester, reason: 'asked for' }, async () => {});
  await db.store.prisma
    .$executeRaw`INSERT INTO job (name, holder, expires_at) VALUES (${`erasure ${id}`}, gen_random_uuid(), now() + interval '1 minute')`;
  const run = () => db.store.erasures.run(id, { removeUpload: async () => {} });
  expect(await run()).toBe(false);
  expect(await db.store.erasures.unfinished()).toHaveLength(1);
  if (SERVER === undefined) {
    await db.store.close();
    db.store = await openStore({ rollUp, ...db.config });
  } else await db.store.prisma.job.deleteMany();
  expect(await run()).toBe(true);
  expect(await run()).toBe(true);
  expect(await db.store.erasures.unfinished()).toEqual([]);
});

it('who stood still while another went on with an erasure undoes nothing of that, and counts nothing twice', async () => {
  const db = await createStore();
  onTestFinished(() => db.dispose());
  const { erasures, prisma, sessions } = db.store;
  const { id: sessionId } = await db.session();
  await sessions.setState(sessionId, 'ENDED');
  const requester = { kind: 'TOKEN', id: 't', name: 'somebody' } as const;
  const request = { type: 'SESSION', sessionId } as const;
  const { id } = await erasures.begin({ request, requester, reason: 'asked for' }, async () => {});
  const steps = ['one', 'two'].map((token) => ({ do: 'UPLOAD', token }));
  await prisma.erasure.update({ where: { id }, data: { steps } });
  let goOn = () => {};
  const late = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let isAtIt = false;
  const slow = erasures.run(id, {
    removeUpload: async () => {
      isAtIt = true;
      await late;
    },
  });
  await until(() => isAtIt, 'it was begun');
  // Half a minute later.
  await prisma.job.deleteMany();
  expect(await erasures.run(id, { removeUpload: async () => {} })).toBe(true);
  goOn();
  expect(await slow).toBe(false);
  expect(await prisma.erasure.findUniqueOrThrow({ where: { id } })).toMatchObject({ steps: [], uploads: 2 });
});

describe.skipIf(SERVER === undefined)('servers that start at once', () => {
  it('drop what is old once, without being in the way of each other', async () => {
    const db = await createStore();
    onTestFinished(() => db.dispose());
    const record = async (daysAgo: number) => {
      const { id } = await db.session();
      await db.store.moments.append(makeMoment(id, 0, { start: Date.now() - daysAgo * DAY_MS }), []);
      await db.store.sessions.setState(id, 'ENDED');
      return id;
    };
    const old: string[] = [];
    for (let days = 9; days < 17; days++) old.push(await record(days));
    const kept = await record(2);
    const told: string[] = [];
    const note = (_: object, message: string) => void told.push(message);
    const log = { info: note, warn: note, error: note };
    const options = { rollUp, ...db.config, retentionHours: 7 * 24, log };
    const stores = await Promise.all([1, 2, 3].map(() => openStore(options)));
    onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))));
    await until(() => told.includes('retention'), 'it was looked after');
    await Promise.all(stores.map((store) => store.close()));
    for (const id of old) expect(await db.store.sessions.get(id)).toBeNull();
    expect(await db.store.moments.page(kept, -1, 10)).toHaveLength(1);
    expect(told).toEqual(['retention']);
  });
});
