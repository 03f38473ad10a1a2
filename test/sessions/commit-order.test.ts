/** Outbox and group commit together: what is stored, and what is published, of each session begins at 0 and has no hole. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Moment } from '../../src/domain/moment.ts';
import { Outbox } from '../../src/sessions/outbox.ts';
import { GroupCommit } from '../../src/store/commit/group-commit.ts';
import type { PrepareBatch } from '../../src/store/commit/prepare-batch.ts';
import { moment, seeded, tick } from '../helpers/memory-store.ts';

const SESSIONS = ['a', 'b', 'c'];
const COUNT = 40;
const away = () => Object.assign(new Error('gone'), { code: 'P1001' });
const slow = () => Object.assign(new Error('slow'), { code: '57014' });
const refused = () => Object.assign(new Error('no'), { code: '22003' });

/** A database that is away, slow, loses an answer, or refuses one moment for good, as chance has it. */
function database(random: () => number) {
  const stored = new Map(SESSIONS.map((id) => [id, [] as number[]]));
  const culprit =
    random() < 0.4 ? { id: SESSIONS[Math.floor(random() * 3)], seq: Math.floor(random() * COUNT) } : null;
  const flaky = random() * 0.6;
  const prepare: PrepareBatch =
    ({ appended }) =>
    async () => {
      for (let turns = Math.floor(random() * 6); turns > 0; turns--) await Promise.resolve();
      if (random() < 0.3) await tick();
      if (random() < flaky) throw random() < 0.5 && appended.length > 1 ? slow() : away();
      if (appended.some(({ moment: { sessionId, seq } }) => culprit?.id === sessionId && culprit.seq === seq))
        throw refused();
      for (const {
        moment: { sessionId, seq },
      } of appended) {
        const of = stored.get(sessionId)!;
        if (!of.includes(seq)) of.push(seq);
      }
      // The answer is lost, not the commit.
      if (random() < 0.1) throw away();
      return new Map();
    };
  return { stored, prepare };
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const isGapless = (seqs: readonly number[]) => seqs.every((seq, at) => seq === at);

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
  });
});
afterEach(() => vi.useRealTimers());

/** Holes were found at 24 and at 379; `SEEDS` asks for more. */
const SEEDS = [...Array.from({ length: Number(process.env.SEEDS ?? 25) }, (_, index) => index + 1), 379];

async function play(seed: number) {
  const random = seeded(seed);
  const { stored, prepare } = database(random);
  const commits = new GroupCommit(prepare, {
    commitIntervalMs: 0,
    commitMax: 1 + Math.floor(random() * 4),
    bufferMax: 2 + Math.floor(random() * 12),
  });
  const giveUp = new AbortController();
  const runs = SESSIONS.map((id) => {
    const published: number[] = [];
    const outbox = new Outbox({
      sink: {
        append: (one: Moment, events) =>
          commits.add({ position: 0, moment: one, events }).then(() => one.seq),
        finish: async () => 0,
      },
      publish: ({ seq }) => void published.push(seq),
      limit: 1 + Math.floor(random() * 16),
      retryMs: 20,
      giveUp: giveUp.signal,
    });
    return { id, outbox, published, next: 0 };
  });
  const steps = random() < 0.5 ? Math.floor(random() * 150) : 600;
  for (let step = 0; step < steps; step++) {
    const run = runs[Math.floor(random() * runs.length)]!;
    if (run.next < COUNT && run.outbox.failure === null && run.outbox.reserve())
      run.outbox.push(moment(run.id, run.next++), []);
    for (let turns = Math.floor(random() * 4); turns > 0; turns--) await Promise.resolve();
    if (random() < 0.1) await pass(Math.floor(random() * 300));
  }
  // As the server ends: what is left is waited for, sometimes long enough; then the sessions give up, and the store closes.
  await pass(random() < 0.5 ? 1_000_000 : Math.floor(random() * 1000));
  giveUp.abort();
  const closed = commits.close();
  await pass(20_000);
  await closed;
  return runs.map(({ id, published }) => ({ id, published, stored: stored.get(id)! }));
}

it('no order of refusals, lost answers, halved commits and shutdowns leaves a hole in what is stored or published', async () => {
  for (const seed of SEEDS) {
    for (const { id, published, stored } of await play(seed)) {
      const told = `seed ${seed}, session ${id}: stored ${stored}; published ${published}`;
      expect(isGapless(stored) || told).toBe(true);
      expect(isGapless(published) || told).toBe(true);
      expect(published.length <= stored.length || told).toBe(true);
    }
  }
});
