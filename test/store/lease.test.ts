/** Who may write of a session, and who takes it over when its worker is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Store } from '../../src/store/index.ts';
import { MODEL, SERVER, STREAM, summaryOf } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';
import { openProxy } from '../helpers/proxy.ts';
import { LEASE_MS, openPlace, running, WATCHER } from './lease-place.ts';

/** Its sessions are another's from now on, as when it was halted for too long. */
async function takeOver(store: Store): Promise<void> {
  await store.prisma.$executeRaw`UPDATE session SET worker_id = gen_random_uuid() WHERE state = 'RUNNING'`;
}

it('of a session that was taken over nothing is stored, and nothing deleted; others in the commit are stored', async () => {
  const open = await openPlace();
  const store = await open({ commitIntervalMs: 50 });
  const lost = await running(store);
  await Promise.all([0, 1].map((seq) => store.moments.append(makeMoment(lost.id, seq), [])));
  await takeOver(store);
  const kept = await running(store);
  const stored = await Promise.allSettled([
    store.moments.append(makeMoment(lost.id, 2), []),
    store.moments.append(makeMoment(kept.id, 0), []),
    store.moments.finish(lost.id, [], { busy: 3 }),
  ]);
  expect(stored).toMatchObject([
    { reason: { code: 'CONFLICT', message: expect.stringContaining('another one has taken it over') } },
    { status: 'fulfilled' },
    { reason: { code: 'CONFLICT' } },
  ]);
  await expect(store.sessions.setState(lost.id, 'FAILED')).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await store.sessions.interruptLive([lost.id], 'It was cut off.')).toEqual([]);
  expect(await store.dropOrphans()).toBe(0);
  expect((await store.moments.page(lost.id, -1, 9)).map(({ seq }) => seq)).toEqual([0, 1]);
  expect((await summaryOf(store, lost.id)).dropped).toEqual({});
  expect(await store.sessions.get(lost.id)).toMatchObject({ state: 'RUNNING', failure: null });
  expect(await store.streams.get(lost.streamId)).toMatchObject({ shouldRun: true });
});

it('a session that has ended takes no moment any more', async () => {
  const store = await (await openPlace())();
  const { id } = await running(store);
  await store.sessions.setState(id, 'ENDED');
  await expect(store.moments.append(makeMoment(id, 0), [])).rejects.toMatchObject({
    ...{ code: 'CONFLICT', message: expect.stringContaining('has ended') },
  });
  expect((await store.moments.extent(id)).newest).toBe(-1);
});

it.skipIf(SERVER)('what a crash left in the embedded database is the next process’s at once', async () => {
  const open = await openPlace();
  const before = await open();
  const { id } = await running(before);
  await before.close();
  const store = await open();
  expect(await store.sessions.adopt()).toMatchObject([{ id, state: 'RUNNING' }]);
  // Until they are ended, they are told again: an answer may have been lost.
  expect(await store.sessions.adopt()).toMatchObject([{ id }]);
  await store.moments.append(makeMoment(id, 0), []);
  expect(await store.sessions.interruptLive([id], 'It was cut off.')).toMatchObject([{ id }]);
  expect(await store.sessions.adopt()).toEqual([]);
  expect(await store.prisma.worker.count()).toBe(1);
});

