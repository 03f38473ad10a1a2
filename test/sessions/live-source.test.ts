/** A session of a live source, which is opened again when it is lost. */
import { expect, it } from 'vitest';
import { MienError } from '../../src/errors.ts';
import type { StreamManagerDeps } from '../../src/sessions/index.ts';
import { frames, LIVE_INFO, silent } from './fakes.ts';
import { CAMERA, LIMITS, oneAfterTheOther, range, TestManager, thenFails, until } from './test-manager.ts';

it('a live source is opened again when it is lost; the session and its media time go on', async () => {
  const { decode, count } = oneAfterTheOther(
    thenFails(frames(3)),
    frames(3),
    frames(Number.POSITIVE_INFINITY, 2),
  );
  const test = new TestManager({ decode });
  const { id } = await test.manager.register(CAMERA);
  await until(() => count() === 3 && test.seqs.length > 8);
  const session = await test.manager.stop(id);
  expect(session.state).toBe('ENDED');
  const moments = test.store.moments.get(session.id) ?? [];
  expect(test.seqs).toEqual(range(moments.length));
  const times = moments.map(({ mediaTime }) => mediaTime);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(new Set(times).size).toBe(times.length);
  const states = test.store.states;
  expect(states).toEqual(['RUNNING', 'RECONNECTING', 'RUNNING', 'RECONNECTING', 'RUNNING', 'ENDED']);
});

it('what came by HTTP like a live source, and whose server said that this was all, has ended', async () => {
  const probe = async () => ({ ...LIVE_INFO, kind: 'http' as const });
  const { decode, count } = oneAfterTheOther(thenFails(frames(3)), frames(3), frames(3));
  const test = new TestManager({ probe, decode });
  const { id } = await test.manager.register(CAMERA);
  expect(await test.ended(id)).toMatchObject({ state: 'ENDED', failure: null });
  expect(count()).toBe(2);
});

it('the size of frames is stored once, with the first frame, however often a live source is opened', async () => {
  const other = frames(Number.POSITIVE_INFINITY, 2, { width: 2, height: 4 });
  const { decode, count } = oneAfterTheOther(silent, thenFails(frames(3)), other);
  const test = new TestManager({ decode });
  const { id } = await test.manager.register(CAMERA);
  await until(() => count() === 3 && test.seqs.length > 8);
  await test.manager.stop(id);
  expect(test.store.states).toEqual(['RECONNECTING', 'RUNNING', 'RECONNECTING', 'RUNNING', 'ENDED']);
  expect(test.store.sizes).toEqual([{ in: 'RUNNING', width: 4, height: 2 }]);
});

it('a live source is opened again when it sends nothing', async () => {
  const { decode, count } = oneAfterTheOther(silent, frames(Number.POSITIVE_INFINITY, 2));
  const test = new TestManager({ decode });
  const { id } = await test.manager.register(CAMERA);
  await until(() => test.seqs.length > 3);
  expect(count()).toBe(2);
  await test.manager.stop(id);
  expect(test.store.states).toEqual(['RECONNECTING', 'RUNNING', 'ENDED']);
});

it('a live source that cannot be reached is tried again; one that is refused is not', async () => {
  let tries = 0;
  let failure = new MienError('SOURCE_UNREACHABLE', 'Nobody answers.');
  const probe: StreamManagerDeps['probe'] = async () => {
    if (tries++ > 0) throw failure;
    return LIVE_INFO;
  };
  const test = new TestManager({ probe, decode: thenFails(frames(1)) });
  const { id } = await test.manager.register(CAMERA);
  await until(() => tries > 3);
  expect(await test.store.sessions.latest(id)).toMatchObject({
    state: 'RECONNECTING',
    failure: 'Nobody answers.',
  });
  failure = new MienError('SOURCE_REFUSED', 'Private address.');
  expect(await test.ended(id)).toMatchObject({ state: 'FAILED', failure: 'Private address.' });
});

it('a session stops at once while its source waits to be opened again', async () => {
  const test = new TestManager({ decode: thenFails(frames(1)), limits: { ...LIMITS, reopenMs: 10_000 } });
  const { id } = await test.manager.register(CAMERA);
  await until(() => test.store.states.includes('RECONNECTING'));
  expect(await test.manager.stop(id)).toMatchObject({ state: 'ENDED' });
});
