import type { FrameSize } from '../../domain/frame.ts';
import type { FrameStamp } from '../frames/frame-assembler.ts';

/** One of a source's video tracks, cover pictures not counted. */
export interface VideoTrack {
  /** What ffmpeg says of it, as far as it names the track to a person. */
  name: string;
  /** Whether the source says that this is the one to show. */
  isDefault: boolean;
}

/** What ffmpeg's log says of its input, and of the first frame that it decoded. */
export interface InputDescription extends FrameSize {
  /** The demuxer, or its names joined by commas. */
  format: string;
  /** Seconds; null: the source does not say. */
  duration: number | null;
  /** Where the source's clock begins, in seconds: the start of whichever of its tracks begins first; null: it has no clock. */
  start: number | null;
  /** Of the first frame, in seconds by ffmpeg's clock; null: it has no timestamp. */
  firstTime: number | null;
  tracks: VideoTrack[];
  /** Whether there is anything but the track that is read. */
  hasOtherTracks: boolean;
  codec: string;
  /** Frames a second; null: it does not say. */
  frameRate: number | null;
  /** Clockwise degrees, 0 to 359. */
  rotation: number;
}

/**
 * Reads ffmpeg's log at level `info`, up to its first frame; null when it does not name the input. All but the size
 * is what a source claims of itself, and it can make ffmpeg print anything: values are bounded here, and only decide
 * what a source may decide.
 */
export function describeInput(
  lines: readonly string[],
  { width, height, pts }: FrameStamp,
): InputDescription | null {
  const format = firstMatch(lines, /^Input #0, ([\w,.-]{1,200}), from /);
  if (!format) return null;
  const mapping = firstGroups(lines, /^ {2}Stream #0:(\d{1,6}) -> #0:0 \((\w{1,64})/);
  return {
    format,
    start: startOf(lines),
    firstTime: pts === null ? null : pts / 1e6,
    tracks: videoTracks(lines),
    hasOtherTracks: inputStreams(lines).length > 1,
    duration: durationOf(lines, format),
    codec: mapping?.[1] ?? 'unknown',
    frameRate: frameRateOf(lines, mapping?.[0] ?? '0'),
    rotation: rotationOf(lines, mapping?.[0] ?? '0'),
    ...{ width, height },
  };
}

/** The video tracks that ffmpeg has told of, in their order. */
export function videoTracks(lines: readonly string[]): VideoTrack[] {
  return inputStreams(lines).flatMap((line) => {
    const video = /^ {2,8}Stream #0:\S+: Video: (\w{1,32})/.exec(line);
    if (!video || line.includes('(attached pic)')) return [];
    const size = /, (\d{1,5}x\d{1,5})[ ,]/.exec(line)?.[1];
    const isDefault = line.includes('(default)');
    return [
      { name: [video[1], size, ...(isDefault ? ['the default'] : [])].filter(Boolean).join(', '), isDefault },
    ];
  });
}

/** The lines about the input's streams, as many as a person may want to choose from. */
function inputStreams(lines: readonly string[]): string[] {
  const end = lines.findIndex((line) => /^(Stream mapping:|Output #0)/.test(line));
  const input = end < 0 ? lines : lines.slice(0, end);
  return input.filter((line) => /^ {2,8}Stream #0:\d/.test(line)).slice(0, 100);
}

function startOf(lines: readonly string[]): number | null {
  const seconds = firstMatch(lines, /^ {2}Duration: [^,]{1,40}, start: (-?\d{1,10}\.\d{1,6})/);
  return seconds === undefined ? null : Number(seconds);
}

function firstMatch(lines: readonly string[], pattern: RegExp): string | undefined {
  return firstGroups(lines, pattern)?.[0];
}

function firstGroups(lines: readonly string[], pattern: RegExp): string[] | undefined {
  for (const line of lines) {
    const found = pattern.exec(line);
    if (found) return found.slice(1);
  }
  return undefined;
}

/** Containers that state where they end by a clock that need not begin with them. */
const STATE_THEIR_END = /^(matroska|mov|asf)\b/;
/** A start that a reordering of frames can explain is not in what they state. */
const REORDERED_SECONDS = 0.5;

/** From where its clock begins to where it ends. */
function durationOf(lines: readonly string[], format: string): number | null {
  const stated = parseDuration(firstGroups(lines, /^ {2}Duration: (\d{1,6}):(\d\d):(\d\d\.\d{1,6}),/));
  const start = startOf(lines) ?? 0;
  const isEnd = STATE_THEIR_END.test(format) && start > REORDERED_SECONDS && (stated ?? 0) > start;
  return stated !== null && isEnd ? Math.round((stated - start) * 1e6) / 1e6 : stated;
}

/** Seconds, from hours, minutes and seconds; null where ffmpeg says `N/A`. */
function parseDuration(parts: string[] | undefined): number | null {
  if (!parts) return null;
  const [hours, minutes, rest] = parts.map(Number) as [number, number, number];
  return hours * 3600 + minutes * 60 + rest;
}

/** Of the decoded stream. ffmpeg writes thousands as `1k`, which no camera has. */
function frameRateOf(lines: readonly string[], stream: string): number | null {
  const line = lines.find((text) => text.startsWith(`  Stream #0:${stream}`) && text.includes(' Video: '));
  const rate = Number(/, (\d{1,4}(?:\.\d{1,2})?) fps\b/.exec(line ?? '')?.[1]);
  return rate > 0 ? rate : null;
}

/** Clockwise degrees, by the display matrix of the decoded stream; ffmpeg counts counterclockwise. */
function rotationOf(lines: readonly string[], stream: string): number {
  let current = '';
  for (const line of lines) {
    if (line.startsWith('Stream mapping:')) break;
    current = /^ {2,8}Stream #0:(\d{1,6})/.exec(line)?.[1] ?? current;
    const degrees = /displaymatrix: rotation of (-?\d{1,3}(?:\.\d+)?) degrees/.exec(line)?.[1];
    if (degrees !== undefined && current === stream) return (1080 - Math.round(Number(degrees))) % 360;
  }
  return 0;
}
