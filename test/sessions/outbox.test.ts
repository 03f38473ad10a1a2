/** Moments on their way to the store, then to the bus. */
import { expect, it } from 'vitest';
import type { Moment } from '../../src/domain/moment.ts';
import { MienError } from '../../src/errors.ts';
import { Outbox } from '../../src/sessions/outbox.ts';
import { sleep } from '../../src/threads/sleep.ts';
import { moment, seeded, tick } from '../helpers/memory-store.ts';

const open = (append: (moment: Moment) => Promise<void>, limit = 4) => {
  const published: number[] = [];
  const giveUp = new AbortController();
  const publish = ({ seq }: Moment) => published.push(seq);
  const sink = { append };
  return {
    published,
    giveUp,
    outbox: new Outbox({ sink, publish, limit, retryMs: 1, giveUp: giveUp.signal }),
  };
};
const away = () => Promise.reject(new MienError('STORE_UNAVAILABLE', 'full'));

it('moments are published in order, whatever the order of their commits', async () => {
  const { outbox, published } = open(({ seq }) => sleep([9, 1, 5, 0][seq] ?? 0));
  for (let seq = 0; seq < 4; seq++) outbox.push(moment('s', seq), []);
  expect(outbox.hasRoom).toBe(false);
  expect(await outbox.drain()).toBe(0);
  expect([published, outbox.hasRoom]).toEqual([[0, 1, 2, 3], true]);
});

it('a moment that the store refused is offered again, before any other', async () => {
  const offers: number[] = [];
  const random = seeded(4);
  const { outbox, published } = open(({ seq }) => {
    if (random() < 0.5) return away();
    offers.push(seq);
    return sleep(random() * 3);
  }, 1000);
  for (let seq = 0; seq < 100; seq++) {
    outbox.push(moment('s', seq), []);
    await tick();
  }
  expect(await outbox.drain()).toBe(0);
  const all = Array.from({ length: 100 }, (_, seq) => seq);
  expect([offers, published]).toEqual([all, all]);
});

it('the outbox gives up when there is no more time, and says how many moments are left', async () => {
  const { outbox, published, giveUp } = open(away);
  outbox.push(moment('s', 0), []);
  outbox.push(moment('s', 1), []);
  const [room, drained] = [outbox.waitForRoom(giveUp.signal), outbox.drain()];
  await tick(5);
  giveUp.abort();
  await room;
  expect([await drained, published, outbox.failure]).toEqual([2, [], null]);
});

it('nothing is published after a moment that could not be written', async () => {
  const { outbox, published } = open(async ({ seq }) => {
    if (seq === 1) throw new Error('broken');
  });
  for (let seq = 0; seq < 3; seq++) outbox.push(moment('s', seq), []);
  await outbox.drain();
  expect(published).toEqual([0]);
  expect(outbox.failure).toMatchObject({ message: 'broken' });
});
