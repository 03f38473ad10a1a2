import type { SourceKind } from '../../domain/frame.ts';
import type { Showinfo } from './showinfo.ts';
import { isStream } from './source-kinds.ts';
import { WHITELISTS } from './whitelists.ts';

/** What ffmpeg is to open, and how. */
export interface FfmpegInput {
  kind: SourceKind;
  /** A path, or a URL as ffmpeg is to open it: that of our relay where there is one. */
  url: string;
  /** The demuxer, where we know it better than ffmpeg would guess. */
  format?: string | undefined;
  /** URL of our HTTP proxy, for every connection. */
  proxy?: string | undefined;
  /** The URL that an RTMP server is told in `connect`. */
  tcUrl?: string | undefined;
}

export interface DecodeSettings {
  frameRate: number;
  longerSide: number;
  maxPixels: number;
  loop: boolean;
  live: boolean;
  threads: number;
  hasFpsMode: boolean;
  showinfo: Showinfo;
  /** Whether showinfo also reports the first frame as the source has it, before it is selected and scaled. */
  reportFirstFrame: boolean;
  /** How many frames ffmpeg may decode ahead of us; 0: it waits until we have read a frame. */
  queuedFrames: number;
  /** Options of the output's protocol. */
  protocol: Readonly<Record<string, string>>;
}

export type ProbeSettings = Pick<DecodeSettings, 'maxPixels' | 'hasFpsMode' | 'showinfo'>;

/** ffmpeg's arguments before and after `-i url`. */
export interface FfmpegArguments {
  input: string[];
  output: string[];
}

/** Decodes one frame and writes nothing: what ffmpeg says about the frame is the result. */
export function probeArguments(input: FfmpegInput, shape: ProbeSettings): FfmpegArguments {
  return {
    input: [
      ...globalOptions(),
      '-timelimit',
      '60',
      ...inputOptions(input, { ...shape, threads: 1, loop: false }),
      ...liveOptions(input, isStream(input.kind)),
    ],
    output: [
      ...videoTrackOptions(shape.hasFpsMode),
      '-frames:v',
      '1',
      '-vf',
      shape.showinfo.firstFrameFilter,
      '-f',
      'null',
    ],
  };
}

/** Writes 8-bit luma, and a line of showinfo for each frame on stderr. */
export function decodeArguments(input: FfmpegInput, shape: DecodeSettings): FfmpegArguments {
  return {
    input: [
      ...globalOptions(),
      ...inputOptions(input, shape),
      ...networkOptions(input, shape.live),
      ...liveOptions(input, shape.live),
    ],
    output: [
      ...videoTrackOptions(shape.hasFpsMode),
      ...['-vf', videoFilters(shape)],
      ...['-c:v', 'rawvideo', '-pix_fmt', 'gray'],
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

/**
 * Selects frames, and never duplicates one, so a slow source gives all it has. Times are in microseconds. Pixels that
 * are not square are made square; nothing is scaled up.
 */
export function videoFilters({
  frameRate,
  longerSide,
  showinfo,
  reportFirstFrame,
}: Pick<DecodeSettings, 'frameRate' | 'longerSide' | 'showinfo' | 'reportFirstFrame'>): string {
  const width = 'iw*min(1,sar)';
  const height = 'ih/max(1,sar)';
  const fit = `min(1,${longerSide}/max(${width},${height}))`;
  const reportFirst = `split[first],trim=end_frame=1,${showinfo.firstFrameFilter},nullsink;[first]`;
  return [
    (reportFirstFrame ? reportFirst : '') + selectExpression(frameRate),
    `scale=w='max(1,round(${width}*${fit}))':h='max(1,round(${height}*${fit}))':flags=bilinear:out_range=pc`,
    'format=gray',
    'settb=AVTB',
    showinfo.frameFilter,
  ].join(',');
}

/**
 * The first frame in each interval of 1/frameRate of the source's own time. Register 0 holds when the next is due. A
 * frame may be 8 ms early, because timestamps are rounded and cameras jitter; on average the rate still holds.
 */
function selectExpression(frameRate: number): string {
  const interval = 1 / frameRate;
  const early = Math.min(0.008, interval / 4);
  const since = '(t-start_t)';
  const restarted = 'lt(t,prev_selected_t)';
  const next = `if(${restarted},${since}+${interval},max(ld(0)+${interval},${since}+${interval / 2}))`;
  return `select='isnan(t)+if(gte(${since},ld(0)-${early})+${restarted},1+0*st(0,${next}))'`;
}

function globalOptions(): string[] {
  return ['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'info', '-max_alloc', '1073741824'];
}

function inputOptions(
  input: FfmpegInput,
  { maxPixels, threads, loop }: { maxPixels: number; threads: number; loop: boolean },
): string[] {
  const { protocols, formats } = WHITELISTS[input.kind];
  return [
    ...['-protocol_whitelist', protocols.join(','), '-format_whitelist', formats.join(',')],
    ...['-max_pixels', String(maxPixels), '-threads', String(threads), '-filter_threads', '1'],
    ...(loop ? ['-stream_loop', '-1'] : []),
    ...(input.proxy ? ['-http_proxy', input.proxy] : []),
    ...(input.kind === 'rtsp' ? ['-rtsp_transport', 'tcp', '-allowed_media_types', 'video'] : []),
    ...(input.tcUrl ? ['-rtmp_tcurl', input.tcUrl] : []),
    ...(input.format ? ['-f', input.format] : []),
  ];
}

function networkOptions({ kind }: FfmpegInput, live: boolean): string[] {
  if (kind === 'http' && !live) return ['-reconnect', '1', '-reconnect_delay_max', '4'];
  return [];
}

/** Of a live source ffmpeg analyses two seconds, not the usual five, which would be a delay. */
function liveOptions({ kind }: FfmpegInput, live: boolean): string[] {
  if (!live) return [];
  const unbuffered = isStream(kind) ? ['-fflags', 'nobuffer'] : [];
  return ['-analyzeduration', '2000000', ...unbuffered];
}

/** Maps the first video track that is not a cover picture, and passes each of its frames on once. */
function videoTrackOptions(fpsMode: boolean): string[] {
  return ['-map', '0:V:0', ...(fpsMode ? ['-fps_mode', 'passthrough'] : ['-vsync', '0'])];
}
