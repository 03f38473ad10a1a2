import { expect, test } from 'vitest';
import { placeLabels } from '../../src/web/chart/place-labels.js';

const FRAME = { width: 400, height: 300 };
const HEIGHT = 20;

function face(left: number, top: number, size = 60, width = 90) {
  return { face: { left, top, width: size, height: size }, width };
}
type Area = ReturnType<typeof placeLabels>[number];
const overlaps = (one: Area, other: Area) =>
  one.left < other.left + other.width &&
  other.left < one.left + one.width &&
  one.top < other.top + other.height &&
  other.top < one.top + one.height;

test('the label of a face that is alone stands above it', () => {
  expect(placeLabels([face(100, 100)], HEIGHT, FRAME)).toEqual([
    { left: 100, top: 80, width: 90, height: HEIGHT },
  ]);
});

test.each([
  ['side by side', [face(100, 100), face(162, 100)]],
  ['one above the other', [face(100, 100), face(100, 162)]],
  ['in a row of four', [face(40, 100), face(104, 104), face(168, 100), face(232, 104)]],
  ['at the top, where there is no room above', [face(100, 0), face(162, 4)]],
  ['in a corner', [face(340, 0), face(340, 62)]],
])('labels of faces %s cover no face, and no other label', (_where, labels) => {
  const places = placeLabels(labels, HEIGHT, FRAME);
  for (const [index, place] of places.entries()) {
    for (const [other, { face }] of labels.entries())
      expect([index, other, overlaps(place, face)]).toEqual([index, other, false]);
    for (const other of places.slice(index + 1)) expect(overlaps(place, other)).toBe(false);
    expect(place.left >= 0 && place.left + place.width <= FRAME.width).toBe(true);
    expect(place.top >= 0 && place.top + HEIGHT <= FRAME.height).toBe(true);
  }
});

test('a face that fills the frame has its label within', () => {
  const [place] = placeLabels([{ face: { left: 0, top: 0, ...FRAME }, width: 90 }], HEIGHT, FRAME);
  expect(place).toEqual({ left: 0, top: 0, width: 90, height: HEIGHT });
});
