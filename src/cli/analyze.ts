/** `mien analyze`: the pipeline of the server without the server, for files and addresses. */
import type { Config } from '../config.ts';
import {
  type AnalysisTask,
  analyseInput,
  checkFfmpeg,
  failureOf,
  isFaultOfInput,
  openScoring,
  openSources,
  prefetchFrom,
  type Scoring,
} from './analysis.ts';
import { analyzeBatch } from './analyze-batch.ts';
import { type AnalyzeOptions, assertOptions, assertToldApart } from './analyze-options.ts';
import { BAD_INPUT, INTERRUPTED } from './exit-codes.ts';
import type { FoundInput } from './find-inputs.ts';
import type { Host } from './host.ts';
import type { InputPrefetch } from './inputs.ts';
import { openProgress, type Progress } from './progress.ts';
import { openRowOutput, type RowOutput } from './row-output.ts';
import { createSummary, type Summary } from './summary.ts';

export interface AnalyzeSetting {
  config: Config;
  host: Host;
  /** mien's own version. */
  version: string;
}

/** Writes a row for each face and frame, and for a frame without a face; gives the exit code. @throws MienError when models or the output are at fault */
export async function analyze(
  found: readonly FoundInput[],
  options: AnalyzeOptions,
  { config, host, version }: AnalyzeSetting,
): Promise<number> {
  const stop = new AbortController();
  void host.stopped.then(() => stop.abort());
  assertOptions(options);
  const task = { options, config, host, signal: stop.signal };
  const { out: path, outDir, force, filesFrom = '-' } = options;
  if (outDir !== undefined) return analyzeBatch(found, { ...task, outDir, version });
  const inputs = found.map(({ input }) => input);
  assertToldApart(inputs, options.columns);
  const read = filesFrom === '-' ? inputs : [...inputs, filesFrom];
  const output = await openRowOutput({ path, force }, read, host, () => stop.abort());
  try {
    return await analyzeInto(output, inputs, task);
  } finally {
    await output.close();
  }
}

async function analyzeInto(output: RowOutput, inputs: string[], task: AnalysisTask): Promise<number> {
  const { host, signal } = task;
  const ingest = openSources(task);
  const prefetch = prefetchFrom(ingest, inputs, task);
  prefetch.openAhead();
  const scoring = await openScoring(task).catch(async (error) => {
    await ingest.close();
    throw error;
  });
  try {
    await output.begin(scoring.format.head);
    await checkFfmpeg(ingest, host);
    const failures = await analyzeAll(inputs, { ...task, output, scoring, prefetch });
    if (output.gone) return 0;
    if (signal.aborted) return INTERRUPTED;
    if (failures.length < inputs.length) await output.finish();
    for (const failure of failures) host.stderr.write(`mien: ${failure}\n`);
    return failures.length > 0 ? BAD_INPUT : 0;
  } finally {
    await ingest.close();
    await scoring.close();
  }
}

/** What analysing one input after the other needs. */
interface AnalyzeJob extends AnalysisTask {
  output: RowOutput;
  scoring: Scoring;
  prefetch: InputPrefetch;
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
      failures.push(failureOf(input, error));
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
  const began = performance.now();
  const totals = summary.begin(input);
  const result = await analyseInput(input, index, job, {
    onInfo({ duration }) {
      progress.total(duration);
      job.prefetch.openAhead();
    },
    onMoment(moment, _events, frame) {
      totals.add(moment, frame);
      progress.at(moment.mediaTime);
    },
    write: (rows) => job.output.write(rows),
  });
  totals.end((performance.now() - began) / 1000, result.dropped);
}
