import { expect, test } from 'vitest';
import { createShowinfo } from '../../src/ingest/ffmpeg/showinfo.ts';

const old =
  '[showinfo@frames_word @ 0x73e91c0] n:  12 pts: 400000 pts_time:0.4     pos:       48 fmt:gray sar:1/1 s:640x361 i:P iskey:1 type:I ';
const recent =
  '[showinfo@frames_word @ 0x73e91c0] n:   0 pts:NOPTS   pts_time:NOPTS   duration:  33333 duration_time:0.033333 fmt:gray cl:left sar:0/1 s:2x1 i:P iskey:1 type:I ';
const { parseFrame, parseFirstFrame, parseKeyFrame, parseColourSpace, isFilterStart, isFromShowinfo } =
  createShowinfo('word');

test('lines of showinfo are read in the forms of several versions of ffmpeg', () => {
  expect(parseFrame(old)).toEqual({ n: 12, pts: 400_000, format: 'gray', width: 640, height: 361 });
  expect(parseFrame(recent)).toEqual({ n: 0, pts: null, format: 'gray', width: 2, height: 1 });
  expect(parseFrame(`    title           : ${old}`)).toBeNull();
  expect(parseFrame('[showinfo@frames_word @ 0x1] color_range:pc color_space:unknown')).toBeNull();
  expect(parseFirstFrame(recent.replace('frames', 'first'))).toEqual({
    width: 2,
    height: 1,
    pts: null,
    format: 'gray',
  });
  expect(parseFirstFrame(old.replace('frames', 'first'))).toBeNull();
  expect(isFilterStart('[showinfo@frames_word @ 0x1] config in time_base: 1/1000000, frame_rate: 10/1')).toBe(
    true,
  );
  expect([old, recent].map(isFilterStart)).toEqual([false, false]);
});

test('lines of other showinfo filters, and of other runs, are not read', () => {
  const words = [
    'Parsed_showinfo_4',
    'showinfo@first',
    'showinfo@frames_',
    'showinfo@frames_other',
    'showinfo@frames_word2',
  ];
  for (const name of words) {
    const line = old.replace('showinfo@frames_word', name);
    expect([parseFrame(line), parseFirstFrame(line), isFilterStart(line)], name).toEqual([null, null, false]);
  }
  expect(isFromShowinfo(old.replace('showinfo@frames_word', 'Parsed_showinfo_4'))).toBe(false);
  expect(createShowinfo().frameFilter).not.toBe(createShowinfo().frameFilter);
});

test('a line of showinfo is not misread where another thread of ffmpeg wrote into it', () => {
  expect(parseFrame(`${old}[x @ 0x1] n: 0 pts: 9 fmt:gray sar:1/1 s:9x9 `)).toEqual(parseFrame(old));
  const head = '[showinfo@frames_word @ 0x73e91c0]   side data - ';
  expect(parseFrame(`${head}${old}`)).toBeNull();
});

test('the colour space of a frame is read from the line behind its stamp, of this filter alone', () => {
  const told =
    '[showinfo@frames_word @ 0x1] color_range:pc color_space:bt2020nc color_primaries:bt2020 color_trc:unknown';
  expect(parseColourSpace(told)).toBe('bt2020nc');
  for (const other of [told.replace('frames', 'first'), ` ${told}`, old, told.replace('word', 'other')])
    expect(parseColourSpace(other), other).toBeNull();
});

test('key frames are read from what reports the first frame, which may be one', () => {
  const [first, later] = [recent, old].map((line) => line.replace('frames', 'first')) as [string, string];
  expect(parseKeyFrame(later)).toBe(400_000);
  expect(parseKeyFrame(first.replaceAll('NOPTS', '0'))).toBe(0);
  for (const other of [first, old, later.replace('iskey:1', 'iskey:0'), later.replace('word', 'other')])
    expect(parseKeyFrame(other), other).toBeNull();
});
