import type { FrameSize } from '../../domain/frame.ts';

/** What ffmpeg's `showinfo` filter says of one frame. */
export interface Stamp extends FrameSize {
  /** Presentation timestamp in microseconds; null when the source gave none. */
  pts: number | null;
}

const LINE = /^\[Parsed_showinfo_\d+ @ [^\]]+\] n: *\d+ pts: *(-?\d+|NOPTS) .* s:(\d+)x(\d+) /;

/** Reads a line of ffmpeg's log; null when it is about something else. The time base must be a microsecond. */
export function parseShowinfo(line: string): Stamp | null {
  const found = LINE.exec(line);
  if (!found) return null;
  const [, pts, width, height] = found;
  return { pts: pts === 'NOPTS' ? null : Number(pts), width: Number(width), height: Number(height) };
}

/** Tells of the first frame as the source has it, before anything is done to it. */
export const OPENING = 'showinfo@opening=checksum=0';
const OPENING_LINE = /^\[showinfo@opening @ [^\]]+\] n: *0 .* s:(\d+)x(\d+) /;

/** The size of the first frame, as `OPENING` tells it; null when the line is about something else. */
export function parseOpening(line: string): FrameSize | null {
  const found = OPENING_LINE.exec(line);
  return found && { width: Number(found[1]), height: Number(found[2]) };
}

/** Whether the line is one of showinfo's, frames and the rest. */
export const isShowinfo = (line: string): boolean =>
  line.startsWith('[Parsed_showinfo_') || line.startsWith('[showinfo@');

/**
 * Presentation timestamps become media time: seconds from the source's own start, always rising.
 * A recording's timestamps begin there already; a live source begins with its first frame.
 */
export function createMediaClock(live: boolean, frameRate: number): (pts: number | null) => number {
  let shift = 0;
  let last = Number.NEGATIVE_INFINITY;
  return (pts) => {
    const first = last === Number.NEGATIVE_INFINITY;
    const time = pts === null ? (first ? 0 : last - shift + 1 / frameRate) : pts / 1e6;
    if (first && live) shift = -time;
    // A source that starts its clock again goes on where it was.
    if (!first && time + shift <= last) shift = last + 1 / frameRate - time;
    last = first ? Math.max(0, time + shift) : time + shift;
    return last;
  };
}
