import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditRecord, SYSTEM_ACTOR } from '../../src/domain/audit.ts';
import { createStore, type TestStore } from '../helpers/database.ts';

let db: TestStore;
beforeAll(async () => {
  db = await createStore();
});
afterAll(() => db.dispose());

const record = (changes: Partial<AuditRecord> = {}): AuditRecord => ({
  requester: { principal: { kind: 'TOKEN', id: 't1', name: 'wall display' }, address: '192.0.2.7' },
  action: 'STOP_STREAM',
  target: { type: 'STREAM', id: 's1', name: 'door' },
  outcome: 'OK',
  code: null,
  detail: { reason: 'asked' },
  count: 1,
  since: null,
  ...changes,
});

const all = () => db.store.audit.page({ from: null, to: null }, 0, 100);

/** As if so many days had passed: the table itself gives no way to change when an entry was stored. */
async function insertOld(days: number, name: string): Promise<void> {
  await db.store.prisma.$executeRaw`
    INSERT INTO audit_entry (at, actor_kind, actor_id, actor_name, action, outcome)
    VALUES (now() - make_interval(days => ${days}::int), 'SYSTEM', 'mien', ${name}, 'ACCESS', 'OK')`;
}

describe('the audit', () => {
  it('keeps who, from where, what, to what and with what outcome, at the time of the database', async () => {
    const [before] = await db.store.prisma.$queryRaw<{ now: Date }[]>`SELECT now() AS now`;
    await db.store.audit.append([record(), record({ outcome: 'REFUSED', code: 'FORBIDDEN', count: 7 })]);
    const [first, second] = (await all()).slice(-2);
    expect(first).toMatchObject({
      ...{ actorKind: 'TOKEN', actorId: 't1', actorName: 'wall display', address: '192.0.2.7' },
      ...{ action: 'STOP_STREAM', targetType: 'STREAM', targetId: 's1', targetName: 'door' },
      ...{ outcome: 'OK', code: null, detail: { reason: 'asked' }, count: 1, since: null },
    });
    expect(second).toMatchObject({ outcome: 'REFUSED', code: 'FORBIDDEN', count: 7 });
    expect(second!.ordinal).toBeGreaterThan(first!.ordinal);
    expect(first!.at.getTime()).toBeGreaterThanOrEqual(before!.now.getTime());
  });

  it('takes words from outside that the database cannot hold, and cuts long ones', async () => {
    const name = `a\0b\ud800${'x'.repeat(2_000)}`;
    const principal = { kind: 'UNKNOWN', id: name, name } as const;
    await db.store.audit.append([
      record({ requester: { principal, address: null }, detail: { said: name }, target: null }),
    ]);
    const [entry] = (await all()).slice(-1);
    expect(entry!.actorName.startsWith('a\u{FFFD}b\u{FFFD}xxx')).toBe(true);
    expect(entry!.actorName).toHaveLength(500);
    expect(entry!.detail).toEqual({ said: entry!.actorName });
  });

  it.each([
    `UPDATE audit_entry SET actor_name = 'nobody'`,
    `UPDATE audit_entry SET actor_name = 'nobody' WHERE false`,
    'DELETE FROM audit_entry',
    'DELETE FROM audit_entry WHERE ordinal = 1',
    'TRUNCATE audit_entry',
    'TRUNCATE audit_entry CASCADE',
  ])('is append-only: the database refuses %s', async (statement) => {
    const before = await all();
    expect(before.length).toBeGreaterThan(0);
    await expect(db.store.prisma.$executeRawUnsafe(statement)).rejects.toThrow('append-only');
    expect(await all()).toEqual(before);
  });

  it('is append-only also for Prisma, and in a session that replays', async () => {
    const before = await all();
    await expect(db.store.prisma.auditEntry.deleteMany()).rejects.toThrow('append-only');
    await expect(
      db.store.prisma.$transaction(async (tx) => {
        await tx.$executeRawUnsafe(`SET LOCAL session_replication_role = 'replica'`);
        await tx.$executeRawUnsafe('DELETE FROM audit_entry');
      }),
    ).rejects.toThrow('append-only');
    expect(await all()).toEqual(before);
  });

  it('lets nothing of the last day go, whatever time a statement names', async () => {
    const before = await all();
    await expect(
      db.store.prisma.$transaction(async (tx) => {
        await tx.$queryRawUnsafe(`SELECT set_config('mien.audit_expires_before', '2999-01-01', true)`);
        await tx.$executeRawUnsafe('DELETE FROM audit_entry');
      }),
    ).rejects.toThrow('append-only');
    expect(await all()).toEqual(before);
  });

  it('deletes what is past its time, in slices, says so, and leaves the rest', async () => {
    for (const days of [11, 10, 9, 8]) await insertOld(days, `past, of ${days} days ago`);
    await insertOld(6, 'of 6 days ago');
    const kept = (await all()).filter(({ actorName }) => !actorName.startsWith('past'));

    expect(await db.store.audit.dropOlderThan(7, 3)).toBe(4);

    const [said, rest] = [(await all()).slice(-2), (await all()).slice(0, -2)];
    expect(rest).toEqual(kept);
    expect(said).toMatchObject([
      { actorKind: SYSTEM_ACTOR.kind, action: 'EXPIRE_AUDIT', detail: { entries: 3 } },
      { actorKind: SYSTEM_ACTOR.kind, action: 'EXPIRE_AUDIT', detail: { entries: 1 } },
    ]);
    expect(await db.store.audit.dropOlderThan(7)).toBe(0);
    // What let them go is no longer said: the next statement is refused again.
    await expect(db.store.prisma.$executeRawUnsafe('DELETE FROM audit_entry')).rejects.toThrow('append-only');
  });

  it('is read in pages of its order, also between two times', async () => {
    const entries = await all();
    const [first, ...more] = entries;
    expect(await db.store.audit.page({ from: null, to: null }, first!.ordinal, 2)).toEqual(more.slice(0, 2));
    const old = entries.filter(({ actorName }) => actorName === 'of 6 days ago');
    const from = new Date(old[0]!.at.getTime());
    const to = new Date(from.getTime() + 1);
    expect(await db.store.audit.page({ from, to }, 0, 100)).toEqual(old);
    expect(await db.store.audit.page({ from: null, to: from }, 0, 100)).toEqual([]);
  });
});
