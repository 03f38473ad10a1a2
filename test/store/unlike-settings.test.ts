/** Servers of one database that delete by unlike settings are told so. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { tellUnlikeSettings } from '../../src/store/upkeep/unlike-settings.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createStore, SERVER } from '../helpers/database.ts';

/** What is logged of it. */
function listen() {
  const told: string[] = [];
  const note = (_: object, message: string) => void told.push(message);
  return { told, log: { info: note, warn: note, error: note } };
}

it('each tells once what the other has, and that it is over when that one ends or has the same', async () => {
  const db = await createStore();
  onTestFinished(() => db.dispose());
  const { prisma } = db.store;
  const [one, other, like] = [listen(), listen(), listen()];
  const settings = { name: 'first 1', retentionHours: 24, auditDays: null };
  const stopOne = tellUnlikeSettings(prisma, settings, one.log, 50);
  await vi.waitFor(async () => expect(await prisma.server.count()).toBe(1), 60_000);
  const stopLike = tellUnlikeSettings(prisma, { ...settings, name: 'like 3' }, like.log, 50);
  const stopOther = tellUnlikeSettings(
    prisma,
    { name: 'second 2', retentionHours: null, auditDays: 30 },
    other.log,
    50,
  );
  await vi.waitFor(() => expect([one.told.length, other.told.length]).toEqual([1, 1]), 60_000);
  expect(one.told[0]).toContain(
    'here recordings 24 h, the audit for good; at second 2 recordings for good, the audit 30 days.',
  );
  expect(other.told[0]).toContain('at first 1 recordings 24 h');
  await stopOther();
  await vi.waitFor(() => expect(one.told[1]).toContain('for the same time'), 60_000);
  await stopOne();
  await stopLike();
  expect(one.told).toHaveLength(2);
  expect(await prisma.server.count()).toBe(0);
});

it('one that has crashed counts for some minutes', async () => {
  const db = await createStore();
  onTestFinished(() => db.dispose());
  const { prisma } = db.store;
  await prisma.$executeRaw`INSERT INTO server (id, name, retention_hours, seen_at) VALUES
    (gen_random_uuid(), 'lately 1', 1, clock_timestamp() - interval '1 minute'),
    (gen_random_uuid(), 'gone 2', 2, clock_timestamp() - interval '5 minutes')`;
  const { told, log } = listen();
  const stop = tellUnlikeSettings(prisma, { name: 'here', retentionHours: 3, auditDays: null }, log);
  await vi.waitFor(() => expect(told).toHaveLength(1), 60_000);
  expect(told[0]).toContain('lately 1');
  expect(told[0]).not.toContain('gone 2');
  await vi.waitFor(async () => expect(await prisma.server.count()).toBe(2), 60_000);
  await stop();
});

it.runIf(SERVER)(
  'servers tell theirs as they start; commands, which delete nothing by theirs, do not',
  async () => {
    const db = await createStore();
    onTestFinished(() => db.dispose());
    const { told, log } = listen();
    const options = { rollUp, ...db.config, log };
    const first = await openStore({ ...options, retentionHours: 24 });
    await vi.waitFor(async () => expect(await db.store.prisma.server.count()).toBe(1), 60_000);
    const command = await openStore(options);
    const second = await openStore({ ...options, retentionHours: 48 });
    await vi.waitFor(
      () => expect(told.some((line) => line.includes('here recordings 48 h'))).toBe(true),
      60_000,
    );
    expect(told.find((line) => line.includes('here recordings 48 h'))).toContain('recordings 24 h');
    expect(await db.store.prisma.server.count()).toBe(2);
    for (const store of [second, command, first]) await store.close();
    expect(await db.store.prisma.server.count()).toBe(0);
  },
);
