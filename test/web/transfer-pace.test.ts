/** How far an upload is, in words, and tags as people write them. */
import { describe, expect, it, test } from 'vitest';
import { nameOf } from '../../src/web/register/add-files.js';
import { byteText, createPace } from '../../src/web/register/transfer-pace.js';
import { parseTags, tagsText } from '../../src/web/tags-text.js';

describe('the pace of an upload', () => {
  const told = (points: readonly (readonly [seconds: number, fraction: number])[]) => {
    let now = 0;
    const pace = createPace(400_000_000, () => now);
    return points.map(([seconds, fraction]) => {
      now = seconds * 1000;
      return pace.tell(fraction);
    });
  };

  it('tells no time before it has one, then what is left at the pace of the last seconds', () => {
    expect(
      told([
        [0, 0],
        [0.5, 0.01],
        [2, 0.04],
        [20, 0.5],
      ]),
    ).toEqual(['0 % of 400 MB', '1 % of 400 MB', '4 % of 400 MB, about 50 s left', '50 % of 400 MB']);
    expect(
      told([
        [0, 0],
        [10, 0.01],
      ]).at(-1),
    ).toBe('1 % of 400 MB, about 17 min left');
    expect(
      told([
        [0, 0],
        [10, 0.0002],
      ]).at(-1),
    ).toBe('0 % of 400 MB, about 14 h left');
    expect(
      told([
        [0, 0.5],
        [10, 0.9],
        [11, 1],
      ]),
    ).toEqual(['50 % of 400 MB', '90 % of 400 MB, a few seconds left', '100 % of 400 MB']);
  });

  it('an upload that goes on is not taken to have sent at once what was there', () => {
    expect(
      told([
        [0, 0.5],
        [10, 0.6],
      ]).at(-1),
    ).toBe('60 % of 400 MB, about 40 s left');
  });
});

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1 kB'],
  [329_942, '330 kB'],
  [999_600, '1 MB'],
  [1_234_567, '1.2 MB'],
  [4_000_000_000, '4 GB'],
])('%i bytes are %s', (bytes, words) => {
  expect(byteText(bytes)).toBe(words);
});

test.each([
  ['lectures/2026/Anna at work.final.mp4', 'Anna at work.final'],
  ['.hidden', '.hidden'],
  ['a\u0007b.mkv', 'a b'],
  [`${'x'.repeat(300)}.mp4`, 'x'.repeat(200)],
])('a stream of %j is called %j', (path, name) => {
  expect(nameOf(path)).toBe(name);
});

test('tags are one in each line, and what is none is told', () => {
  expect(parseTags(' site = lab \n\nnote=a=b\n')).toEqual([
    { key: 'site', value: 'lab' },
    { key: 'note', value: 'a=b' },
  ]);
  expect(parseTags(tagsText(parseTags('a=1\nb=2')))).toEqual(parseTags('a=1\nb=2'));
  for (const wrong of ['site', '=lab', 'site='])
    expect(() => parseTags(wrong)).toThrow(`“${wrong}” is no tag: write each in a line of its own`);
});
