/** What becomes of sessions with the lease by which they run. */
import { expect, it } from 'vitest';
import type { SourceInput } from '../../src/domain/frame.ts';
import { ofShare } from '../../src/sessions/fair-share.ts';
import { tick } from '../helpers/memory-store.ts';
import { SETTINGS, STREAM_RECORD } from '../helpers/streams.ts';
import { frames } from './fakes.ts';
import { CAMERA, INPUT, TestManager, until } from './test-manager.ts';

const endless = frames(Number.POSITIVE_INFINITY, 1);

it('while others may take over a live source is closed; its session goes on when none did', async () => {
  const test = new TestManager({ decode: endless });
  const { id } = await test.manager.register(CAMERA);
  await until(() => test.seqs.length > 3);
  const watcher = test.manager.leaseWatcher;
  watcher.lapsed();
  await until(() => test.store.states.at(-1) === 'RECONNECTING');
  const closed = test.seqs.length;
  await tick(50);
  expect(test.seqs.length).toBe(closed);
  expect((await test.store.sessions.latest(id))?.failure).toContain('another server may run this stream');
  watcher.renewed();
  await until(() => test.seqs.length > closed + 3);
  expect(test.manager.running()).toHaveLength(1);
  expect(test.store.records.size).toBe(1);
});

it('each look finds what should run since the one before', async () => {
  const test = new TestManager({ decode: endless });
  await test.manager.desired.restore();
  for (const count of [1, 2]) {
    const { id } = await test.store.repository.create(SETTINGS);
    await test.store.repository.setShouldRun(id, true);
    test.manager.leaseWatcher.lookAround();
    await until(() => test.manager.running().length === count, 5_000);
  }
});

it('a recording is read on meanwhile', async () => {
  const test = new TestManager({ decode: endless });
  await test.manager.register(INPUT);
  await until(() => test.seqs.length > 3);
  test.manager.leaseWatcher.lapsed();
  const before = test.seqs.length;
  await until(() => test.seqs.length > before + 20);
  expect(test.store.states).not.toContain('RECONNECTING');
});

it('when others have taken over, all sessions end, and the next ones run', async () => {
  const test = new TestManager({ decode: endless });
  const { id } = await test.manager.register(CAMERA);
  await until(() => test.seqs.length > 3);
  await test.manager.leaseWatcher.lost();
  expect(test.manager.running()).toEqual([]);
  await test.manager.start(id);
  const before = test.seqs.length;
  await until(() => test.seqs.length > before);
});

it('a stream that was stopped at another server is stopped where it runs, and one that should run is started', async () => {
  const test = new TestManager({ decode: endless });
  const { id } = await test.manager.register(INPUT);
  const other = await test.store.repository.create(SETTINGS);
  await test.store.repository.setShouldRun(id, false);
  await test.store.repository.setShouldRun(other.id, true);
  test.manager.leaseWatcher.lookAround();
  await tick(20);
  expect([test.manager.running(), test.store.states]).toMatchObject([[{ streamId: id }], ['RUNNING']]);
  // A server that is still starting leaves it at that.
  await test.manager.desired.restore();
  test.manager.leaseWatcher.lookAround();
  expect(await test.ended(id)).toMatchObject({ state: 'ENDED', failure: null });
  await until(() => test.manager.running().some(({ streamId }) => streamId === other.id));
});

it('what was taken over is ended as soon as the store is back', async () => {
  const test = new TestManager({ decode: endless });
  await test.manager.desired.restore();
  const { id } = await test.store.repository.create(SETTINGS);
  await test.store.repository.setShouldRun(id, true);
  const left = test.store.addSession(id, { state: 'RUNNING' });
  const adopted = [[left]];
  test.store.sessions.adopt = async () => adopted.shift() ?? [];
  test.store.away = true;
  test.manager.leaseWatcher.lookAround();
  await until(() => test.warnings.length > 2);
  expect(test.warnings).toContain('could not look which streams should run; it is tried again');
  expect(test.store.records.get(left.id)?.state).toBe('RUNNING');
  test.store.away = false;
  await until(() => test.manager.running().length === 1);
  expect(test.store.records.get(left.id)?.state).toBe('INTERRUPTED');
});

