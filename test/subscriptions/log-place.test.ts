import { expect, it } from 'vitest';
import { beginningOf } from '../../src/domain/log-position.ts';
import { MAX_WRITERS } from '../../src/subscriptions/cursor.ts';
import { LogPlace } from '../../src/subscriptions/log-place.ts';

const at = (writer: number, count: number) => beginningOf(writer) + count;
const writer = (id: number, count: number) => ({ id, newest: at(id, count), expired: 0 });

it('what a writer commits that had not begun is still to come, also where its number is less than others’', () => {
  const place = LogPlace.behind([at(11, 5)], [writer(10, 3), writer(11, 5), writer(12, 1)]);
  expect([at(10, 1), at(10, 3), at(11, 5), at(12, 1)].map((position) => place.includes(position))).toEqual([
    false,
    false,
    true,
    false,
  ]);
});

it('of a list that is as long as may be, writers before it count as done with, and those in it that are missing do not', () => {
  const listed = Array.from({ length: MAX_WRITERS }, (_, i) => 100 + 2 * i);
  const positions = listed.map((id) => at(id, 1));
  const place = LogPlace.behind(positions, [
    writer(99, 4),
    writer(101, 4),
    ...listed.map((id) => writer(id, 1)),
  ]);
  expect(place.includes(at(99, 4))).toBe(true);
  expect(place.includes(at(101, 1))).toBe(false);
});
