import { randomBytes } from 'node:crypto';
import type { FrameStamp, NumberedStamp } from '../frames/frame-assembler.ts';

/**
 * The showinfo filters of one run of ffmpeg, and the parser of their lines. ffmpeg prints text of the source with its
 * line breaks, so a source can forge any line that it can predict; the names of these filters it cannot.
 */
export interface Showinfo {
  /** Reports the first frame as the source has it, before it is selected and scaled; further ones where it is given any. */
  firstFrameFilter: string;
  /** Reports each frame that is decoded, before it is selected. */
  decodedFilter: string;
  /** Reports each frame that is written. The time base of all must be a microsecond. */
  frameFilter: string;
  /** Size, timestamp and format of the first frame; null when the line is about something else. */
  parseFirstFrame(line: string): FrameStamp | null;
  /** Timestamp of a key frame that the same filter reports, in microseconds; null when the line is about something else. */
  parseKeyFrame(line: string): number | null;
  /** The stamp of a frame; null when the line is about something else. */
  parseFrame(line: string): NumberedStamp | null;
  /** The colour space of a frame, as ffmpeg names it, which follows its stamp; null when the line is about something else. */
  parseColourSpace(line: string): string | null;
  /** The stamp of a decoded frame, the size as the source has it; null when the line is about something else. */
  parseDecoded(line: string): NumberedStamp | null;
  /** Whether the line says that the filters were built, or rebuilt: frames are numbered from 0 again. */
  isFilterStart(line: string): boolean;
  /** Whether one of these filters wrote the line. */
  isFromShowinfo(line: string): boolean;
}

/** What follows a filter's name. Text that another thread of ffmpeg writes into the same line can only come after it. */
const BODY =
  /^ @ 0?x?[0-9a-f]+\] n: *(\d{1,12}) pts: *(-?\d{1,18}|NOPTS) .*? fmt:(\w{1,32}) .*? s:(\d{1,9})x(\d{1,9}) /i;
const KEY_FRAME = / iskey:1 /;
const COLOUR = /^ @ 0?x?[0-9a-f]+\] color_range:\w{1,32} color_space:([\w/-]{1,32}) /i;

/** @param secret a word that nobody can guess, another for each run */
export function createShowinfo(secret = randomBytes(16).toString('hex')): Showinfo {
  const [firstFrame, decoded, frames] = ['first', 'decoded', 'frames'].map(
    (name) => `showinfo@${name}_${secret}`,
  ) as [string, string, string];
  const parse = (name: string, line: string): NumberedStamp | null => {
    const start = `[${name}`;
    const found = line.startsWith(start) ? BODY.exec(line.slice(start.length)) : null;
    if (!found) return null;
    const [, n, pts, format, width, height] = found;
    const time = pts === 'NOPTS' ? null : Number(pts);
    return { n: Number(n), pts: time, format, width: Number(width), height: Number(height) };
  };
  return {
    firstFrameFilter: `${firstFrame}=checksum=0`,
    decodedFilter: `${decoded}=checksum=0`,
    frameFilter: `${frames}=checksum=0`,
    parseFirstFrame(line) {
      const found = parse(firstFrame, line);
      if (found?.n !== 0) return null;
      const { n: _, ...stamp } = found;
      return stamp;
    },
    parseKeyFrame: (line) => (KEY_FRAME.test(line) ? (parse(firstFrame, line)?.pts ?? null) : null),
    parseFrame: (line) => parse(frames, line),
    parseColourSpace: (line) =>
      (line.startsWith(`[${frames}`) && COLOUR.exec(line.slice(frames.length + 1))?.[1]) || null,
    parseDecoded: (line) => parse(decoded, line),
    isFilterStart: (line) => line.startsWith(`[${frames}`) && line.includes('] config in time_base'),
    isFromShowinfo: (line) => [firstFrame, decoded, frames].some((name) => line.startsWith(`[${name}`)),
  };
}
