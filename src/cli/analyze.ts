/** `mien analyze`: the chain of the server without the server, for files and addresses. */
import { parse, resolve } from 'node:path';
import type { Config } from '../config.ts';
import type { SourceInfo } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import { type AnalyseDeps, analyseSource } from '../sessions/index.ts';
import type { Vision } from '../vision/index.ts';
import type { Host } from './host.ts';
import { createOpenings, type Openings, sourceOf } from './inputs.ts';
import { type Out, openOut } from './out.ts';
import { openProgress, type Progress } from './progress.ts';
import { csv, type FORMATS, jsonLines, type RowWriter, rowsOf } from './rows.ts';
import { ensembleOf, openIngest, openTimelines, openVision } from './services.ts';
import { createSummary, type Summary } from './summary.ts';

export interface AnalyzeOptions {
  format: (typeof FORMATS)[number];
  out?: string;
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
  const out = await openOut(options.out, inputs, host, () => stop.abort());
  try {
    return await analyzeInto(out, { inputs, options, config, host, signal: stop.signal });
  } finally {
    await out.close();
  }
}

interface Task {
  inputs: string[];
  options: AnalyzeOptions;
  config: Config;
  host: Host;
  signal: AbortSignal;
}

async function analyzeInto(out: Out, { inputs, options, config, host, signal }: Task): Promise<number> {
  const ingest = openIngest(config, { mediaDir: parse(resolve('.')).root, allowPrivateSources: true });
  const { rate: frameRate } = options;
  const openings = createOpenings(inputs, (source) =>
    ingest.open(source, { frameRate, realtime: false, loop: false, signal }),
  );
  openings.begin(0);
  const vision = await openVision(config).catch(async (error) => {
    await ingest.close();
    throw error;
  });
  try {
    const units = ensembleOf(vision).actionUnits ?? [];
    const writer = options.format === 'csv' ? csv(units) : jsonLines;
    await out.begin(writer.head);
    await ingest.ffmpeg(); // without any, no input can be looked at
    const deps = depsOf(vision, options);
    const failures = await analyzeAll(inputs, { options, host, out, writer, units, deps, openings, signal });
    if (out.gone) return 0;
    if (signal.aborted) return INTERRUPTED;
    if (failures.length < inputs.length) await out.finish();
    for (const failure of failures) host.stderr.write(`mien: ${failure}\n`);
    return failures.length > 0 ? BAD_INPUT : 0;
  } finally {
    await ingest.close();
    await vision.close();
  }
}

interface Job {
  options: AnalyzeOptions;
  host: Host;
  out: Out;
  writer: RowWriter;
  units: readonly string[];
  deps: Omit<AnalyseDeps, 'open'>;
  openings: Openings;
  signal: AbortSignal;
}

/** Whether the input is at fault, or what it alone needs, as a network source needs a current ffmpeg. */
function isOfInput(error: unknown): error is MienError {
  if (!(error instanceof MienError)) return false;
  return error.code.startsWith('SOURCE_') || error.code === 'BAD_INPUT' || error.code === 'FFMPEG_MISSING';
}

/** One input after the other; gives a sentence for each that failed. */
async function analyzeAll(inputs: string[], job: Job): Promise<string[]> {
  const failures: string[] = [];
  const summary = createSummary();
  for (const [index, input] of inputs.entries()) {
    if (job.signal.aborted) break;
    const progress = openProgress(job.host.stderr, input, job.options.rate);
    try {
      await analyzeOne(input, index, job, progress, summary);
    } catch (error) {
      if (job.signal.aborted) break;
      if (!isOfInput(error)) throw error;
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
  job: Job,
  progress: Progress,
  summary: Summary,
): Promise<void> {
  const { out, writer, units, options, signal } = job;
  const began = performance.now();
  const totals = summary.begin(input);
  const onInfo = ({ duration }: SourceInfo) => {
    progress.total(duration);
    job.openings.begin(index + 1);
  };
  const result = await analyseSource(
    { ...job.deps, open: () => job.openings.take(index) },
    sourceOf(input),
    { frameRate: options.rate, signal, sessionId: `analysis-${index}`, onInfo },
    async (moment) => {
      totals.add(moment);
      progress.at(moment.mediaTime);
      const text = rowsOf(input, moment, units).map(writer.text).join('');
      if (text !== '') await out.write(text);
    },
  );
  totals.end((performance.now() - began) / 1000, result.dropped);
}

function depsOf(vision: Vision, { smoothing }: AnalyzeOptions): Job['deps'] {
  return {
    openAnalyser: vision.open,
    openTimeline: openTimelines(vision, smoothing),
  };
}
