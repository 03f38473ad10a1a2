import type { SourceKind } from '../../domain/frame.ts';
import type { Showinfo } from './showinfo.ts';
import { WHITELISTS } from './whitelists.ts';

/** What ffmpeg is to open. */
export interface Input {
  kind: SourceKind;
  /** A path, or a URL as ffmpeg sees it: of our own relay where there is one. */
  url: string;
  /** The demuxer, where it is known better than ffmpeg would guess. */
  format?: string | undefined;
  /** URL of the HTTP proxy that every connection goes through. */
  proxy?: string | undefined;
  /** The RTMP connect URL that the server is to be told. */
  tcUrl?: string | undefined;
}

export interface DecodeShape {
  frameRate: number;
  longerSide: number;
  maxPixels: number;
  loop: boolean;
  live: boolean;
  threads: number;
  fpsMode: boolean;
  showinfo: Showinfo;
  /** Whether the first frame is also told of as the source has it. */
  opening: boolean;
  /** How many frames ffmpeg may decode ahead of us; 0: it waits until a frame is taken. */
  ahead: number;
  /** Options of the output's protocol. */
  protocol: Readonly<Record<string, string>>;
}

export type ProbeShape = Pick<DecodeShape, 'maxPixels' | 'fpsMode' | 'showinfo'>;

/** ffmpeg's arguments on both sides of `-i url`. */
export interface Arguments {
  input: string[];
  output: string[];
}

/** One frame is decoded, and thrown away: what ffmpeg says about it is what we want. */
export function probeArguments(input: Input, shape: ProbeShape): Arguments {
  return {
    input: [
      ...globals(),
      '-timelimit',
      '60',
      ...inputOptions(input, { ...shape, threads: 1, loop: false }),
      ...liveOptions(input, isLiveKind(input.kind)),
    ],
    output: [...videoOnly(shape.fpsMode), '-frames:v', '1', '-vf', shape.showinfo.opening, '-f', 'null'],
  };
}

/** 8-bit luma, a line of showinfo for each frame on stderr. */
export function decodeArguments(input: Input, shape: DecodeShape): Arguments {
  return {
    input: [
      ...globals(),
      ...inputOptions(input, shape),
      ...networkOptions(input, shape.live),
      ...liveOptions(input, shape.live),
    ],
    output: [
      ...videoOnly(shape.fpsMode),
      ...['-vf', filters(shape)],
      ...['-c:v', 'rawvideo', '-pix_fmt', 'gray'],
      ...container(shape),
    ],
  };
}

/** Bare frames, each sent at once; by a thread of its own where ffmpeg may go ahead, so that it need not wait for us. */
function container({ ahead, protocol }: DecodeShape): string[] {
  const options = Object.entries({ ...protocol, flush_packets: '1' });
  if (ahead === 0) return ['-f', 'rawvideo', ...options.flatMap(([name, value]) => [`-${name}`, value])];
  const text = options.map(([name, value]) => `${name}=${value}`).join(':');
  return ['-f', 'fifo', '-fifo_format', 'rawvideo', '-queue_size', String(ahead), '-format_opts', text];
}

/**
 * Frames are selected, never made, so a slow source gives all it has. Times are microseconds. Pixels that are not
 * square are made so; nothing is scaled up.
 */
export function filters({
  frameRate,
  longerSide,
  showinfo,
  opening,
}: Pick<DecodeShape, 'frameRate' | 'longerSide' | 'showinfo' | 'opening'>): string {
  const width = 'iw*min(1,sar)';
  const height = 'ih/max(1,sar)';
  const fit = `min(1,${longerSide}/max(${width},${height}))`;
  const aside = `split[first],trim=end_frame=1,${showinfo.opening},nullsink;[first]`;
  return [
    (opening ? aside : '') + selection(frameRate),
    `scale=w='max(1,round(${width}*${fit}))':h='max(1,round(${height}*${fit}))':flags=bilinear:out_range=pc`,
    'format=gray',
    'settb=AVTB',
    showinfo.frames,
  ].join(',');
}

/**
 * The first frame in every 1/frameRate of the source's own time. Register 0 holds when the next is due. A frame
 * may be 8 ms early, because timestamps are rounded and cameras jitter; the rate holds on average all the same.
 */
function selection(frameRate: number): string {
  const interval = 1 / frameRate;
  const early = Math.min(0.008, interval / 4);
  const since = '(t-start_t)';
  const restarted = 'lt(t,prev_selected_t)';
  const next = `if(${restarted},${since}+${interval},max(ld(0)+${interval},${since}+${interval / 2}))`;
  return `select='isnan(t)+if(gte(${since},ld(0)-${early})+${restarted},1+0*st(0,${next}))'`;
}

function globals(): string[] {
  return ['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'info', '-max_alloc', '1073741824'];
}

function inputOptions(
  input: Input,
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

const isLiveKind = (kind: SourceKind): boolean => kind === 'rtsp' || kind === 'rtmp';

function networkOptions({ kind }: Input, live: boolean): string[] {
  if (kind === 'http' && !live) return ['-reconnect', '1', '-reconnect_delay_max', '4'];
  return [];
}

/** A live source is not studied for the usual five seconds, which would be five seconds of delay. */
function liveOptions({ kind }: Input, live: boolean): string[] {
  if (!live) return [];
  const unbuffered = isLiveKind(kind) ? ['-fflags', 'nobuffer'] : [];
  return ['-analyzeduration', '2000000', ...unbuffered];
}

/** The first video track that is not a cover picture; every frame of it, once. */
function videoOnly(fpsMode: boolean): string[] {
  return ['-map', '0:V:0', ...(fpsMode ? ['-fps_mode', 'passthrough'] : ['-vsync', '0'])];
}
