/** Colours that can be told from what they stand on (WCAG 2.2: 4.5 for text, 3 for graphics), light and dark. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXPRESSION_COLOURS } from '../../src/tables/ass-rows.ts';
import { blackOrWhiteOn } from '../../src/web/chart/face-canvas.js';
import { EXPRESSIONS } from '../../src/web/format.js';
import { ciede2000, differenceSeen, EYES, type Lab } from './colour-vision.ts';

const css = readFileSync(new URL('../../src/web/style.css', import.meta.url), 'utf8');
const [light = '', dark = ''] = css.split('prefers-color-scheme: dark');

function coloursOf(part: string): Record<string, string> {
  return Object.fromEntries(
    [...part.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, hex]) => [name, hex]),
  );
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** Least difference (CIEDE2000) between the colours of two expressions, to eyes with and without all three kinds of cones. */
const LEAST_DIFFERENCE = 10;

describe.each([
  ['light', coloursOf(light)],
  ['dark', coloursOf(dark)],
])('in the %s colours', (mode, colours) => {
  const text = ['ink', 'muted', 'accent', 'bad', 'good', 'warn'];
  it.each(text.flatMap((name) => ['paper', 'ground'].map((ground) => [name, ground])))(
    `%s text is legible on %s in the ${mode} colours`,
    (name, ground) => {
      expect(contrast(colours[name]!, colours[ground]!)).toBeGreaterThanOrEqual(4.5);
    },
  );

  it(`alerts and buttons are legible in the ${mode} colours`, () => {
    expect(contrast(colours.bad!, colours['bad-paper']!)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colours.paper!, colours.accent!)).toBeGreaterThanOrEqual(4.5);
  });

  const drawn = [...EXPRESSIONS.map((name) => name.toLowerCase()), 'valence', 'arousal'];
  it.each(drawn)(`the colour of %s stands out, and its label is legible, in the ${mode} colours`, (name) => {
    const colour = colours[name]!;
    expect(contrast(colour, colours.paper!)).toBeGreaterThanOrEqual(3);
    expect(contrast(colour, colours.stage!)).toBeGreaterThanOrEqual(2.7);
    expect(contrast(blackOrWhiteOn(colour), colour)).toBeGreaterThanOrEqual(4.5);
  });

  const expressions = EXPRESSIONS.map((name) => name.toLowerCase());
  const pairs = expressions.flatMap((one, index) =>
    expressions.slice(index + 1).map((other): [string, string] => [one, other]),
  );
  it.each(Object.keys(EYES) as (keyof typeof EYES)[])(
    `each two expressions differ to %s eyes in the ${mode} colours`,
    (eyes) => {
      const alike = pairs.filter(
        ([one, other]) => differenceSeen(colours[one]!, colours[other]!, eyes) < LEAST_DIFFERENCE,
      );
      expect(pairs).toHaveLength(28);
      expect(alike).toEqual([]);
    },
  );
});

it('the difference of colours is CIEDE2000: of the pairs that Sharma, Wu and Dalal published', () => {
  const published: [Lab, Lab, number][] = [
    [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
    [[50, -1, 2], [50, 0, 0], 2.3669],
    [[50, 2.49, -0.001], [50, -2.49, 0.0011], 7.2195],
    [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
    [[2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082],
  ];
  for (const [one, other, difference] of published) expect(ciede2000(one, other)).toBeCloseTo(difference, 4);
});

it('faces that are drawn into a video have the dark colours', () => {
  const colours = coloursOf(dark);
  const named = Object.fromEntries(EXPRESSIONS.map((name: string) => [name, colours[name.toLowerCase()]]));
  expect(EXPRESSION_COLOURS).toEqual(named);
});
