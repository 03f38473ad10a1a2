import type { DecodeOptions } from '../domain/decode-options.ts';
import { LONGER_SIDES, MAX_CANVAS } from '../domain/detect-size.ts';
import type { SourceInfo } from '../domain/frame.ts';
import type { Showinfo } from './ffmpeg/showinfo.ts';
import type { FirstFrameListener } from './first-frame.ts';
import type { FrameOutlet } from './frame-outlet.ts';
import type { DecodedFrames } from './frames/decoded-frames.ts';
import type { FramesLost } from './frames/frame-assembler.ts';
import type { IngestDeps, ReadyFfmpeg } from './ingest-deps.ts';
import type { ReadPlan } from './read-plan.ts';
import type { ResolvedSource } from './source/resolved-source.ts';

/** How a run of ffmpeg begins. */
export interface RunStart extends RunPlace {
  /** Whether frames that no other refers to are not decoded. */
  leaveOut: boolean;
  /** Hears of all frames that are decoded, selected or not; null: nobody asks. */
  decoded: DecodedFrames | null;
}

/** Where it begins. */
export interface RunPlace {
  /** Media time of its first frame, in seconds; asked when that comes. Of a recording: of the place where it begins. */
  mediaTime(): number;
  /** Recordings only: seconds from their beginning. */
  position: number;
  /** Of a looped recording: which pass it begins with, from 0, and how many it decodes. */
  pass: number;
  passes: number;
}

/** What one run of ffmpeg decodes, and where its frames go. */
export interface DecodeJob {
  source: ResolvedSource;
  outlet: FrameOutlet;
  start: RunStart;
  /** As far as it is known. */
  plan: ReadPlan;
  /** Sizes of zero, and a duration of null: what the source is like is not known yet. */
  info: Pick<SourceInfo, 'kind' | 'live' | 'width' | 'height' | 'duration' | 'frameRate'>;
  options: DecodeOptions;
  ffmpeg: ReadyFfmpeg;
  deps: IngestDeps;
  showinfo: Showinfo;
  /** Hears ffmpeg's log up to the first frame, where the source is opened by this run. */
  listener?: FirstFrameListener | undefined;
  /** Hears where key frames of a recording lie, in seconds from its beginning. */
  onKeyFrame?: ((place: number) => void) | undefined;
}

/** The decoding of a source, in runs that follow each other. */
export interface SourceJob extends Omit<DecodeJob, 'outlet' | 'start'> {
  /** Resolves the source for a further run. */
  resolve(): Promise<ResolvedSource>;
}

/** How far a run has come. */
export interface DecodeProgress {
  /** Frames delivered. */
  count: number;
  /** Of the last of them, in seconds. */
  mediaTime: number;
  /** Its timestamp, in microseconds; null: it has none. */
  pts: number | null;
  /** The last lines of ffmpeg's log, without those about frames. */
  log: string[];
  /** What is amiss where ffmpeg ended well, and not each frame has got its bytes and its stamp. */
  leftover: FramesLost | null;
  /** Aborts when the run is stopped. */
  stopping: AbortController;
}

/** What a frame may be at most, and how it comes. */
export function frameShape({ options, ffmpeg, deps }: Pick<DecodeJob, 'options' | 'ffmpeg' | 'deps'>) {
  const asked = LONGER_SIDES[options.detectSize];
  const longerSide = ffmpeg.hasNoAutoscale ? asked : Math.min(asked, MAX_CANVAS);
  const onCanvas = !ffmpeg.hasNoAutoscale;
  return {
    ...{ longerSide, maxPixels: deps.limits.maxPixels, onCanvas },
    // On a canvas the planes of chroma would lie elsewhere.
    colour: options.colour === true && !onCanvas,
  };
}
