import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Moment } from '../../src/domain/moment.ts';
import { createStore, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

let db: TestStore;
beforeAll(async () => {
  db = await createStore();
});
afterAll(() => db.dispose());

const START = Date.UTC(2026, 10, 24, 23, 50);
/** Media time runs on; the wall clock is faster, is set back by an hour, and stands still for a while. */
const wallTimeOf = (seq: number) => START + seq * 700 - (seq > 150 ? 3_600_000 : 0) - (seq > 200 ? 9_000 : 0);

it.each([0.3, 2, 10])(
  'sums of %d frames a second tell the first of their moments, and its and the last one’s wall time',
  async (frameRate) => {
    const { id } = await db.session();
    const moments = Array.from({ length: 300 }, (_, seq): Moment => {
      const moment = makeMoment(id, seq, { frameRate, faces: seq % 3 });
      return { ...moment, wallTime: wallTimeOf(seq) };
    });
    for (const [at, moment] of moments.entries()) {
      const written = db.store.moments.append(moment, [], moments[at - 1]);
      // Sums are added up in the database, and in the batch.
      if (at % 7 === 0) await written;
    }
    await db.store.moments.finish(id, [], {});
    const rows = await db.store.prisma.rollup.findMany({ where: { sessionId: id } });
    for (const { track, span, second, ...row } of rows) {
      const told = [row.firstSeq, row.startedAt?.getTime(), row.endedAt?.getTime()];
      const expected = track === 0 ? placeOf(moments, second, second + span) : [null, undefined, undefined];
      expect(told, `${span} ${second} ${track}`).toEqual(expected);
    }
    expect(new Set(rows.map(({ span }) => span))).toEqual(new Set([1, 10, 60, 600, 3600]));
  },
);

/** Of a second without a moment, where the one stands that lasts into it. */
function placeOf(moments: readonly Moment[], from: number, to: number) {
  const inside = moments.filter(({ mediaTime }) => mediaTime >= from && mediaTime < to);
  const shown = inside.length > 0 ? inside : moments.filter(({ mediaTime }) => mediaTime < from).slice(-1);
  const times = shown.map(({ wallTime }) => wallTime);
  return [shown[0]!.seq, Math.min(...times), Math.max(...times)];
}
