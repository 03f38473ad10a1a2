import type { FrameSize } from '../../domain/frame.ts';

/** What ffmpeg's log says of its input, and of the first frame that it decoded. */
export interface InputDescription extends FrameSize {
  /** The demuxer, or its names joined by commas. */
  format: string;
  /** Seconds; null: the source does not say. */
  duration: number | null;
  codec: string;
  /** Clockwise degrees, 0 to 359. */
  rotation: number;
}

/**
 * Reads ffmpeg's log at level `info`, up to its first frame; null when it does not name the input. All but the size
 * is what a source claims of itself, and it can make ffmpeg print anything: values are bounded here, and only decide
 * what a source may decide.
 * @param size of the first frame
 */
export function describeInput(lines: readonly string[], size: FrameSize): InputDescription | null {
  const format = firstMatch(lines, /^Input #0, ([\w,.-]{1,200}), from /);
  if (!format) return null;
  const mapping = firstGroups(lines, /^ {2}Stream #0:(\d{1,6}) -> #0:0 \((\w{1,64})/);
  return {
    format,
    duration: parseDuration(firstGroups(lines, /^ {2}Duration: (\d{1,6}):(\d\d):(\d\d\.\d{1,6}),/)),
    codec: mapping?.[1] ?? 'unknown',
    rotation: rotationOf(lines, mapping?.[0] ?? '0'),
    ...size,
  };
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

/** Seconds, from hours, minutes and seconds; null where ffmpeg says `N/A`. */
function parseDuration(parts: string[] | undefined): number | null {
  if (!parts) return null;
  const [hours, minutes, rest] = parts.map(Number) as [number, number, number];
  return hours * 3600 + minutes * 60 + rest;
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
