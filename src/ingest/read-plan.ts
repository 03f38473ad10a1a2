/** How a source is read, which shows once ffmpeg has told of it: its track, its clock, and where its time begins. */
import type { SourceKind } from '../domain/frame.ts';
import type { InputDescription } from './ffmpeg/ffmpeg-log.ts';

export interface ReadPlan {
  /** Which of the video tracks, from 0. */
  track: number;
  /** Whether a frame's time is when it came, because the source has no clock: ffmpeg would count 25 frames a second. */
  byArrival: boolean;
  /** Media time of a recording's first frame, in seconds; null: as ffmpeg has it. */
  firstTime: number | null;
  /** Whether nothing but this track makes a recording as long as it is, and its last frame is not shown for long. */
  fillsDuration: boolean;
  /** Whether ffmpeg can begin in its middle, as far as is known: not where a file is nothing but pictures that refer to others. */
  seeks: boolean;
}

/** What is known before a source is opened. @param videoTrack from 1; undefined: the default one */
export function planUntold(videoTrack: number | undefined): ReadPlan {
  return {
    track: (videoTrack ?? 1) - 1,
    byArrival: false,
    firstTime: null,
    fillsDuration: false,
    seeks: true,
  };
}

/** Formats that hold pictures and no times. */
const WITHOUT_CLOCK = ['mpjpeg', 'mjpeg', 'h264', 'hevc', 'vvc', 'm4v', 'mpegvideo', 'obu'];
/** Formats of which ffmpeg takes the start of the track that it reads for that of the source. */
const STARTED_BY_TRACK = ['mpegts', 'mpeg', 'hls', 'applehttp', 'ogg'];
/** Formats that tell in their head how long they are, and whose writers show no frame for longer than the others. */
const FRAME_AFTER_FRAME = ['avi', 'flv', 'asf'];
/** Seconds before the first frame of a recording that begins at 0: decoders want a run-up. */
const MOST_BEFORE_FIRST = 0.5;

/**
 * @param clock what the timestamps of the run count from that told this: the source's own zero, or where ffmpeg sees its start
 * @returns null: a run by the source's own clock has to tell
 */
export function readPlanOf(
  description: InputDescription,
  { kind, live, videoTrack }: { kind: SourceKind; live: boolean; videoTrack: number | undefined },
  clock: 'own' | 'start',
): ReadPlan | null {
  const formats = description.format.split(',');
  const byStart = description.hasOtherTracks && formats.some((name) => STARTED_BY_TRACK.includes(name));
  if (!live && byStart && clock === 'start') return null;
  return {
    track: videoTrack === undefined ? defaultTrack(description) : videoTrack - 1,
    byArrival: live && kind === 'http' && formats.some((name) => WITHOUT_CLOCK.includes(name)),
    firstTime: live ? null : firstTime(description, clock),
    fillsDuration: fillsDuration(description),
    seeks: true,
  };
}

/** Whether a recording of which frames are missing at its end is damaged, also where ffmpeg says nothing. */
export function fillsDuration({ format, hasOtherTracks, start, firstTime: time }: InputDescription): boolean {
  // One that begins later says when it ends instead.
  if (format === 'asf' && Math.max(start ?? 0, time ?? 0) > MOST_BEFORE_FIRST) return false;
  return !hasOtherTracks && format.split(',').some((name) => FRAME_AFTER_FRAME.includes(name));
}

function defaultTrack({ tracks }: InputDescription): number {
  return Math.max(
    0,
    tracks.findIndex(({ isDefault }) => isDefault),
  );
}

/**
 * Media time of a recording's first frame, in seconds: it begins with the track that begins first. Sound may begin before 0, because its decoder needs a run-up that nobody hears:
 * then it begins at 0, or with the first frame.
 */
export function firstTime(
  { start, firstTime: time }: InputDescription,
  clock: 'own' | 'start',
): number | null {
  if (time === null) return null;
  if (start === null) return 0;
  const own = clock === 'own' ? time : time + start;
  return own - Math.min(Math.max(start, 0), own);
}
