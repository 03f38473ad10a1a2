import type { SourceInfo } from '../domain/frame.ts';
import type { FfmpegProgram } from './ffmpeg/ffmpeg-path.ts';
import type { Showinfo } from './ffmpeg/showinfo.ts';
import type { FirstFrameListener } from './first-frame.ts';
import type { FrameBuffer } from './frames/frame-buffer.ts';
import type { IngestDeps } from './ingest-deps.ts';
import type { ResolvedSource } from './source/resolve-source.ts';

export interface DecodeOptions {
  /** Frames per second of media time, at most. */
  frameRate: number;
  /** At the pace of the clock, the newest frame kept. Live sources always are. */
  realtime: boolean;
  /** Recordings only: start again at the end, while media time goes on. */
  loop: boolean;
  signal: AbortSignal;
}

/** What one run of ffmpeg decodes, and where its frames go. */
export interface DecodeJob {
  source: ResolvedSource;
  buffer: FrameBuffer;
  /** Sizes of zero, and a duration of null: what the source is like is not known yet. */
  info: Pick<SourceInfo, 'kind' | 'live' | 'width' | 'height' | 'duration'>;
  options: DecodeOptions;
  ffmpeg: FfmpegProgram;
  deps: IngestDeps;
  showinfo: Showinfo;
  /** Hears ffmpeg's log up to the first frame, where the source is opened by this run. */
  listener?: FirstFrameListener;
}

/** How far a run has come. */
export interface DecodeProgress {
  /** Frames delivered. */
  count: number;
  /** Of the last of them, in seconds. */
  mediaTime: number;
  /** The last lines of ffmpeg's log, without those about frames. */
  log: string[];
  /** Aborts when the run is stopped. */
  stopping: AbortController;
}
