/** `mien analyze`: the pipeline of the server without the server, for files and addresses. */
import type { Config } from '../../config.ts';
import type { Ingest } from '../../ingest/index.ts';
import { BAD_INPUT, INTERRUPTED } from '../exit-codes.ts';
import type { Host } from '../process-host.ts';
import { openRowWriter, type RowWriter } from '../row-writer.ts';
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
import { type AnalyzeOptions, assertOptions, assertToldApart, wantsRows } from './analyze-options.ts';
import type { FoundInput } from './find-inputs.ts';
import type { InputPrefetch } from './input-prefetch.ts';
import { overlapping } from './overlapping.ts';
import { openProgress, type Progress } from './progress.ts';
import { createSummary, type Summary } from './summary.ts';
import { openVideoOutput, type VideoOutput } from './video-output.ts';

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
  assertToldApart(inputs, options);
  const read = filesFrom === '-' ? inputs : [...inputs, filesFrom];
  const video =
    options.video === undefined ? null : await openVideoOutput({ path: options.video, force }, read, host);
  const rows = wantsRows(options)
    ? await openRowWriter({ path, force }, read, host, () => stop.abort())
    : null;
  try {
    return await analyzeInto({ rows, video }, inputs, task);
  } finally {
    await closeInTurn(rows, video);
  }
}

/** One that fails to close keeps none of the others open. @throws what the first of these did */
async function closeInTurn(...parts: ({ close(): Promise<void> } | null)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts) await part?.close().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** Null: nobody asked for it. */
interface Outputs {
  rows: RowWriter | null;
  video: VideoOutput | null;
}

async function analyzeInto(
  { rows: output, video }: Outputs,
  inputs: string[],
  task: AnalysisTask,
): Promise<number> {
  const { host, signal } = task;
  const ingest = openSources(task);
  const prefetch = prefetchFrom(ingest, inputs, task);
  prefetch.openAhead();
  let scoring: Scoring | null = null;
  try {
    scoring = await openScoring(task);
    await output?.begin(scoring.format.head);
    await checkFfmpeg(ingest, host);
    const failures = await analyzeAll(inputs, { ...task, output, video, ingest, scoring, prefetch });
    if (output?.gone) return 0;
    if (signal.aborted) return INTERRUPTED;
    if (failures.length < inputs.length) await output?.finish();
    for (const failure of failures) host.stderr.write(`mien: ${failure}\n`);
    return failures.length > 0 ? BAD_INPUT : 0;
  } finally {
    // The frames end before what scores them.
    await closeInTurn(ingest, scoring);
  }
}

/** What analysing inputs needs. */
interface AnalyzeJob extends AnalysisTask {
  output: RowWriter | null;
  video: VideoOutput | null;
  ingest: Ingest;
  scoring: Scoring;
  prefetch: InputPrefetch;
}

/** What is written of one input comes after all of those before it; gives a sentence for each that failed. */
async function analyzeAll(inputs: string[], job: AnalyzeJob): Promise<string[]> {
  const failures: string[] = [];
  const summary = createSummary();
  const analyse = async (index: number, handedOver: () => void, turn: Promise<unknown>) => {
    const input = inputs[index]!;
    const progress = openProgress(job.host.stderr, input, job.options.rate);
    try {
      await analyzeOne(input, index, { ...job, turn, handedOver }, progress, summary);
    } catch (error) {
      // What those before it say comes first.
      await turn;
      if (job.signal.aborted) return;
      if (!isFaultOfInput(error)) throw error;
      failures.push(failureOf(input, error));
    } finally {
      progress.close();
    }
  };
  await overlapping(inputs.length, 1, analyse, () => job.signal.aborted);
  job.host.stderr.write(summary.text());
  return failures;
}

/** One input of these. */
interface InputJob extends AnalyzeJob {
  /** Over when all inputs before it are. */
  turn: Promise<unknown>;
  handedOver(): void;
}

async function analyzeOne(
  input: string,
  index: number,
  job: InputJob,
  progress: Progress,
  summary: Summary,
): Promise<void> {
  const began = performance.now();
  const totals = summary.begin(input);
  await job.video?.begin(input, job);
  const result = await analyseInput(input, index, job, {
    onInfo({ duration }) {
      progress.total(duration);
      job.prefetch.openAhead();
    },
    onHandedOver: job.handedOver,
    onMoment(moment, _events, frame) {
      totals.add(moment, frame);
      progress.at(moment.mediaTime);
    },
    onRows: async (rows) => job.video?.add(rows),
    async write(rows) {
      await job.turn;
      await job.output?.write(rows);
    },
  });
  await job.video?.draw(progress);
  totals.end((performance.now() - began) / 1000, result.dropped);
}
