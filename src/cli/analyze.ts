/** `mien analyze`: the pipeline of the server without the server, for files and addresses. */
import { parse, resolve } from 'node:path';
import type { Config } from '../config.ts';
import type { SourceInfo } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import { type AnalyseDeps, analyseSource } from '../sessions/index.ts';
import type { Vision } from '../vision/index.ts';
import type { Host } from './host.ts';
import { createInputPrefetch, type InputPrefetch, sourceOf } from './inputs.ts';
import { openProgress, type Progress } from './progress.ts';
import { csvRows, type FORMATS, jsonLines, type RowFormat, rowsOf } from './row-format.ts';
import { openRowOutput, type RowOutput } from './row-output.ts';
import { createTimelines, ensembleOf, openIngest, openVision } from './services.ts';
import { createSummary, type Summary } from './summary.ts';

export interface AnalyzeOptions {
  format: (typeof FORMATS)[number];
  out?: string;
  /** A list of inputs: a file, or `-` for stdin. */
  filesFrom?: string;
  rate: number;
  smoothing: boolean;
}

/** Some input was not video or picture, or could not be read to its end. */
const BAD_INPUT = 2;
const INTERRUPTED = 130;

/** Writes a row per face and frame; gives the exit code. @throws MienError when models or the output are at fault */
export async function analyze(
  inputs: string[],
  options: AnalyzeOptions,
  config: Config,
  host: Host,
): Promise<number> {
  const stop = new AbortController();
  void host.stopped.then(() => stop.abort());
  const { out, filesFrom = '-' } = options;
  const read = filesFrom === '-' ? inputs : [...inputs, filesFrom];
  const output = await openRowOutput(out, read, host, () => stop.abort());
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
  const ingest = openIngest(config, { mediaDir: parse(resolve('.')).root, allowPrivateSources: true });
  const { rate: frameRate } = options;
  const prefetch = createInputPrefetch(inputs, (source) =>
    ingest.open(source, { frameRate, realtime: false, loop: false, signal }),
  );
  prefetch.begin(0);
  const vision = await openVision(config).catch(async (error) => {
    await ingest.close();
    throw error;
  });
  try {
    const actionUnits = ensembleOf(vision).actionUnits ?? [];
    const format = options.format === 'csv' ? csvRows(actionUnits) : jsonLines;
    await output.begin(format.head);
    await ingest.ffmpeg(); // without any, no input can be looked at
    const deps = depsOf(vision, options);
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

/** What analysing one input after the other needs. */
interface AnalyzeJob {
  options: AnalyzeOptions;
  host: Host;
  output: RowOutput;
  format: RowFormat;
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
  const result = await analyseSource(
    { ...job.deps, open: () => job.prefetch.take(index) },
    sourceOf(input),
    { frameRate: options.rate, signal, sessionId: `analysis-${index}`, onInfo },
    async (moment) => {
      totals.add(moment);
      progress.at(moment.mediaTime);
      const text = rowsOf(input, moment, actionUnits).map(format.text).join('');
      if (text !== '') await output.write(text);
    },
  );
  totals.end((performance.now() - began) / 1000, result.dropped);
}

function depsOf(vision: Vision, { smoothing }: AnalyzeOptions): AnalyzeJob['deps'] {
  return {
    openAnalyser: vision.open,
    openTimeline: createTimelines(vision, smoothing),
  };
}
