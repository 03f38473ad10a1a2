import { expect, test } from 'vitest';
import { holds, zoomed } from '../../src/web/recorded/resolution.js';

test('a chart that is not zoomed shows all of a session, to the last bit, wherever that begins', () => {
  for (let frame = 1; frame < 500; frame++) {
    const whole = { from: frame / 30, to: frame / 7 };
    expect(zoomed(whole, { k: 1, shift: 0 })).toEqual(whole);
  }
});

test('a chart that is zoomed in shows a part, which is shifted', () => {
  const whole = { from: 10, to: 30 };
  expect(zoomed(whole, { k: 4, shift: 0 })).toEqual({ from: 10, to: 15 });
  expect(zoomed(whole, { k: 4, shift: -1.5 })).toEqual({ from: 17.5, to: 22.5 });
  expect(holds(whole, zoomed(whole, { k: 4, shift: -3 }))).toBe(true);
});
