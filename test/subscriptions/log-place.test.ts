import { expect, it } from 'vitest';
import { beginningOf } from '../../src/domain/log-position.ts';
import { MAX_WRITERS } from '../../src/subscriptions/cursor.ts';
import { LogPlace } from '../../src/subscriptions/log-place.ts';

const at = (writer: number, count: number) => beginningOf(writer) + count;
const writer = (id: number, count: number) => ({ id, newest: at(id, count) });

it('what a writer commits that had not begun is still to come, also where its number is less than others’', () => {
  const place = LogPlace.behind(
    { positions: [at(11, 5)] },
    [writer(10, 3), writer(11, 5), writer(12, 1)],
    [],
  );
  expect([at(10, 1), at(10, 3), at(11, 5), at(12, 1)].map((position) => place.includes(position))).toEqual([
    false,
    false,
    true,
    false,
  ]);
});

const listed = Array.from({ length: MAX_WRITERS }, (_, i) => 100 + 2 * i);
const full = listed.map((id) => writer(id, 1));

it('of a list without room for all, writers before it are done with, and those in it that are missing have all to come', () => {
  const told = LogPlace.atEnd([writer(98, 3), writer(99, 4), ...full]).told();
  expect(told).toEqual({ positions: listed.map((id) => at(id, 1)), omitted: 7 });
  const place = LogPlace.behind(told, [writer(98, 3), writer(99, 4), writer(101, 4), ...full], []);
  expect([at(98, 3), at(99, 4), at(101, 1)].map((one) => place.includes(one))).toEqual([true, true, false]);
});

it('where one that was left out has written since, or begun, the cursor is refused rather than that something is lost', () => {
  const told = LogPlace.atEnd([writer(98, 3), writer(99, 4), ...full]).told();
  for (const since of [
    [writer(98, 4), writer(99, 4)],
    [writer(97, 1), writer(98, 3), writer(99, 4)],
  ])
    expect(() => LogPlace.behind(told, [...since, ...full], [])).toThrow(
      expect.objectContaining({
        code: 'CURSOR_EXPIRED',
        message:
          'A cursor tells of 32 servers, and others have recorded since this one. Subscribe without `after`, and read what you missed from `Session.timeline`.',
      }),
    );
  expect(() => LogPlace.behind(told, [writer(98, 3), ...full], [])).toThrow(
    expect.objectContaining({ code: 'CURSOR_INVALID' }),
  );
});

it('what is told is the same wherever it was dealt with, in whatever order', () => {
  const writers = [writer(3, 7), writer(98, 3), ...full];
  const place = LogPlace.behind({ positions: [] }, writers, []);
  for (const { newest } of writers.toReversed()) place.advance(newest);
  expect(place.told()).toEqual(LogPlace.atEnd(writers).told());
  place.advance(at(98, 9));
  expect(place.told()).toEqual({ positions: listed.map((id) => at(id, 1)), omitted: 16 });
  expect(place.told(at(98, 9))).toEqual({ positions: listed.map((id) => at(id, 1)), omitted: 7 });
});

it('an event of a writer that the list leaves out stands beside it: that writer is read on behind the event', () => {
  const writers = [writer(98, 3), writer(99, 4), ...full];
  const told = LogPlace.atEnd(writers).told(at(98, 3));
  expect(told).toEqual({ positions: listed.map((id) => at(id, 1)), omitted: 4 });
  const since = [writer(98, 5), writer(99, 4), ...full];
  const place = LogPlace.behind(told, since, [], at(98, 3));
  expect([at(98, 3), at(98, 4), at(99, 4)].map((one) => place.includes(one))).toEqual([true, false, true]);
});

it('a writer that is new where others were dealt with follows them, and the first of all follows nobody', () => {
  const none = LogPlace.atEnd([]);
  expect(none.isOfFollower(at(1, 1))).toBe(false);
  const place = LogPlace.atEnd([writer(1, 4)]);
  expect([at(1, 9), at(2, 1)].map((one) => place.isOfFollower(one))).toEqual([false, true]);
});

it('of the store no more is asked for than what may be there', async () => {
  const asked: string[] = [];
  const log = { writers: async () => [writer(1, 5), writer(2, 203), writer(3, 2)] };
  const place = LogPlace.atEnd([writer(1, 5), writer(3, 1)]);
  const pages = place.rest<number>(log, async (from, last, limit) => {
    asked.push(`${from} ${last}`);
    const end = from === at(2, 0) ? at(2, 203) : at(3, 2);
    const begin = last ?? from;
    return Array.from({ length: Math.min(limit, end - begin) }, (_, index) => begin + 1 + index);
  });
  const read: number[] = [];
  for await (const page of pages) read.push(...page);
  expect(read).toEqual([...Array.from({ length: 203 }, (_, index) => at(2, index + 1)), at(3, 2)]);
  expect(asked).toEqual([`${at(2, 0)} undefined`, `${at(2, 0)} ${at(2, 200)}`, `${at(3, 1)} undefined`]);
  expect([at(2, 203), at(3, 2)].every((one) => place.includes(one))).toBe(true);
});
