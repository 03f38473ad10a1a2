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
      expect.objectContaining({ code: 'CURSOR_EXPIRED' }),
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