it('stopping and removing wait for a session that runs elsewhere', async () => {
  const test = new TestManager({ limits: { stopMs: 300 } });
  const { id } = await test.store.repository.create(SETTINGS);
  await test.store.repository.setShouldRun(id, true);
  const elsewhere = test.store.addSession(id, { state: 'RUNNING' });
  await expect(test.manager.stop(id)).rejects.toMatchObject({ code: 'WORKER_UNAVAILABLE' });
  expect(test.store.streams.get(id)?.shouldRun).toBe(false);
  const stopping = test.manager.stop(id);
  await tick(20);
  await test.store.sessions.setState(elsewhere.id, 'ENDED');
  expect(await stopping).toMatchObject({ id: elsewhere.id, state: 'ENDED' });
  await test.manager.remove(id);
  expect(test.store.streams.has(id)).toBe(false);
});

it('suspects of a crash wait for the server that judged them; no other starts them meanwhile', async () => {
  const test = new TestManager({ decode: endless });
  const suspects: string[] = [];
  for (let at = 0; at < 8; at++) {
    const { id } = await test.store.repository.create(SETTINGS);
    await test.store.repository.setShouldRun(id, true);
    await test.store.repository.countCrash(id);
    test.store.addSession(id, { state: 'RUNNING' });
    suspects.push(id);
  }
  const sound = await test.store.repository.create(SETTINGS);
  await test.store.repository.setShouldRun(sound.id, true);
  const held: string[] = [];
  test.store.repository.hold = async (ids) => void held.push(...ids);
  await test.manager.desired.restore();
  expect(held.sort()).toEqual(suspects.sort());
  expect(test.manager.running().map(({ streamId }) => streamId)).toEqual([sound.id]);
});

it('as many streams are started as fall to a server, and after some looks those that no other took', async () => {
  const streams = Array.from({ length: 5 }, (_, at) => ({ ...STREAM_RECORD, id: `${at}` }));
  const deferred = new Map<string, number>();
  const deps = { streams: { share: async () => 4 }, waiting: new Set(['w']), deferred };
  const look = async (running: number, sound = streams) => {
    const entries = Array.from({ length: running }, (_, at) => [`r${at}`, {}] as const);
    const share = await ofShare({ ...deps, running: new Map(entries) }, sound);
    return share.map(({ id }) => id);
  };
  expect(await look(1)).toEqual(['0', '1']);
  for (let times = 0; times < 2; times++) expect(await look(3, streams.slice(2))).toEqual([]);
  expect(await look(3, streams.slice(2))).toEqual(['2', '3', '4']);
  expect(await look(0, [])).toEqual([]);
  // Others are starting them: the rest is theirs for as long as they are at it.
  for (let started = 0; started < 4; started++) expect(await look(4, streams.slice(started))).toEqual([]);
  for (let times = 0; times < 3; times++) expect(await look(4, streams.slice(4))).toEqual([]);
  expect(await look(4, streams.slice(4))).toEqual(['4']);
  expect(await look(0, [])).toEqual([]);
  // What lies on another server's disk is deferred to it for longer, and takes nobody's place.
  const isHere = async ({ type }: SourceInput) => type !== 'file';
  const near = { ...STREAM_RECORD, id: 'near', source: { type: 'url', url: 'rtsp://camera/1' } as const };
  const far = { ...STREAM_RECORD, id: 'far', source: { type: 'file', path: 'a.mp4' } as const };
  const both = () =>
    ofShare({ ...deps, streams: { share: async () => 2 }, isHere, running: new Map() }, [far, near]);
  expect(await both()).toEqual([near]);
  for (let times = 1; times < 30; times++) expect(await both()).not.toContain(far);
  expect(await both()).toContain(far);
});
