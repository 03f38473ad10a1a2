/** `mien analyze`: the pipeline of the server without the server, for files and addresses. */
import { parse, resolve } from 'node:path';
import type { Config } from '../config.ts';
import type { DetectSize } from '../domain/detect-size.ts';
import type { FrameTiming, SourceInfo, SourceInput } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import type { Ingest } from '../ingest/index.ts';
import { type AnalyseDeps, analyseSource, type SearchedFrame } from '../sessions/index.ts';
import {
  type AnalysisFormat,
  type AnalysisOptions,
  analysisFormat,
  formatOf,
} from '../tables/analysis-format.ts';
import { rowsOf } from '../tables/rows.ts';
import { withDurations } from '../tables/with-durations.ts';
import type { Host } from './host.ts';
import { assertToldApart, createInputPrefetch, type InputPrefetch, sourceOf } from './inputs.ts';
import { openProgress, type Progress } from './progress.ts';
import { openRowOutput, type RowOutput } from './row-output.ts';
import { createTimelines, ensembleOf, openIngest, openVision } from './services.ts';
import { createSummary, type Summary } from './summary.ts';

export interface AnalyzeOptions extends AnalysisOptions {
  out?: string;
  /** Whether `out` may be overwritten. */
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

/** Some input was not video or picture, or could not be read to its end. */
const BAD_INPUT = 2;
const INTERRUPTED = 130;

/** Writes a row for each face and frame, and for a frame without a face; gives the exit code. @throws MienError when models or the output are at fault */
export async function analyze(
  inputs: string[],
  options: AnalyzeOptions,
  config: Config,
  host: Host,
): Promise<number> {
  const stop = new AbortController();
  void host.stopped.then(() => stop.abort());
  formatOf(options);
  assertToldApart(inputs, options.columns);
  const { out: path, force, filesFrom = '-' } = options;
  const read = filesFrom === '-' ? inputs : [...inputs, filesFrom];
  const output = await openRowOutput({ path, force }, read, host, () => stop.abort());
  try {
    return await analyzeInto(output, { inputs, options, config, host, signal: stop.signal });
  } finally {
    await output.close();
  }
}

interface AnalyzeTask {
  inputs: string[];
  options: AnalyzeOptions;
  config: Config;
  host: Host;
  signal: AbortSignal;
}

async function analyzeInto(
  output: RowOutput,
  { inputs, options, config, host, signal }: AnalyzeTask,
): Promise<number> {
  const ingest = openAnywhere(config, host);
  const prefetch = createInputPrefetch(inputs, openerOf(ingest, options, signal));
  prefetch.begin(0);
  const vision = await openVision(config).catch(async (error) => {
    await ingest.close();
    throw error;
  });
  try {
    const { actionUnits = [] } = ensembleOf(vision);
    const format = analysisFormat(options, actionUnits);
    await output.begin(format.head);
    await checkFfmpeg(ingest, host);
    const deps = { openAnalyser: vision.open, openTimeline: createTimelines(vision) };
    const failures = await analyzeAll(inputs, {
      options,
      host,
      output,
      format,
      actionUnits,
      deps,
      prefetch,
      signal,
    });
    if (output.gone) return 0;
    if (signal.aborted) return INTERRUPTED;
    if (failures.length < inputs.length) await output.finish();
    for (const failure of failures) host.stderr.write(`mien: ${failure}\n`);
    return failures.length > 0 ? BAD_INPUT : 0;
  } finally {
    await ingest.close();
    await vision.close();
  }
}

/** Whoever runs the program may read what it names. */
function openAnywhere(config: Config, host: Host): Ingest {
  return openIngest(config, {
    mediaDir: parse(resolve('.')).root,
    allowPrivateSources: true,
    onCaution: (sentence) => void host.stderr.write(`mien: ${sentence}\n`),
  });
}

function openerOf(
  ingest: Ingest,
  { rate: frameRate, fast, detectSize, track }: AnalyzeOptions,
  signal: AbortSignal,
): (source: SourceInput) => ReturnType<Ingest['open']> {
  const timing: FrameTiming = fast ? 'NEAREST' : 'EVEN';
  const options = { frameRate, timing, realtime: false, loop: false, detectSize, signal };
  return (source) => ingest.open(track === undefined ? source : { ...source, videoTrack: track }, options);
}

/** Warns of one that is not fit for every input. @throws MienError FFMPEG_MISSING: no input can be looked at */
async function checkFfmpeg(ingest: Ingest, host: Host): Promise<void> {
  const { caution } = await ingest.ffmpeg();
  if (caution !== null) host.stderr.write(`mien: ${caution}\n`);
}

/** What analysing one input after the other needs. */
interface AnalyzeJob {
  options: AnalyzeOptions;
  host: Host;
  output: RowOutput;
  format: AnalysisFormat;
  actionUnits: readonly string[];
  deps: Omit<AnalyseDeps, 'open'>;
  prefetch: InputPrefetch;
  signal: AbortSignal;
}

/** Whether the input is at fault, or what it alone needs, as a network source needs a current ffmpeg. */
function isFaultOfInput(error: unknown): error is MienError {
  if (!(error instanceof MienError)) return false;
  return error.code.startsWith('SOURCE_') || error.code === 'BAD_INPUT' || error.code === 'FFMPEG_MISSING';
}

/** One input after the other; gives a sentence for each that failed. */
async function analyzeAll(inputs: string[], job: AnalyzeJob): Promise<string[]> {
  const failures: string[] = [];
  const summary = createSummary();
  for (const [index, input] of inputs.entries()) {
    if (job.signal.aborted) break;
    const progress = openProgress(job.host.stderr, input, job.options.rate);
    try {
      await analyzeOne(input, index, job, progress, summary);
    } catch (error) {
      if (job.signal.aborted) break;
      if (!isFaultOfInput(error)) throw error;
      failures.push(error.message.includes(input) ? error.message : `${input}: ${error.message}`);
    } finally {
      progress.close();
    }
  }
  job.host.stderr.write(summary.text());
  return failures;
}

async function analyzeOne(
  input: string,
  index: number,
  job: AnalyzeJob,
  progress: Progress,
  summary: Summary,
): Promise<void> {
  const { output, format, actionUnits, options, signal } = job;
  const began = performance.now();
  const totals = summary.begin(input);
  const onInfo = ({ duration }: SourceInfo) => {
    progress.total(duration);
    job.prefetch.begin(index + 1);
  };
  const rows = withDurations(async (moment, duration, frame: SearchedFrame) => {
    if (options.facesOnly && moment.faces.length === 0) return;
    const ofFrame = rowsOf(input, moment, duration, frame, actionUnits);
    await output.write(ofFrame.map((row) => format.text({ ...row, picture: frame.source })).join(''));
  });
  const result = await analyseSource(
    { ...job.deps, open: () => job.prefetch.take(index) },
    sourceOf(input),
    {
      frameRate: options.rate,
      smoothing: options.smoothing || 0,
      detectSize: options.detectSize,
      signal,
      sessionId: `analysis-${index}`,
      onInfo,
    },
    async (moment, _events, frame) => {
      totals.add(moment, frame);
      progress.at(moment.mediaTime);
      await rows.add(moment, frame);
    },
  ).finally(rows.end);
  totals.end((performance.now() - began) / 1000, result.dropped);
}
