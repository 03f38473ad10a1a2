/** ffmpeg's arguments for drawing subtitles into a video. */
import {
  type FfmpegArguments,
  type FfmpegInput,
  globalOptions,
  inputOptions,
  turn,
  videoTrackOptions,
} from './ffmpeg-args.ts';
import type { Showinfo } from './showinfo.ts';

/** By which ending of a file's name. */
export const CONTAINERS = { mp4: 'mp4', m4v: 'mp4', mov: 'mov', mkv: 'matroska' } as const;
export type Container = (typeof CONTAINERS)[keyof typeof CONTAINERS];

/** Encoders of video, the best first: what they need so that people see no loss. */
export const ENCODERS = {
  libx264: ['-preset', 'veryfast', '-crf', '20'],
  libopenh264: ['-b:v', '8M'],
  mpeg4: ['-q:v', '3'],
} as const;
export type Encoder = keyof typeof ENCODERS;

export interface DrawShape {
  /** Which of the video tracks, from 0. */
  track: number;
  maxPixels: number;
  threads: number;
  hasFpsMode: boolean;
}

export interface DrawSettings extends DrawShape {
  /** The path of the file of subtitles. */
  subtitles: string;
  /** How many seconds of subtitles make one of the video. */
  timeScale: number;
  /** What is taken off ffmpeg's timestamps to get media time, in seconds. */
  offset: number;
  encoder: Encoder;
  container: Container;
  /** Whether sound is taken over as it is; otherwise it is encoded anew. */
  copySound: boolean;
}

/** A ten-thousandth part of what is heard or seen, and a multiple of the usual frame rates. */
const TIME_BASE = '1:90000';
/** Of an ffmpeg before 5.1, which with a finer one gives the last picture of an MP4 no time at all, so that players leave it out. */
const COARSE_TIME_BASE = '1:900';

/**
 * Microseconds of subtitles by which each frame is drawn later than it begins. libass has whole milliseconds, which ffmpeg cuts
 * off a binary fraction: 128.2 s come to it as 128.199, when the frame before is shown.
 */
const INTO_FRAME = 500;

/** Decodes the first frame as it will be drawn upon, with the same tracks, and writes nothing. */
export function lookArguments(input: FfmpegInput, shape: DrawShape, showinfo: Showinfo): FfmpegArguments {
  return {
    input: [...globalOptions(), '-timelimit', '60', ...inputOptions(input, shape)],
    output: [
      ...tracks(shape),
      ...['-frames:v', '1', '-frames:a', '1', '-shortest', '-c:a', 'copy'],
      ...['-vf', `${turn(input)}${SQUARE},settb=AVTB,${showinfo.firstFrameFilter}`, '-f', 'null'],
    ],
  };
}

/** Draws the subtitles, by times of whole microseconds, and tells on its log how far it is: `out_time_ms=` microseconds. */
export function drawArguments(input: FfmpegInput, settings: DrawSettings): FfmpegArguments {
  const { subtitles, timeScale, offset, encoder, container, copySound, hasFpsMode } = settings;
  const begin = Math.round(offset * 1e6);
  const filters = [
    `${turn(input)}${SQUARE}`,
    `settb=AVTB,setpts='(PTS-${begin})*${timeScale}+${INTO_FRAME}'`,
    `ass=filename=${escapeFilterValue(subtitles)}`,
    `setpts='round((PTS-${INTO_FRAME})/${timeScale})+${begin}'`,
    'format=yuv420p',
  ];
  return {
    input: [...globalOptions(), '-y', '-progress', 'pipe:2', ...inputOptions(input, settings)],
    output: [
      ...tracks(settings),
      ...['-vf', filters.join(',')],
      ...['-c:v', encoder, ...ENCODERS[encoder]],
      ...['-enc_time_base', hasFpsMode ? TIME_BASE : COARSE_TIME_BASE],
      ...(copySound ? ['-c:a', 'copy'] : ['-c:a', 'aac', '-b:a', '192k']),
      ...(container === 'matroska' ? [] : ['-movflags', '+faststart']),
      ...['-f', container],
    ],
  };
}

/** Square pixels, as many as it has or more, and even in number, as encoders want them. */
const SQUARE = `scale=w='2*max(1,round(iw*max(1,sar)/2))':h='2*max(1,round(ih/min(1,sar)/2))',setsar=1`;

/** All sound of the source, and one of its video tracks. */
function tracks(shape: DrawShape): string[] {
  return [...videoTrackOptions(shape), '-map', '0:a?'];
}

/** A value within a description of filters, which is read twice: as the filter's options, and before that as the description. */
export function escapeFilterValue(value: string): string {
  const asOption = value.replace(/[\\':]/g, '\\$&');
  return asOption.replace(/[\\'[\],;]/g, '\\$&');
}
