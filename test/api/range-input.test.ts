import { describe, expect, test } from 'vitest';
import { toTimeRange } from '../../src/api/schema/range-input.ts';
import type { MienError } from '../../src/errors.ts';

const at = (text: string) => new Date(text);

describe('a range', () => {
  test('is open where an end is left out', () => {
    expect(toTimeRange(undefined)).toBeUndefined();
    expect(toTimeRange({ media: { from: 2 } })).toEqual({ clock: 'MEDIA', from: 2, to: Infinity });
    expect(toTimeRange({ media: { to: 2.5 } })).toEqual({ clock: 'MEDIA', from: 0, to: 2.5 });
    expect(toTimeRange({ media: {} })).toEqual({ clock: 'MEDIA', from: 0, to: Infinity });
    const to = at('2026-11-24T09:30:00Z');
    expect(toTimeRange({ wall: { to } })).toEqual({ clock: 'WALL', from: -Infinity, to: to.getTime() });
  });

  const later = at('2026-11-24T09:30:01Z');
  const earlier = at('2026-11-24T09:30:00Z');
  test.each([
    ['that ends before it begins', { media: { from: 2, to: 1 } }, '`range.media.to` must be greater'],
    ['that holds nothing', { media: { from: 2, to: 2 } }, '`range.media.to` must be greater'],
    ['that begins before 0', { media: { from: -1 } }, '`range.media.from` must be a number of seconds'],
    ['that ends before 0', { media: { to: -1 } }, '`range.media.to` must be a number of seconds'],
    ['without a number', { media: { from: Number.NaN } }, '`range.media.from` must be a number of seconds'],
    ['without an end', { media: { to: Infinity } }, '`range.media.to` must be a number of seconds'],
    ['that is turned round', { wall: { from: later, to: earlier } }, '`range.wall.to` must be later'],
    ['of one instant', { wall: { from: later, to: later } }, '`range.wall.to` must be later'],
  ])('%s is refused with a sentence', (_, range, sentence) => {
    const refused = refusalOf(() => toTimeRange(range));
    expect(refused.code).toBe('BAD_INPUT');
    expect(refused.message).toContain(sentence);
  });
});

function refusalOf(work: () => unknown): MienError {
  try {
    work();
  } catch (error) {
    return error as MienError;
  }
  throw new Error('It was taken.');
}
