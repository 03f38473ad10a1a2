import { describe, expect, it } from 'vitest';
import type { Moment } from '../../src/domain/moment.ts';
import { MienError } from '../../src/errors.ts';
import { createTurns } from '../../src/sessions/keyed-mutex.ts';
import { createOutbox } from '../../src/sessions/outbox.ts';
import { readAhead, watchFrames } from '../../src/sessions/read-frames.ts';
import { createBackoff } from '../../src/sessions/reopen-backoff.ts';
import { createMediaClock } from '../../src/sessions/session-clock.ts';
import {
  type Cursor,
  decodeCursor,
  encodeCursor,
  momentCursor,
  seqOfCursor,
} from '../../src/subscriptions/cursor.ts';
import { readPages } from '../../src/subscriptions/read-pages.ts';
import { sleep } from '../../src/threads/sleep.ts';
import { frame, moment, seeded, tick } from './fakes.ts';

describe('cursors', () => {
  it('are read back as they were written', () => {
    const random = seeded(1);
    const seq = () => Math.floor(random() * 2 ** 31) - 1;
    const id = () => crypto.randomUUID();
    for (let round = 0; round < 200; round++) {
      const one: Cursor = { kind: 'session', sessionId: id(), seq: round === 0 ? -1 : seq() };
      const positions = Array.from({ length: round % 9 }, (): [string, number] => [id(), seq()]);
      const all: Cursor = { kind: 'all', since: Math.floor(random() * 2e12), positions };
      for (const cursor of [one, all]) expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
    }
  });

  it('are refused when anything about them was changed', () => {
    const cursor = momentCursor('0190a5b2-7c1e-7cc1-8d15-0123456789ab', 12);
    const random = seeded(2);
    let refused = 0;
    for (let round = 0; round < 500; round++) {
      const at = Math.floor(random() * cursor.length);
      const changed =
        cursor.slice(0, at) + String.fromCharCode(33 + Math.floor(random() * 94)) + cursor.slice(at + 1);
      try {
        expect(encodeCursor(decodeCursor(changed))).toBe(changed);
      } catch (error) {
        expect(error).toMatchObject({ code: 'CURSOR_INVALID' });
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(200);
  });

  it('name the moment of one session', () => {
    expect(seqOfCursor(momentCursor('a', 7), 'a')).toBe(7);
    expect(() => seqOfCursor(momentCursor('a', 7), 'b')).toThrow(MienError);
  });

  it('of all streams tell of each session that they list', () => {
    const all = encodeCursor({
      kind: 'all',
      since: 0,
      positions: [
        ['a', 7],
        ['b', -1],
      ],
    });
    expect([seqOfCursor(all, 'a'), seqOfCursor(all, 'b')]).toEqual([7, -1]);
    expect(() => seqOfCursor(all, 'c')).toThrow(MienError);
  });
});

describe('backing off', () => {
  it('doubles from one second to thirty while nothing works', () => {
    let now = 0;
    const backoff = createBackoff(() => now);
    const waits = Array.from({ length: 7 }, () => {
      const wait = backoff.crashed();
      now += wait + 20_000;
      return wait;
    });
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    backoff.works();
    expect(backoff.crashed()).toBe(1000);
  });

  it('slows down at the fifth crash within a minute, also when it works in between', () => {
    let now = 0;
    const backoff = createBackoff(() => now);
    const waits = Array.from({ length: 6 }, () => {
      backoff.works();
      now += 5000;
      return backoff.crashed();
    });
    expect(waits).toEqual([1000, 1000, 1000, 1000, 30_000, 30_000]);
    now += 61_000;
    backoff.works();
    expect(backoff.crashed()).toBe(1000);
  });
});

describe('media time', () => {
  it('is the source’s own, until the source is opened again; then it goes on by the wall clock', () => {
    const clock = createMediaClock();
    expect([clock.at(0.5, 1000), clock.at(0.6, 1100)]).toEqual([0.5, 0.6]);
    clock.reopened();
    expect(clock.at(0, 31_100)).toBeCloseTo(30.6, 9);
    expect(clock.at(0.1, 31_200)).toBeCloseTo(30.7, 9);
  });

  it('never stands still or goes back, whatever the source and the clock do', () => {
    const clock = createMediaClock();
    const random = seeded(3);
    let last = Number.NEGATIVE_INFINITY;
    for (let round = 0; round < 500; round++) {
      if (random() < 0.1) clock.reopened();
      const media = clock.at(random() * 3, random() * 10_000);
      expect(media).toBeGreaterThan(last);
      last = media;
    }
  });

  it('starts at the first frame, however often it was opened before', () => {
    const clock = createMediaClock();
    clock.reopened();
    expect(clock.at(0.2, 5000)).toBe(0.2);
  });
});

describe('the outbox', () => {
  const open = (append: (moment: Moment) => Promise<void>, limit = 4) => {
    const published: number[] = [];
    const giveUp = new AbortController();
    const publish = ({ seq }: Moment) => published.push(seq);
    const sink = { append };
    return {
      published,
      giveUp,
      outbox: createOutbox({ sink, publish, limit, retryMs: 1, giveUp: giveUp.signal }),
    };
  };
  const away = () => Promise.reject(new MienError('STORE_UNAVAILABLE', 'full'));

  it('publishes in order, whatever the order of commits', async () => {
    const { outbox, published } = open(({ seq }) => sleep([9, 1, 5, 0][seq] ?? 0));
    for (let seq = 0; seq < 4; seq++) outbox.push(moment('s', seq), []);
    expect(outbox.open).toBe(false);
    expect(await outbox.settled()).toBe(0);
    expect([published, outbox.open]).toEqual([[0, 1, 2, 3], true]);
  });

  it('offers a refused moment again, before any other', async () => {
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
    expect(await outbox.settled()).toBe(0);
    const all = Array.from({ length: 100 }, (_, seq) => seq);
    expect([offers, published]).toEqual([all, all]);
  });

  it('gives up when there is no more time, and says what is left', async () => {
    const { outbox, published, giveUp } = open(away);
    outbox.push(moment('s', 0), []);
    outbox.push(moment('s', 1), []);
    const [room, settled] = [outbox.room(giveUp.signal), outbox.settled()];
    await tick(5);
    giveUp.abort();
    await room;
    expect([await settled, published, outbox.failure]).toEqual([2, [], null]);
  });

  it('publishes nothing after a moment that could not be written', async () => {
    const { outbox, published } = open(async ({ seq }) => {
      if (seq === 1) throw new Error('broken');
    });
    for (let seq = 0; seq < 3; seq++) outbox.push(moment('s', seq), []);
    await outbox.settled();
    expect(published).toEqual([0]);
    expect(outbox.failure).toMatchObject({ message: 'broken' });
  });
});

describe('reading frames', () => {
  async function* some(count: number, log: string[] = []) {
    try {
      for (let index = 0; index < count; index++) {
        log.push(`read ${index}`);
        yield frame(index);
      }
    } finally {
      log.push('closed');
    }
  }

  it('asks for the next one while the last is in use, one ahead', async () => {
    const log: string[] = [];
    for await (const { mediaTime } of readAhead(some(3, log))) {
      await tick();
      log.push(`used ${Math.round(mediaTime * 10)}`);
    }
    expect(log).toEqual(['read 0', 'read 1', 'used 0', 'read 2', 'used 1', 'closed', 'used 2']);
  });

  it('closes the source when it is left, and passes its failure on', async () => {
    const log: string[] = [];
    for await (const _ of readAhead(some(9, log))) break;
    expect(log.at(-1)).toBe('closed');
    const failing = (async function* () {
      yield frame(0);
      throw new Error('broken');
    })();
    await expect(drain(readAhead(failing))).rejects.toThrow('broken');
  });

  it('gives a silent source up, and leaves one that is slow to stop behind', async () => {
    const controller = new AbortController();
    const stuck = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    const watched = watchFrames(stuck, { stallMs: 5, abort: () => controller.abort() });
    await expect(watched.next()).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    expect(controller.signal.aborted).toBe(true);
  });

  async function drain(frames: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of frames);
  }
});

describe('turns', () => {
  it('are taken one after the other for the same thing, side by side for others, also after a failure', async () => {
    const turn = createTurns();
    const log: string[] = [];
    const work =
      (name: string, fails = false) =>
      async () => {
        log.push(`${name} begins`);
        await tick(2);
        log.push(`${name} ends`);
        if (fails) throw new Error(name);
      };
    const all = await Promise.allSettled([
      turn('x', work('one', true)),
      turn('x', work('two')),
      turn('y', work('other')),
    ]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(log.indexOf('two begins')).toBeGreaterThan(log.indexOf('one ends'));
    expect(log.indexOf('other begins')).toBeLessThan(log.indexOf('one ends'));
  });
});

describe('pages', () => {
  const stored = Array.from({ length: 500 }, (_, seq) => moment('s', seq));
  const page = async (_id: string, after: number, limit: number) =>
    stored.filter(({ seq }) => seq > after).slice(0, limit);

  it('come whole and once, and the next is read while one is in use', async () => {
    const asked: number[] = [];
    const history = {
      page: (id: string, after: number, limit: number) => {
        asked.push(after);
        return page(id, after, limit);
      },
    };
    const seqs: number[] = [];
    for await (const moments of readPages(history, 's', 99)) {
      if (seqs.length === 0) expect(asked).toEqual([99, 299]);
      seqs.push(...moments.map(({ seq }) => seq));
    }
    expect(seqs).toEqual(stored.slice(100).map(({ seq }) => seq));
  });

  it('end where they are told to', async () => {
    const seqs: number[] = [];
    for await (const moments of readPages({ page }, 's', 10, 250))
      seqs.push(...moments.map(({ seq }) => seq));
    expect(seqs).toEqual(stored.slice(11, 251).map(({ seq }) => seq));
  });

  it('tell of a failure when the page that failed is asked for', async () => {
    const history = {
      page: async (id: string, after: number, limit: number) => {
        if (after >= 199) throw new MienError('STORE_UNAVAILABLE', 'away');
        return page(id, after, limit);
      },
    };
    const pages = readPages(history, 's', -1);
    expect((await pages.next()).value).toHaveLength(200);
    await expect(pages.next()).rejects.toThrow('away');
  });
});
