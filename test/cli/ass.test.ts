/** Subtitles that draw: their times, their text, and what no name can make of them. */
import { expect, test } from 'vitest';
import type { FaceReading } from '../../src/domain/face.ts';
import { assFormat, EXPRESSION_COLOURS } from '../../src/tables/ass-rows.ts';
import { assColour, assText, assTime } from '../../src/tables/ass-text.ts';

const PICTURE = { width: 640, height: 360 };
const [HAPPY, ANGRY] = [assColour(EXPRESSION_COLOURS.HAPPINESS), assColour(EXPRESSION_COLOURS.ANGER)];

function row(over: Partial<FaceReading> = {}, mediaTime = 1, duration = 0.1) {
  const reading: FaceReading = {
    ...{ track: 3, box: { x: 0.25, y: 0.5, width: 0.25, height: 0.25 }, expression: 'HAPPINESS' as const },
    ...{ confidence: 0.93, probabilities: [0, 0.9, 0, 0, 0.1, 0, 0, 0], rawProbabilities: [] },
    ...{ agreement: 1, valence: 0, arousal: 0, pose: { yaw: 0, pitch: 0, roll: 0 }, actionUnits: [] },
    ...{ landmarks: [], quality: { score: 1, issues: [] } },
    ...over,
  };
  const size = { frameWidth: 640, frameHeight: 360 };
  const frame = { input: 'clip', seq: 0, mediaTime, duration, cut: false, faces: 1, ...size };
  return { frame, reading, actionUnits: [], face: null, picture: PICTURE };
}

const events = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => /^Dialogue: \d,([\d:.]+),([\d:.]+),(\w+),,0,0,0,,(.*)$/.exec(line)!.slice(1));

test('a time begins no later than its frame, and a hair before a hundredth is that hundredth', () => {
  expect([0, 0.0333, 0.1 + 0.2, 59.999, 3661.5, 36_000].map(assTime)).toEqual([
    ...['0:00:00.00', '0:00:00.03', '0:00:00.30', '0:00:59.99', '1:01:01.50', '10:00:00.00'],
  ]);
});

test('a moment ends where the next begins, also at 240 frames a second where seconds are made ten of', () => {
  const { text } = assFormat(10);
  const [first, second] = [0, 1].map((n) => events(text(row({}, n / 240, 1 / 240)))[0]!);
  expect(first!.slice(0, 2)).toEqual(['0:00:00.00', '0:00:00.04']);
  expect(second![0]).toBe(first![1]);
});

test('a colour has blue first', () => {
  expect(assColour('#f2b632')).toBe('&H32B6F2&');
});

test('a face: its box to the pixel, a strip as wide as it whose parts are its probabilities, and a label', () => {
  const [box, strip, label] = events(assFormat().text(row()));
  expect(box).toEqual([
    ...['0:00:01.00', '0:00:01.10', 'Drawing'],
    `{\\pos(0,0)\\p1}{\\1c${HAPPY}}m 160 180 l 320 180 320 270 160 270 m 162 182 l 162 268 318 268 318 182{\\p0}`,
  ]);
  expect(strip![3]).toBe(
    `{\\pos(160,274)\\p1}{\\1c${HAPPY}}m 0 0 l 144 0 144 7 0 7{\\1c${ANGRY}}m 0 0 l 16 0 16 7 0 7{\\p0}`,
  );
  expect(label![3]).toBe('{\\an1\\pos(162,176)}Happiness 93 % · 3');
});

test('what would leave the picture is drawn in it: a label at its edges, a strip at its foot; no label where mien abstains', () => {
  const box = { x: 0.9, y: 0, width: 0.1, height: 1 };
  const [ring, strip, label] = events(assFormat().text(row({ box, expression: null })));
  expect(ring![3]).toContain('&HFFFFFF&');
  expect(strip![3]).toContain('\\pos(576,349)');
  expect(label![3]).toBe('{\\an9\\pos(638,4)}No label · 3');
});

test('of a frame without a face nothing is drawn', () => {
  expect(assFormat().text({ ...row(), reading: null })).toBe('');
});

test('no name is a command, and none begins a line', () => {
  expect(assText('{\\p1}a\\N\nb')).toBe('\\{\\\u2060p1\\}a\\\u2060N b');
  const head = assFormat().begin(
    'x\nDialogue: 0,0:00:00.00,9:00:00.00,Label,,0,0,0,,gotcha\r\u2028',
    PICTURE,
  );
  expect(head.split('\n').filter((line) => line.startsWith('Dialogue:'))).toEqual([
    expect.stringContaining(',Legend,'),
  ]);
  expect(head.split('\n')[1]).toMatch(/^Title: x Dialogue: .*gotcha {2}$/);
});
