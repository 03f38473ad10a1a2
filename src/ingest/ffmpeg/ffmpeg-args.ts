import type { SourceKind } from '../../domain/frame.ts';
import type { Hardware } from './hardware.ts';
import { isStream } from './source-kinds.ts';
import { type FilterSettings, videoFilters } from './video-filters.ts';
import { STORED_UPLOAD, WHITELISTS } from './whitelists.ts';

/** What ffmpeg is to open, and how. */
export interface FfmpegInput {
  kind: SourceKind;
  /** A path, or a URL as ffmpeg is to open it: that of our relay where there is one. */
  url: string;
  /** The demuxer, where we know it better than ffmpeg would guess. */
  format?: string | undefined;
  /** How a picture has to be turned, 1 to 8 as Exif counts; undefined, 1: not, unless ffmpeg knows better. */
  orientation?: number | undefined;
  /** Where our proxy or relay listens, for a source that comes over a network. */
  proxyPort?: number | undefined;
}

export interface DecodeSettings extends FilterSettings {
  /** Which of the video tracks, from 0. */
  track: number;
  maxPixels: number;
  /** How often it is read, one time behind the other. */
  passes: number;
  /** Where to begin, in seconds from the beginning of a recording. Default 0. */
  position?: number;
  /** Whether ffmpeg can begin elsewhere than at the beginning. Default true. */
  seeks?: boolean;
  /** What decodes; null, the default: software. */
  hardware?: Hardware | null;
  live: boolean;
  threads: number;
  hasFpsMode: boolean;
  /** How many frames ffmpeg may decode ahead of us; 0: it waits until we have read a frame. */
  queuedFrames: number;
  /** Options of the output's protocol. */
  protocol: Readonly<Record<string, string>>;
}

export type ProbeSettings = Pick<DecodeSettings, 'track' | 'maxPixels' | 'hasFpsMode' | 'showinfo'>;

/** ffmpeg's arguments before and after `-i url`. */
export interface FfmpegArguments {
  input: string[];
  output: string[];
}

/** Decodes one frame and writes nothing: what ffmpeg says about the frame, with its own timestamp, is the result. */
export function probeArguments(input: FfmpegInput, shape: ProbeSettings): FfmpegArguments {
  return {
    input: [
      ...globalOptions(),
      '-timelimit',
      '60',
      '-copyts',
      ...inputOptions(input, { ...shape, threads: 1, passes: 1 }),
      ...liveOptions(input, isStream(input.kind)),
    ],
    output: [
      ...videoTrackOptions(shape),
      '-frames:v',
      '1',
      '-vf',
      `${turn(input)}settb=AVTB,${shape.showinfo.firstFrameFilter}`,
      '-f',
      'null',
    ],
  };
}

/** Writes 8-bit luma, chroma where colour is asked for, and a line of showinfo for each frame on stderr. */
export function decodeArguments(input: FfmpegInput, shape: DecodeSettings): FfmpegArguments {
  return {
    input: [
      ...globalOptions(),
      ...inputOptions(input, shape),
      ...networkOptions(input, shape.live),
      ...liveOptions(input, shape.live),
      // It would read on to guess at a frame rate, which nobody needs, and give what it has read all at once.
      ...(shape.byArrival ? ['-fpsprobesize', '0'] : []),
    ],
    output: [
      ...videoTrackOptions(shape),
      ...(shape.onCanvas ? [] : ['-noautoscale']),
      ...['-vf', begin(shape) + turn(input) + videoFilters(shape)],
      // With more threads the encoder would keep each frame until the next has come.
      ...['-c:v', 'rawvideo', ...(shape.colour ? [] : ['-pix_fmt', 'gray']), '-threads', '1'],
      ...outputFormat(shape),
    ],
  };
}

/** Raw frames, each sent at once; where ffmpeg may decode ahead, a thread of its own writes them. */
function outputFormat({ queuedFrames: ahead, protocol }: DecodeSettings): string[] {
  const options = Object.entries({ ...protocol, flush_packets: '1' });
  if (ahead === 0) return ['-f', 'rawvideo', ...options.flatMap(([name, value]) => [`-${name}`, value])];
  const text = options.map(([name, value]) => `${name}=${value}`).join(':');
  return ['-f', 'fifo', '-fifo_format', 'rawvideo', '-queue_size', String(ahead), '-format_opts', text];
}

