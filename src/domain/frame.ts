/** In pixels. */
export interface FrameSize {
  width: number;
  height: number;
}

/** One decoded picture: 8-bit luma, row by row, `width * height` bytes without padding. */
export interface Frame extends FrameSize {
  pixels: Uint8Array;
  /** Undefined: it was not asked for, or the source has none. */
  colour?: FrameColour | undefined;
  /** Of the source's own picture, before it was made smaller; undefined: not known. */
  source?: FrameSize | undefined;
  /** Seconds since the source's own start: of a recording the start of whichever of its tracks begins first, live the first frame. */
  mediaTime: number;
  /** When the frame was taken (live) or read (recorded), in milliseconds since the epoch. */
  wallTime: number;
  /** Of a looped recording only. */
  loop?: LoopPlace | undefined;
  /** Frames not delivered since the frame before, by reason. */
  dropped: DropCounts;
  /** Of `dropped.busy`: frames that were left out because a lower rate was asked for. None where it is undefined. */
  leftOut?: number;
  /** Of `dropped.busy`: frames that were decoded too late, or not at all so that others are in time. None where it is undefined. */
  late?: number;
  /** Whether its readings tell when the models had it. */
  timed?: boolean;
  /** The pixels are not needed any more, and their memory may be used again. Who keeps them does not call it. */
  release?(): void;
}

/** What makes a coloured picture of the luma of a frame. It lies in the memory of the frame's pixels, and lasts as long. */
export interface FrameColour {
  /** Blue-difference, then red-difference, in full range: planes of half the frame's width and height, rounded up. */
  chroma: Uint8Array;
  matrix: ColourMatrix;
}

/** By which recommendation of the ITU luma and chroma were made of red, green and blue. */
export type ColourMatrix = 'bt601' | 'bt709' | 'bt2020';

/** Where in a looped recording a frame lies. Its media time, before any break, is the pass times the length of one, plus the source's time. */
export interface LoopPlace {
  /** How often the recording was played before, from 0. */
  pass: number;
  /** Seconds since the recording's own start, as media time is of a recording that is not looped. */
  sourceTime: number;
}

/**
 * Why a frame was not scored: `busy`, there was not the time for it, so that a newer one took its place, or a lowered rate left
 * it out; `worker`, its worker died, or scoring failed; `store`, the database was away; `source`, the source paused or was lost, and gave none when one was due.
 */
export const DROP_REASONS = ['busy', 'worker', 'store', 'source'] as const;
export type DropReason = (typeof DROP_REASONS)[number];
export type DropCounts = Partial<Record<DropReason, number>>;

/** As drops are measured: of those that are `busy`, `shed` were left out by a lowered rate, and `late` came too late. */
export type DropMeasure = Partial<Record<DropReason | 'shed' | 'late', number>>;

/** What is not there is left out. */
export function measureDrops({
  dropped,
  leftOut,
  late,
}: Pick<Frame, 'dropped' | 'leftOut' | 'late'>): DropMeasure {
  const measure: DropMeasure = nonZeroDrops({
    ...dropped,
    busy: Math.max(0, (dropped.busy ?? 0) - (leftOut ?? 0) - (late ?? 0)),
  });
  if (leftOut) measure.shed = leftOut;
  if (late) measure.late = late;
  return measure;
}

/** Leaves out the reasons of which there are none. */
export function nonZeroDrops(counts: DropCounts): DropCounts {
  const some: DropCounts = {};
  for (const reason of DROP_REASONS) if (counts[reason]) some[reason] = counts[reason];
  return some;
}

export function totalDrops(counts: DropCounts): number {
  return Object.values(counts).reduce((sum, frames) => sum + frames, 0);
}

export function addDrops(one: DropCounts, other: DropCounts): DropCounts {
  const sum: DropCounts = { ...one };
  for (const [reason, count] of Object.entries(other) as [DropReason, number][]) {
    sum[reason] = (sum[reason] ?? 0) + count;
  }
  return sum;
}

/**
 * Which frames of a source are scored. `EVEN`: those that lie closest behind an even grid. `NEAREST`: of those that are cheap to decode,
 * because no other refers to the ones between, as many as were asked for. Unless it is said, what runs in real time is NEAREST,
 * and recordings that are read as fast as they are scored are EVEN.
 */
export const FRAME_TIMINGS = ['EVEN', 'NEAREST'] as const;
export type FrameTiming = (typeof FRAME_TIMINGS)[number];

/** What probing a source found. */
export interface SourceInfo {
  kind: SourceKind;
  live: boolean;
  width: number;
  height: number;
  /** Seconds; null when the source does not say (live sources). */
  duration: number | null;
  codec: string;
  /** Frames a second that it says it has; null or undefined: it does not say. */
  frameRate?: number | null;
  /** Clockwise degrees that a player turns the picture; ffmpeg has already done so in our frames. */
  rotation: number;
}

export type SourceKind = 'file' | 'upload' | 'http' | 'hls' | 'rtsp' | 'rtmp' | 'device' | 'push';

export const MAX_VIDEO_TRACK = 100;

/** A source as the client named it, and which of its video tracks is read, from 1; undefined: the default one. */
export type SourceInput = NamedSource & { videoTrack?: number };

/** Exactly one of these. */
type NamedSource =
  /** `locked`: the key of its user, password and query is lost, so that `url` is without them. */
  | { type: 'url'; url: string; locked?: true }
  | { type: 'file'; path: string }
  | { type: 'upload'; token: string }
  | { type: 'device'; device: string }
  /** Sent to mien. `inlet`: by which senders and the session find each other; no secret. */
  | { type: 'push'; inlet: string };