describe.runIf(SERVER)('on a server', () => {
  it('whose lease lasts keeps their sessions; whose lease has run out loses them, all at once', async () => {
    const open = await openPlace();
    const [first, second] = [await open(), await open()];
    const { id } = await running(first);
    await second.sessions.adopt();
    await sleep(3 * LEASE_MS);
    expect(await second.sessions.adopt()).toEqual([]);
    await first.moments.append(makeMoment(id, 0), []);
    await first.close();
    const looked = vi.fn();
    second.lease.watch({ ...WATCHER, lookAround: looked });
    await vi.waitFor(() => expect(looked).toHaveBeenCalled(), 3 * LEASE_MS);
    expect(await second.sessions.adopt()).toMatchObject([{ id }]);
    await second.moments.append(makeMoment(id, 1), []);
    expect(await second.prisma.worker.count()).toBe(1);
  });

  it('nobody takes over before they have held their own lease for as long as one lasts', async () => {
    const open = await openPlace();
    const first = await open();
    const { id } = await running(first);
    await first.close();
    const second = await open();
    expect(await second.sessions.adopt()).toEqual([]);
    const begun = performance.now();
    await vi.waitFor(async () => expect(await second.sessions.adopt()).toMatchObject([{ id }]), 5 * LEASE_MS);
    expect(performance.now() - begun).toBeGreaterThan(LEASE_MS * 0.9);
  });

  it('a lease that cannot be renewed is told before it runs out, and again when nobody has taken over', async () => {
    const { hostname, port } = new URL(SERVER!);
    const proxy = await openProxy({ host: hostname, port: Number(port || 5432) });
    onTestFinished(() => proxy.close());
    const open = await openPlace();
    const other = await open();
    const through = new URL(
      (await other.prisma.$queryRaw<{ name: string }[]>`SELECT current_database() AS name`)[0]!.name,
      SERVER,
    );
    through.host = `127.0.0.1:${proxy.port}`;
    const first = await open({ databaseUrl: through.href });
    const told: string[] = [];
    first.lease.watch({ ...WATCHER, lapsed: () => told.push('lapsed'), renewed: () => told.push('renewed') });
    const { id } = await running(first);
    const cut = async () => {
      proxy.cut();
      await sleep(2 * LEASE_MS);
      proxy.mend();
    };
    // Alone on the database, it goes on.
    await cut();
    await first.moments.append(makeMoment(id, 0), []);
    expect(told).toEqual([]);
    await other.sessions.adopt();
    await sleep(LEASE_MS);
    await cut();
    await vi.waitFor(() => expect(told).toEqual(['lapsed', 'renewed']), 10 * LEASE_MS);
    await first.moments.append(makeMoment(id, 1), []);
  });

  it('who was taken over is told, begins another lease, and stores what it begins by that', async () => {
    const open = await openPlace();
    const [first, second] = [await open(), await open()];
    const lost = vi.fn(async () => {});
    first.lease.watch({ ...WATCHER, lost });
    const { id } = await running(first);
    await second.sessions.adopt();
    // As another does that finds its lease run out; at once, since it would renew in between.
    await second.prisma.$executeRaw`DELETE FROM worker USING session WHERE worker.id = worker_id`;
    await second.prisma.$executeRaw`UPDATE session SET worker_id = gen_random_uuid()`;
    await vi.waitFor(() => expect(lost).toHaveBeenCalledOnce(), 20 * LEASE_MS);
    await expect(first.moments.append(makeMoment(id, 0), [])).rejects.toMatchObject({ code: 'CONFLICT' });
    const next = await running(first);
    await first.moments.append(makeMoment(next.id, 0), []);
  });

  it('a stream that is started at two servers at once has one session, a hundred times', async () => {
    const open = await openPlace();
    const [first, second] = [await open(), await open()];
    const { id, streamId } = await running(first);
    await first.sessions.setState(id, 'ENDED');
    for (let time = 0; time < 100; time++) {
      const begun = await Promise.allSettled(
        [first, second].map((store) => store.sessions.create({ streamId, modelId: MODEL.id })),
      );
      const live = await first.sessions.live(streamId);
      expect(live).toHaveLength(1);
      expect(begun.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(begun.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: 'CONFLICT' },
      });
      const winner = begun[0]!.status === 'fulfilled' ? first : second;
      await winner.sessions.setState(live[0]!.id, 'ENDED');
    }
  });

  it('a stream that is registered at two servers at once is there once, a hundred times', async () => {
    const open = await openPlace();
    const stores = [await open(), await open()];
    for (let time = 0; time < 100; time++) {
      const input = { ...STREAM, name: `stream ${time}` };
      const made = await Promise.all(
        stores.map((store) => store.streams.createUnless(input, (namesakes) => namesakes.length > 0)),
      );
      expect(made.filter((one) => one !== null)).toHaveLength(1);
      expect(await stores[0]!.streams.byName(input.name)).toHaveLength(1);
    }
  });

  it('streams that should run are shared out, and those that are held wait for who holds them while that is there', async () => {
    const open = await openPlace();
    const [first, second] = [await open(), await open()];
    const ended: string[] = [];
    for (let at = 0; at < 3; at++) {
      const { id, streamId } = await running(first);
      await first.sessions.setState(id, 'INTERRUPTED');
      ended.push(streamId);
    }
    const waiting = async (store: Store) => (await store.streams.thatShouldRun()).map(({ id }) => id).sort();
    expect(await waiting(second)).toEqual(ended);
    await vi.waitFor(() => expect([first.lease, second.lease]).toMatchObject([{ others: 1 }, { others: 1 }]));
    expect([await first.streams.share(), await second.streams.share()]).toEqual([2, 2]);
    await first.streams.hold(ended.slice(0, 2));
    expect([await waiting(first), await waiting(second)]).toEqual([ended, ended.slice(2)]);
    await first.close();
    await vi.waitFor(async () => {
      await second.sessions.adopt();
      expect(await waiting(second)).toEqual(ended);
    }, 5 * LEASE_MS);
    await vi.waitFor(() => expect(second.lease.others).toBe(0));
    expect(await second.streams.share()).toBe(Number.POSITIVE_INFINITY);
  });

  it('a stream that was stopped meanwhile is not started again; a session of one that should not run is found', async () => {
    const open = await openPlace();
    const [first, second] = [await open(), await open()];
    const { id, streamId } = await running(first);
    await second.sessions.adopt();
    const looked = vi.fn();
    first.lease.watch({ ...WATCHER, lookAround: looked });
    await second.streams.setShouldRun(streamId, false);
    await vi.waitFor(() => expect(looked).toHaveBeenCalled(), 3 * LEASE_MS);
    expect(await first.sessions.unwanted()).toMatchObject([{ id }]);
    expect(await second.sessions.unwanted()).toEqual([]);
    await first.sessions.setState(id, 'INTERRUPTED');
    const again = { streamId, modelId: MODEL.id, again: true };
    await expect(second.sessions.create(again)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await second.streams.get(streamId)).toMatchObject({ shouldRun: false });
  });
});
