/** What `mien analyze` is asked for, and which of it contradicts the rest. */
import type { DetectSize } from '../domain/detect-size.ts';
import { MienError } from '../errors.ts';
import { type AnalysisOptions, type ColumnSet, formatOf } from '../tables/analysis-format.ts';

export interface AnalyzeOptions extends AnalysisOptions {
  out?: string;
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
          : null;
  if (fault !== null) throw new MienError('BAD_INPUT', fault);
}

/** @throws MienError BAD_INPUT: in these columns nobody could tell one input's rows from another's */
export function assertToldApart(inputs: readonly string[], columns: ColumnSet): void {
  if (columns !== 'openface' || inputs.length < 2) return;
  throw new MienError(
    'BAD_INPUT',
    'OpenFace has a file for each video, and no column that names it: analyze one input at a time with --columns openface, or name a directory with --out-dir.',
  );
}
