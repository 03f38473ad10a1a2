/** Colours that can be told from what they stand on (WCAG 2.2: 4.5 for text, 3 for graphics), light and dark. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { blackOrWhiteOn } from '../../src/web/face-canvas.js';
import { EXPRESSIONS } from '../../src/web/format.js';

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
});
