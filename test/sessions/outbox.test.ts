/** Moments on their way to the store, then to the bus. */
import { getEventListeners } from 'node:events';
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
  const sink = {
    append: (moment: Moment) => append(moment).then(() => moment.seq),
    finish: async () => 0,
  };
  const outbox = new Outbox({ sink, publish, limit, retryMs: 1, giveUp: giveUp.signal });
  /** Whether there was a place. */
  const push = (seq: number) => {
    const reserved = outbox.reserve();
    if (reserved) outbox.push(moment('s', seq), []);
    return reserved;
  };
  return { published, giveUp, outbox, push };
};
const away = () => Promise.reject(new MienError('STORE_UNAVAILABLE', 'full'));

it('moments are published in order, whatever the order of their commits', async () => {
  const { outbox, published, push } = open(({ seq }) => sleep([9, 1, 5, 0][seq] ?? 0));
  expect([0, 1, 2, 3, 4].map(push)).toEqual([true, true, true, true, false]);
  expect(await outbox.drain()).toBe(0);
  expect([published, outbox.reserve()]).toEqual([[0, 1, 2, 3], true]);
});

it('a place that is reserved is nobody else’s until it is cancelled', async () => {
  const { outbox, published, push } = open(async () => {}, 1);
  expect([outbox.reserve(), outbox.reserve()]).toEqual([true, false]);
  const waiting = outbox.waitForPlace(new AbortController().signal);
  outbox.cancel();
  await waiting;
  expect(outbox.reserve()).toBe(false);
  outbox.push(moment('s', 0), []);
  expect(await outbox.drain()).toBe(0);
  expect([published, push(1)]).toEqual([[0], true]);
});

it('a moment that the store refused is offered again, before any other', async () => {
  const offers: number[] = [];
  const random = seeded(4);
  const { outbox, published } = open(({ seq }) => {
    if (random() < 0.5) return away();
    offers.push(seq);
    return sleep(random() * 3);
  }, 1000);
  // Places reserved before it refuses, as those of frames that are being scored.
  for (let seq = 0; seq < 100; seq++) expect(outbox.reserve()).toBe(true);
  for (let seq = 0; seq < 100; seq++) {
    outbox.push(moment('s', seq), []);
    await tick();
  }
  expect(await outbox.drain()).toBe(0);
  const all = Array.from({ length: 100 }, (_, seq) => seq);
  expect([offers, published]).toEqual([all, all]);
});

it('the outbox gives up when there is no more time, and says how many moments are left', async () => {
  const { outbox, published, giveUp, push } = open(away);
  expect([push(0), push(1)]).toEqual([true, true]);
  await tick(5);
  const [room, drained] = [outbox.waitForPlace(giveUp.signal), outbox.drain()];
  await tick(5);
  giveUp.abort();
  await room;
  expect([await drained, published, outbox.failure]).toEqual([2, [], null]);
});

it('nothing is published after a moment that could not be written', async () => {
  const { outbox, published, push } = open(async ({ seq }) => {
    if (seq === 1) throw new Error('broken');
  });
  for (let seq = 0; seq < 3; seq++) push(seq);
  await outbox.drain();
  expect(published).toEqual([0]);
  expect(outbox.failure).toMatchObject({ message: 'broken' });
});

it.each(['is on its way', 'may come'])(
  'whoever waits for the place of a moment that %s is let go when there is no more time, or it is stopped, and has none',
  async (how) => {
    for (const reason of ['no time', 'stopped']) {
      const { outbox, giveUp, push } = open(away, 1);
      expect(how === 'may come' ? outbox.reserve() : push(0)).toBe(true);
      const stopping = new AbortController();
      let isOver = false;
      const waiting = outbox.waitForPlace(stopping.signal).then(() => {
        isOver = true;
      });
      await tick(5);
      expect(isOver).toBe(false);
      (reason === 'stopped' ? stopping : giveUp).abort();
      await waiting;
      expect(outbox.reserve()).toBe(false);
      expect(getEventListeners(stopping.signal, 'abort')).toEqual([]);
      giveUp.abort();
    }
  },
);

it('a moment that is followed tells when it goes to be stored, and that it was lost where it was not', async () => {
  const told: string[] = [];
  const followed = (seq: number, dropped = {}) => {
    const trace = {
      step: (step: string) => void told.push(`${seq} ${step}`),
      end: (failure?: string) => void told.push(`${seq} lost: ${failure}`),
    };
    return moment('s', seq, { trace: trace as never, dropped });
  };
  const offered: number[] = [];
  const { outbox, push } = open(async ({ seq }) => {
    offered.push(seq);
    if (seq === 1) throw new Error('broken');
  });
  for (let seq = 0; seq < 3; seq++) expect(outbox.reserve()).toBe(true);
  outbox.push(followed(0), []);
  outbox.push(followed(1, { busy: 2 }), []);
  outbox.push(followed(2, { busy: 1 }), []);
  expect(outbox.lost).toEqual({});
  expect(await outbox.drain()).toBe(2);
  expect(told).toEqual(['0 commit', '1 commit', '2 commit', '1 lost: store', '2 lost: store']);
  expect(outbox.lost).toEqual({ busy: 3, store: 2 });
  // There will be no more: whoever waits for a place has none, and nothing is offered any more.
  await outbox.waitForPlace(new AbortController().signal);
  expect([push(3), outbox.reserve(), outbox.reserve()]).toEqual([true, true, false]);
  await outbox.drain();
  expect(offered).toEqual([0, 1, 2]);
});

it('each moment is given to the store with the one before it', async () => {
  const given: unknown[] = [];
  const outbox = new Outbox({
    sink: {
      async append(moment, events, previous) {
        given.push([moment.seq, events.length, previous?.seq]);
        return 100 + moment.seq;
      },
      finish: async () => 0,
    },
    publish: (moment, events, position) =>
      void given.push([`published ${moment.seq}`, events.length, position]),
    ...{ limit: 4, retryMs: 1, giveUp: new AbortController().signal },
  });
  for (const events of [[{} as never], []]) {
    outbox.reserve();
    outbox.push(moment('s', given.length), events);
  }
  await outbox.drain();
  expect(given).toEqual([
    [0, 1, undefined],
    [1, 0, 0],
    ['published 0', 1, 100],
    ['published 1', 0, 101],
  ]);
});
