/** Stopping a stream that another server runs, which may be gone, or slow. */
import { expect, it, vi } from 'vitest';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { SETTINGS } from '../helpers/streams.ts';
import { code, TestManager, until } from './test-manager.ts';

const GONE = { server: 'other 1', isGone: true };
const THERE = { server: 'other 1', isGone: false };

/** A manager, and a session that another server runs. */
async function elsewhere(stopMs: number): Promise<{ test: TestManager; session: SessionRecord }> {
  const test = new TestManager({ limits: { stopMs, goneMs: 50 } });
  const { id } = await test.store.repository.create({ ...SETTINGS, shouldRun: true });
  return { test, session: test.store.addSession(id, { state: 'RUNNING' }) };
}

it('a session whose server is gone is ended by the server that is asked to stop its stream, and that is told', async () => {
  const { test, session } = await elsewhere(60_000);
  test.store.sessions.runner = async () => GONE;
  const ended = await test.manager.stop(session.streamId);
  expect(ended).toMatchObject({ id: session.id, state: 'INTERRUPTED' });
  expect(ended.failure).toContain('had lost the database');
  expect(test.store.streams.get(session.streamId)).toMatchObject({ shouldRun: false });
  await until(() => test.heard.includes('INTERRUPTED'));
  expect(test.heard).toEqual(['INTERRUPTED']);
  await test.manager.remove(session.streamId);
  expect(test.store.records.size).toBe(0);
});

it('one whose server is there is left to it, however long it takes, and who asks is told which it is', async () => {
  const { test, session } = await elsewhere(150);
  const take = vi.spyOn(test.store.sessions, 'takeAbandoned');
  const stopping = test.manager.stop(session.streamId);
  await expect(stopping).rejects.toEqual(code('WORKER_UNAVAILABLE'));
  await expect(stopping).rejects.toThrow('(other 1)');
  // What is back in between was away, and not gone.
  let looks = 0;
  test.store.sessions.runner = async () => (looks++ % 2 === 0 ? GONE : THERE);
  await expect(test.manager.stop(session.streamId)).rejects.toEqual(code('WORKER_UNAVAILABLE'));
  expect(take).not.toHaveBeenCalled();
});

it.each([
  [4_000, 'WORKER_UNAVAILABLE'],
  [6_000, 'STORE_UNAVAILABLE'],
])(
  'a database that has not answered for %i ms since the server was seen there is told by %s',
  async (silence, told) => {
    const { test, session } = await elsewhere(100);
    const began = performance.now();
    const now = vi.spyOn(performance, 'now').mockReturnValue(began);
    let looks = 0;
    test.store.sessions.runner = async () => {
      if (looks++ === 0) return THERE;
      now.mockReturnValue(began + silence);
      return new Promise(() => {});
    };
    await expect(test.manager.stop(session.streamId)).rejects.toEqual(code(told));
    now.mockRestore();
  },
);

it('a database that does not answer is told as what it is', async () => {
  const { test, session } = await elsewhere(100);
  test.store.sessions.runner = () => new Promise(() => {});
  await expect(test.manager.stop(session.streamId)).rejects.toEqual(code('STORE_UNAVAILABLE'));
});
