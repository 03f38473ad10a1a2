/** What a database that stalls, cuts, or loses an answer may do to leases and to whose a session is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Episode } from '../../src/domain/moment.ts';
import { MODEL, SERVER, STREAM } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';
import { LEASE_MS, openPlace, openPlaceOn, running, WATCHER } from './lease-place.ts';

it('a session that has ended does not begin to run again, whatever comes late', async () => {
  const store = await (await openPlace())();
  const { id } = await running(store);
  await store.sessions.setState(id, 'INTERRUPTED', { failure: 'It was cut off.' });
  for (const state of ['RUNNING', 'RECONNECTING', 'ENDED'] as const) {
    await expect(store.sessions.setState(id, state)).rejects.toMatchObject({ code: 'CONFLICT' });
  }
  expect(await store.sessions.get(id)).toMatchObject({ state: 'INTERRUPTED', failure: 'It was cut off.' });
  // The answer may have been lost: the same is said again.
  const again = await store.sessions.setState(id, 'INTERRUPTED', { failure: 'Why.' });
  expect(again).toMatchObject({ state: 'INTERRUPTED', failure: 'Why.' });
});

it('the end of a session that is said again does not stop the one that its stream has begun since', async () => {
  const store = await (await openPlace())();
  const { id, streamId } = await running(store);
  await store.sessions.setState(id, 'ENDED');
  await store.sessions.create({ streamId, modelId: MODEL.id });
  await store.sessions.setState(id, 'ENDED');
  expect(await store.streams.get(streamId)).toMatchObject({ shouldRun: true });
});

it('a session whose end is said again has ended when that was said first', async () => {
  const store = await (await openPlace())();
  const { id } = await running(store);
  const { endedAt } = await store.sessions.setState(id, 'FAILED', { failure: 'Why.' });
  await sleep(20);
  const again = await store.sessions.setState(id, 'FAILED', { failure: 'In short.' });
  expect(again).toMatchObject({ state: 'FAILED', failure: 'In short.', endedAt });
  expect(await store.sessions.get(id)).toEqual(again);
});

it('what was interrupted is told again, where the answer may have been lost, and does not end before it began', async () => {
  const store = await (await openPlace())();
  const { id } = await running(store);
  // By the clock of another server, which was an hour ahead.
  const startedAt = new Date(Date.now() + 3_600_000);
  await store.prisma.session.update({ where: { id }, data: { startedAt } });
  for (const failure of ['It was cut off.', 'Again.']) {
    const told = await store.sessions.interruptLive([id], failure);
    expect(told).toMatchObject([
      { id, state: 'INTERRUPTED', failure: 'It was cut off.', endedAt: startedAt },
    ]);
  }
});

it('a session ends when it began at the earliest, also where the clock was set back meanwhile', async () => {
  const store = await (await openPlace())();
  const { id } = await running(store);
  await store.prisma
    .$executeRaw`UPDATE session SET started_at = now() + interval '1 hour' WHERE id = ${id}::uuid`;
  const { startedAt, endedAt } = await store.sessions.setState(id, 'ENDED');
  expect(endedAt).toEqual(startedAt);
  expect(await store.sessions.get(id)).toMatchObject({ startedAt, endedAt });
});

describe.runIf(SERVER)('on a server', () => {
  it('who renewed just in time takes nobody over: the others may be a moment late', async () => {
    const leaseMs = 2_000;
    const { openThrough } = await openPlaceOn(undefined);
    const [[first, one], [second, other]] = [await openThrough({ leaseMs }), await openThrough({ leaseMs })];
    const { id } = await running(second);
    await first.sessions.adopt();
    await vi.waitFor(() => expect(first.lease.others).toBe(1), leaseMs);
    await sleep(1.5 * leaseMs);
    other.cut();
    await sleep(900);
    one.cut();
    await sleep(1_120);
    one.mend();
    // The first has renewed before its lease had run out, the second not yet.
    await vi.waitFor(() => expect(first.lease.others).toBe(0), leaseMs);
    expect(await first.sessions.adopt()).toEqual([]);
    other.mend();
    await vi.waitFor(() => expect(first.lease.others).toBe(1), 2 * leaseMs);
    await first.sessions.adopt();
    await second.moments.append(makeMoment(id, 0), []);
  });

  it('a database whose transactions are serializable, unless said otherwise, is used as any other', async () => {
    const { open } = await openPlaceOn('-c default_transaction_isolation=serializable');
    const [first, second] = [await open(), await open()];
    const { id, streamId } = await running(first);
    await first.sessions.setState(id, 'ENDED');
    for (let time = 0; time < 30; time++) {
      const begun = await Promise.allSettled(
        [first, second].map((store) => store.sessions.create({ streamId, modelId: MODEL.id })),
      );
      const refused = begun.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
      expect(refused).toMatchObject([{ code: 'CONFLICT' }]);
      const winner = begun[0]!.status === 'fulfilled' ? first : second;
      const [live] = await first.sessions.live(streamId);
      const others = await Promise.allSettled(
        [first, second].map((store) => store.moments.append(makeMoment(live!.id, 0), [])),
      );
      expect(others.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await winner.sessions.setState(live!.id, 'ENDED');
    }
  });

  it('a live session of its own that it does not run is told, and who takes over, whose answer was lost, finds what it took', async () => {
    const open = await openPlace();
    const [first, second] = [await open(), await open()];
    const { id } = await running(first);
    const looked = vi.fn();
    // What an earlier version left is looked for once.
    await sleep(2 * LEASE_MS);
    await first.sessions.adopt();
    first.lease.watch({ ...WATCHER, sessions: 1, lookAround: looked });
    await sleep(3 * LEASE_MS);
    expect(looked).not.toHaveBeenCalled();
    first.lease.watch({ ...WATCHER, sessions: 0, lookAround: looked });
    await vi.waitFor(() => expect(looked).toHaveBeenCalled(), 10 * LEASE_MS);
    expect(await first.sessions.adopt()).toMatchObject([{ id }]);
    await first.close();
    await vi.waitFor(async () => expect(await second.sessions.adopt()).toHaveLength(1), 10 * LEASE_MS);
    expect(await second.sessions.adopt()).toMatchObject([{ id }]);
  });

  it('a session that another server has ended is told, where it runs on here', async () => {
    const store = await (await openPlace())();
    const { prisma, sessions, lease } = store;
    const { id, streamId } = await running(store);
    const looked = vi.fn();
    await sleep(2 * LEASE_MS);
    await sessions.adopt();
    lease.watch({ ...WATCHER, sessions: 1, lookAround: looked });
    await sleep(3 * LEASE_MS);
    expect(looked).not.toHaveBeenCalled();
    await prisma.$transaction([
      prisma.stream.update({ where: { id: streamId }, data: { shouldRun: false } }),
      prisma.session.update({ where: { id }, data: { state: 'INTERRUPTED', endedAt: new Date() } }),
    ]);
    await vi.waitFor(() => expect(looked).toHaveBeenCalled(), 10 * LEASE_MS);
  });

  it('a stream is stored with whether it should run, and is started by who registers it, or when that one is gone by another', async () => {
    const open = await openPlace();
    const [first, second] = [await open(), await open()];
    const looked = vi.fn();
    first.lease.watch({ ...WATCHER, lookAround: looked });
    const stream = await first.streams.createUnless({ ...STREAM, shouldRun: true }, () => false);
    expect(stream).toMatchObject({ shouldRun: true });
    // Its first session was not begun: an answer was lost.
    expect(await first.streams.thatShouldRun()).toMatchObject([{ id: stream!.id }]);
    expect(await second.streams.thatShouldRun()).toEqual([]);
    await vi.waitFor(() => expect(looked).toHaveBeenCalled(), 20 * LEASE_MS);
    await first.close();
    await vi.waitFor(
      async () => {
        await second.sessions.adopt();
        expect(await second.streams.thatShouldRun()).toMatchObject([{ id: stream!.id }]);
      },
      { timeout: 60_000, interval: 100 },
    );
  });

  it('a server that holds no lease ends a session whose server is gone, and who comes back stores nothing of it', async () => {
    const { open, openThrough } = await openPlaceOn(undefined);
    const [gone, proxy] = await openThrough();
    const [api, other] = [await open(), await open()];
    const { id, streamId } = await running(gone);
    const episode: Episode = {
      ...{
        sessionId: id,
        index: 0,
        track: 1,
        expression: 'HAPPINESS',
        onset: 0,
        apex: 0,
        offset: null,
        peak: 0.5,
      },
      ...{ startedAt: new Date(1_000), endedAt: null },
    };
    await gone.moments.append(makeMoment(id, 0), [{ kind: 'ONSET', episode }]);
    expect(await api.sessions.runner(id)).toMatchObject({ isGone: false });
    expect(await api.sessions.takeAbandoned(id)).toBe(false);
    expect(await api.sessions.interruptLive([id], 'Gone.')).toEqual([]);
    proxy.cut();
    await vi.waitFor(
      async () => expect(await api.sessions.runner(id)).toMatchObject({ isGone: true }),
      10_000,
    );
    expect(await api.sessions.takeAbandoned(id)).toBe(true);
    const [left] = await api.sessions.openEpisodes([id]);
    expect(await api.moments.finish(id, [{ kind: 'OFFSET', episode: left! }], {})).toBeGreaterThan(0);
    expect(await api.sessions.interruptLive([id], 'Gone.')).toMatchObject([{ id, state: 'INTERRUPTED' }]);
    expect(await api.sessions.runner(id)).toBeNull();
    expect(await api.sessions.takeAbandoned(id)).toBe(false);
    proxy.mend();
    await expect(gone.moments.append(makeMoment(id, 1), [])).rejects.toMatchObject({ code: 'CONFLICT' });
    // It is no server that streams could fall to, and what it leaves is others' at once.
    await other.sessions.create({ streamId, modelId: MODEL.id });
    await vi.waitFor(() => expect(other.lease.others).toBe(1), 10_000);
    expect(await api.newest.otherWorkers()).toHaveLength(2);
  });

  it('what a server without a lease has taken, and does not end, is taken over by another', async () => {
    const { open, openThrough } = await openPlaceOn(undefined);
    const [gone, proxy] = await openThrough();
    const [api, other] = [await open(), await open()];
    const { id } = await running(gone);
    proxy.cut();
    await vi.waitFor(async () => expect(await api.sessions.takeAbandoned(id)).toBe(true), 10_000);
    await vi.waitFor(async () => expect(await other.sessions.adopt()).toMatchObject([{ id }]), {
      timeout: 30_000,
      interval: 100,
    });
    expect(await api.sessions.interruptLive([id], 'Gone.')).toEqual([]);
  });
});
