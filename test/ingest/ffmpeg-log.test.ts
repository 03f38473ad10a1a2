/** What ffmpeg says of its input, and why there was no frame. */
import { expect, test } from 'vitest';
import { noFrameError } from '../../src/ingest/ffmpeg/ffmpeg-errors.ts';
import { describeInput } from '../../src/ingest/ffmpeg/ffmpeg-log.ts';
import { createRedactor } from '../../src/ingest/ffmpeg/redact.ts';

const source = { displayName: '"a.mp4"', networkError: () => undefined, redact: createRedactor(null) };
const run = { kind: 'file', source, hardware: null, maxPixels: 9, track: 0 } as const;
const errorOf = (...lines: string[]) => noFrameError({ ...run, lines });

test('the log of ffmpeg up to its first frame describes the input', () => {
  const lines = [
    "Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'a.mp4':",
    '  Duration: 01:02:03.50, start: 0.000000, bitrate: 1 kb/s',
    '  Stream #0:0[0x1](und): Audio: aac (LC)',
    '  Stream #0:1[0x2](und): Video: hevc (Main), yuv420p, 1920x1080, 30 fps',
    '    Side data:',
    '      displaymatrix: rotation of -90.00 degrees',
    'Stream mapping:',
    '  Stream #0:1 -> #0:0 (hevc (native) -> wrapped_avframe (native))',
  ];
  const size = { width: 1080, height: 1920 };
  const stamp = { ...size, pts: 40_000 };
  expect(describeInput(lines, stamp)).toEqual({
    ...{ format: 'mov,mp4,m4a,3gp,3g2,mj2', duration: 3723.5, codec: 'hevc' },
    ...{ frameRate: 30, rotation: 90, start: 0, firstTime: 0.04, hasOtherTracks: true, ...size },
    tracks: [{ name: 'hevc, 1920x1080', isDefault: false }],
  });
  expect(describeInput(lines.slice(1), stamp)).toBeNull();
});

test.each([
  ['matroska,webm', '00:00:12.00, start: 10.000000', 2],
  ['mov,mp4,m4a,3gp,3g2,mj2', '00:00:12.00, start: 10.000000', 2],
  ['asf', '00:01:00.50, start: 0.600000', 59.9],
  // B-frames: what is stated begins with the first picture that is shown.
  ['mov,mp4,m4a,3gp,3g2,mj2', '00:00:02.00, start: 0.080000', 2],
  // What states its length says so already, and what does not know its end says neither.
  ['mpegts', '00:00:02.00, start: 11.400000', 2],
  ['flv', '00:00:02.00, start: 10.000000', 2],
  ['matroska,webm', 'N/A, start: 10.000000', null],
  ['matroska,webm', '00:00:02.00, start: 10.000000', 2],
])('of %s, %s is a duration of %s s', (format, told, duration) => {
  const lines = [`Input #0, ${format}, from 'x':`, `  Duration: ${told}, bitrate: 1 kb/s`];
  expect(describeInput(lines, { width: 1, height: 1, pts: 0 })?.duration).toBe(duration);
});

test.each([
  [-90, 90],
  [90, 270],
  [-180, 180],
  [999, 81],
  [-999, 279],
])('a rotation of %i degrees, be it forged, is told as 0 to 359 degrees clockwise', (degrees, clockwise) => {
  const lines = [
    "Input #0, avi, from 'x':",
    '  Stream #0:0: Video',
    `displaymatrix: rotation of ${degrees}.00 degrees`,
  ];
  expect(describeInput(lines, { width: 1, height: 1, pts: 0 })?.rotation).toBe(clockwise);
});

test('the last lines of an ffmpeg without a frame become an error code and a sentence', () => {
  expect(errorOf('a.mp4: Invalid data found when processing input').code).toBe('SOURCE_NOT_VIDEO');
  expect(errorOf("Stream map '0:V:0' matches no streams.").message).toBe(
    '"a.mp4" has no video track; choose another.',
  );
  expect(errorOf('[h264] Decoder foo not found').message).toContain('codec');
  expect(errorOf("Unrecognized option 'x'.").code).toBe('FFMPEG_MISSING');
  expect(errorOf().code).toBe('SOURCE_NOT_VIDEO');
});