/** The filters that turn a picture upright, by its orientation as Exif counts; a newer ffmpeg, which would do so too, is told not to. */
const TURNS = [
  '',
  '',
  'hflip,',
  'hflip,vflip,',
  'vflip,',
  'transpose=0,',
  'transpose=1,',
  'transpose=3,',
  'transpose=2,',
];

/** Of a recording in which ffmpeg cannot seek: what lies before is decoded, and thrown away. */
const begin = ({ position = 0, seeks = true }: Pick<DecodeSettings, 'position' | 'seeks'>): string =>
  position > 0 && !seeks ? `trim=start=${position.toFixed(3)},setpts=PTS-${position.toFixed(3)}/TB,` : '';

/** Turns a picture upright; empty where ffmpeg knows better. */
export const turn = ({ orientation = 1 }: FfmpegInput): string => TURNS[orientation]!;

export function globalOptions(): string[] {
  return ['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'info', '-max_alloc', '1073741824'];
}

export function inputOptions(
  input: FfmpegInput,
  {
    maxPixels,
    threads,
    passes = 1,
    position = 0,
    seeks = true,
    leaveOut = false,
    hardware = null,
  }: Pick<DecodeSettings, 'maxPixels' | 'threads' | 'position' | 'seeks' | 'leaveOut' | 'hardware'> &
    Partial<Pick<DecodeSettings, 'passes'>>,
): string[] {
  const { protocols, formats } = isStored(input) ? STORED_UPLOAD : WHITELISTS[input.kind];
  return [
    ...['-protocol_whitelist', protocols.join(','), '-format_whitelist', formats.join(',')],
    ...['-max_pixels', String(maxPixels), '-threads', String(threads), '-filter_threads', '1'],
    ...(leaveOut ? ['-skip_frame', 'noref'] : []),
    ...(hardware ? ['-hwaccel', hardware] : []),
    ...(passes > 1 ? ['-stream_loop', String(passes - 1)] : []),
    ...(position > 0 && seeks ? ['-ss', position.toFixed(3)] : []),
    ...(input.kind === 'rtsp' ? ['-rtsp_transport', 'tcp', '-allowed_media_types', 'video'] : []),
    ...(input.format ? ['-f', input.format] : []),
    ...(turn(input) === '' ? [] : ['-noautorotate']),
  ];
}

/** An upload comes from a bucket where it comes by a port. */
const isStored = ({ kind, proxyPort }: FfmpegInput): boolean => kind === 'upload' && proxyPort !== undefined;

function networkOptions(input: FfmpegInput, live: boolean): string[] {
  if ((input.kind === 'http' && !live) || isStored(input))
    return ['-reconnect', '1', '-reconnect_delay_max', '4'];
  return [];
}

/**
 * What is sent begins with its description, so that little has to be read ahead: what is, is a delay at the beginning. It is
 * kept (no `nobuffer`): the first frame may be the only one for seconds that needs no other.
 */
const PUSHED = ['-probesize', '65536', '-analyzeduration', '500000', '-fpsprobesize', '0'];

/** Of a live source ffmpeg analyses two seconds, not the usual five, which would be a delay. */
function liveOptions({ kind }: FfmpegInput, live: boolean): string[] {
  if (!live) return [];
  if (kind === 'push') return PUSHED;
  const unbuffered = isStream(kind) ? ['-fflags', 'nobuffer'] : [];
  return ['-analyzeduration', '2000000', ...unbuffered];
}

/** Maps a video track, cover pictures not counted, and passes each of its frames on once. */
export function videoTrackOptions({
  track,
  hasFpsMode,
}: Pick<DecodeSettings, 'track' | 'hasFpsMode'>): string[] {
  return ['-map', `0:V:${track}`, ...(hasFpsMode ? ['-fps_mode', 'passthrough'] : ['-vsync', '0'])];
}
