import type { Limits } from './config.ts';
import type { FfmpegLauncher } from './ffmpeg/ffmpeg-launcher.ts';
import type { FfmpegProgram } from './ffmpeg/ffmpeg-path.ts';
import type { SourceAccess } from './source/resolve-source.ts';

/** What probing and decoding share. */
export interface IngestDeps {
  access: SourceAccess;
  limits: Limits;
  ffmpeg(): Promise<FfmpegProgram>;
  launcher: FfmpegLauncher;
  /** Takes ffmpeg's lines, without credentials; undefined when nobody reads them. */
  onLog: ((line: string) => void) | undefined;
  /** Every run of ffmpeg, so that closing can wait for its end. */
  activeRuns: Set<Promise<unknown>>;
}
