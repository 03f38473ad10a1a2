/** What `mien analyze` is asked for, and which of it contradicts the rest. */
import type { DetectSize } from '../../domain/detect-size.ts';
import { MienError } from '../../errors.ts';
import { containerOf } from '../../ingest/index.ts';
import { type AnalysisOptions, formatOf } from '../../tables/analysis-format.ts';

export interface AnalyzeOptions extends AnalysisOptions {
  out?: string;
  /** Where the video goes that what was found is drawn into. */
  video?: string;
  /** Where each input gets a file of its own. */
  outDir?: string;
  /** Whether what whole results there are in that directory are kept. */
  resume: boolean;
  /** Inputs that are analysed at a time, in that directory. */
  jobs: number;
  /** Whether what is there may be overwritten. */
  force: boolean;
  /** Whether frames without a face have no row. */
  facesOnly: boolean;
  /** A list of inputs: a file, or `-` for stdin. */
  filesFrom?: string;
  rate: number;
  /** Which video track, from 1; undefined: the default one. */
  track?: number;
  detectSize: DetectSize;
  /** Frames need not lie on an even grid. */
  fast: boolean;
  /** Time constant in milliseconds of video; false, as 0: none. */
  smoothing: number | false;
}

/** @throws MienError BAD_INPUT: they contradict each other */
export function assertOptions(options: AnalyzeOptions): void {
  formatOf(options);
  const { out, outDir, resume, force, jobs } = options;
  const fault =
    out !== undefined && outDir !== undefined
      ? 'Rows go to one file (--out) or to one for each input (--out-dir): name one of them.'
      : outDir === undefined && (resume || jobs > 1)
        ? '--resume and --jobs are for --out-dir: name the directory of results.'
        : resume && force
          ? '--resume keeps what is whole, --force overwrites it: give one of them.'
          : faultOfVideo(options);
  if (fault !== null) throw new MienError('BAD_INPUT', fault);
}

function faultOfVideo({ video, outDir }: AnalyzeOptions): string | null {
  if (video === undefined) return null;
  if (outDir !== undefined)
    return '--video draws into one video, --out-dir is for many inputs: give one of them.';
  if (containerOf(video) !== null) return null;
  return `--video ${video} has to end in .mp4, .mov or .mkv, by which its format is known.`;
}

/** Where a video is drawn, rows are written too where something says where, or how. */
export function wantsRows({ video, out, format, columns }: AnalyzeOptions): boolean {
  return video === undefined || out !== undefined || format !== undefined || columns !== 'mien';
}

/** @throws MienError BAD_INPUT: in this output nobody could tell one input's part from another's */
export function assertToldApart(inputs: readonly string[], { columns, format, video }: AnalyzeOptions): void {
  if (inputs.length < 2) return;
  if (video !== undefined || format === 'ass') {
    const named = video === undefined ? '--format ass' : '--video';
    const otherwise = video === undefined ? ', or name a directory with --out-dir' : '';
    throw new MienError('BAD_INPUT', `${named} is for one video: analyze one input at a time${otherwise}.`);
  }
  if (columns !== 'openface') return;
  throw new MienError(
    'BAD_INPUT',
    'OpenFace has a file for each video, and no column that names it: analyze one input at a time with --columns openface, or name a directory with --out-dir.',
  );
}
