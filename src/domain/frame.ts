/** In pixels. */
export interface FrameSize {
  width: number;
  height: number;
}

/** One decoded picture: 8-bit luma, row by row, `width * height` bytes without padding. */
export interface Frame extends FrameSize {
  pixels: Uint8Array;
  /** Presentation timestamp in seconds since the source's own start. */
  mediaTime: number;
  /** When the frame was taken (live) or read (recorded), in milliseconds since the epoch. */
  wallTime: number;
  /** Frames not delivered since the frame before, by reason. */
  dropped: DropCounts;
  /** The pixels are not needed any more, and their memory may be used again. Who keeps them does not call it. */
  release?(): void;
}

/** Why a frame was not scored: `busy`, a newer frame took its place; `worker`, its worker died; `store`, the database was away. */
export type DropReason = 'busy' | 'worker' | 'store';
export type DropCounts = Partial<Record<DropReason, number>>;

/** Leaves out the reasons of which there are none. */
export function nonZeroDrops({ busy, worker, store }: DropCounts): DropCounts {
  return { ...(busy ? { busy } : {}), ...(worker ? { worker } : {}), ...(store ? { store } : {}) };
}

export function addDrops(one: DropCounts, other: DropCounts): DropCounts {
  const sum: DropCounts = { ...one };
  for (const [reason, count] of Object.entries(other) as [DropReason, number][]) {
    sum[reason] = (sum[reason] ?? 0) + count;
  }
  return sum;
}

/** What probing a source found. */
export interface SourceInfo {
  kind: SourceKind;
  live: boolean;
  width: number;
  height: number;
  /** Seconds; null when the source does not say (live sources). */
  duration: number | null;
  codec: string;
  /** Clockwise degrees that a player turns the picture; ffmpeg has already done so in our frames. */
  rotation: number;
}

export type SourceKind = 'file' | 'upload' | 'http' | 'hls' | 'rtsp' | 'rtmp' | 'device';

/** A source as the client named it: exactly one of these. */
export type SourceInput =
  | { type: 'url'; url: string }
  | { type: 'file'; path: string }
  | { type: 'upload'; token: string }
  | { type: 'device'; device: string };
