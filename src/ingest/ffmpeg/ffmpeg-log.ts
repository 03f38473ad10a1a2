import type { FrameSize } from '../../domain/frame.ts';
import { isShowinfo, parseOpening } from './showinfo.ts';

/** What ffmpeg said of its input, and of the first frame that it decoded. */
export interface Report extends FrameSize {
  /** The demuxer, or its names joined by commas. */
  format: string;
  /** Seconds; null: the source does not say. */
  duration: number | null;
  codec: string;
  /** Clockwise degrees, 0 to 359. */
  rotation: number;
}

/** Reads ffmpeg's log at level `info`; null when no frame was decoded. */
export function readReport(lines: readonly string[]): Report | null {
  const format = firstMatch(lines, /^Input #0, (\S+), from /);
  const size = lines.map(parseOpening).find((found) => found !== null);
  if (!format || !size) return null;
  const mapping = firstGroups(lines, /^ {2}Stream #0:(\d+) -> #0:0 \((\S+)/);
  return {
    format: format,
    duration: seconds(firstMatch(lines, /^ {2}Duration: (\S+),/)),
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

/** `01:02:03.45`; `N/A` where it is not known. */
function seconds(text: string | undefined): number | null {
  const parts = text?.split(':').map(Number);
  if (parts?.length !== 3 || parts.some(Number.isNaN)) return null;
  const [hours, minutes, rest] = parts as [number, number, number];
  return hours * 3600 + minutes * 60 + rest;
}

/** The display matrix of the stream that is decoded; ffmpeg counts it counterclockwise. */
function rotationOf(lines: readonly string[], stream: string): number {
  let current = '';
  for (const line of lines) {
    if (line.startsWith('Stream mapping:') || isShowinfo(line)) break;
    current = /^ +Stream #0:(\d+)/.exec(line)?.[1] ?? current;
    const degrees = /displaymatrix: rotation of (-?[\d.]+) degrees/.exec(line)?.[1];
    if (degrees !== undefined && current === stream) return (360 - Math.round(Number(degrees))) % 360;
  }
  return 0;
}
