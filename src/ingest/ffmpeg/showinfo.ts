import { randomBytes } from 'node:crypto';
import type { FrameSize } from '../../domain/frame.ts';

/** What ffmpeg's `showinfo` filter says of one frame. */
export interface Stamp extends FrameSize {
  /** Presentation timestamp in microseconds; null when the source gave none. */
  pts: number | null;
}

/** As `showinfo` counts it: from 0, and from 0 again when the source changes and ffmpeg makes its filters anew. */
export interface Counted extends Stamp {
  n: number;
}

/**
 * The showinfo filters of one run, and how their lines are told from all others. ffmpeg prints text of the source
 * with its line breaks, so a source can write any line that it can foresee: the filters' names it cannot.
 */
export interface Showinfo {
  /** Filter that tells of the first frame as the source has it, before anything is done to it. */
  opening: string;
  /** Filter that tells of each frame as we get it. Its time base must be a microsecond. */
  frames: string;
  /** The size of the first frame; null: the line is about something else. */
  parseOpening(line: string): FrameSize | null;
  /** Null: the line is about something else. */
  parseFrame(line: string): Counted | null;
  /** Whether the filters are made, or made anew: the frames are counted from 0 from now on. */
  isBeginning(line: string): boolean;
  /** Whether a filter of this run said it, of frames or of the rest. */
  isOwn(line: string): boolean;
}

/** What follows a filter's name. Text that another thread of ffmpeg writes into the line can only come behind it. */
const BODY = /^ @ 0?x?[0-9a-f]+\] n: *(\d{1,12}) pts: *(-?\d{1,18}|NOPTS) .*? s:(\d{1,9})x(\d{1,9}) /i;

/** @param word that nobody can guess; one for each run */
export function createShowinfo(word = randomBytes(16).toString('hex')): Showinfo {
  const [opening, frames] = [`showinfo@opening_${word}`, `showinfo@frames_${word}`];
  const parse = (name: string, line: string): Counted | null => {
    const start = `[${name}`;
    const found = line.startsWith(start) ? BODY.exec(line.slice(start.length)) : null;
    if (!found) return null;
    const [, n, pts, width, height] = found;
    const time = pts === 'NOPTS' ? null : Number(pts);
    return { n: Number(n), pts: time, width: Number(width), height: Number(height) };
  };
  return {
    opening: `${opening}=checksum=0`,
    frames: `${frames}=checksum=0`,
    parseOpening(line) {
      const found = parse(opening, line);
      return found?.n === 0 ? { width: found.width, height: found.height } : null;
    },
    parseFrame: (line) => parse(frames, line),
    isBeginning: (line) => line.startsWith(`[${frames}`) && line.includes('] config in time_base'),
    isOwn: (line) => line.startsWith(`[${opening}`) || line.startsWith(`[${frames}`),
  };
}

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
