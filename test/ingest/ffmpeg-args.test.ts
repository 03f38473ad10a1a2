/** What ffmpeg is told, without running it. */
import { expect, test } from 'vitest';
import { decodeArguments, probeArguments } from '../../src/ingest/ffmpeg/ffmpeg-args.ts';
import { createShowinfo } from '../../src/ingest/ffmpeg/showinfo.ts';
import { videoFilters } from '../../src/ingest/ffmpeg/video-filters.ts';

const settings = {
  track: 0,
  byArrival: false,
  frameRate: 10,
  longerSide: 640,
  maxPixels: 1000,
  passes: 3,
  reportDecoded: false,
  live: false,
  threads: 2,
  hasFpsMode: true,
  onCanvas: false,
  showinfo: createShowinfo('word'),
  reportFirstFrame: false,
  queuedFrames: 0,
  protocol: { listen: '1' },
};

test('the arguments for a file allow no protocol but file and no format that opens other files', () => {
  const { input } = decodeArguments({ kind: 'file', url: '/a.mp4' }, settings);
  expect(input[input.indexOf('-protocol_whitelist') + 1]).toBe('file');
  const formats = input[input.indexOf('-format_whitelist') + 1]!.split(',');
  for (const name of ['hls', 'concat', 'lavfi', 'image2', 'sdp', 'dash', 'rtsp', 'tty', 'svg_pipe']) {
    expect(formats).not.toContain(name);
  }
  expect(input).toContain('-stream_loop');
});

test('the arguments never duplicate a frame, in the options of old ffmpegs and of new ones', () => {
  const spelled = (fpsMode: boolean) =>
    decodeArguments({ kind: 'file', url: 'x' }, { ...settings, hasFpsMode: fpsMode }).output;
  expect(spelled(true).join(' ')).toContain('-fps_mode passthrough');
  expect(spelled(false).join(' ')).toContain('-vsync 0');
  expect(videoFilters(settings)).not.toMatch(/(^|,)fps=/);
});

test('what decodes is named before the input, and for a look at a source it is always software', () => {
  const input = { kind: 'file', url: 'x' } as const;
  const { input: by } = decodeArguments(input, { ...settings, hardware: 'cuda' });
  expect(by[by.indexOf('-hwaccel') + 1]).toBe('cuda');
  for (const { input: software } of [decodeArguments(input, settings), probeArguments(input, settings)])
    expect(software).not.toContain('-hwaccel');
});

test('each frame is written at once, by a queue of its own where ffmpeg may decode ahead', () => {
  const format = (ahead: number) => {
    const { output } = decodeArguments({ kind: 'file', url: 'x' }, { ...settings, queuedFrames: ahead });
    return output.slice(output.indexOf('-f')).join(' ');
  };
  expect(format(0)).toBe('-f rawvideo -listen 1 -flush_packets 1');
  expect(format(8)).toBe('-f fifo -fifo_format rawvideo -queue_size 8 -format_opts listen=1:flush_packets=1');
});

test('no argument holds a space, at which fluent-ffmpeg would split it', () => {
  const probe = probeArguments({ kind: 'rtsp', url: 'x' }, settings);
  const decode = decodeArguments({ kind: 'hls', url: 'x' }, settings);
  for (const one of [probe.input, probe.output, decode.input, decode.output].flat()) {
    expect(one).not.toContain(' ');
  }
});
