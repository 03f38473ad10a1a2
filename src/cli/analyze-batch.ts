/** `mien analyze --out-dir`: a result for each input, as many at a time as asked for; one that fails stops no other. */
import { sep } from 'node:path';
import { formatOf } from '../tables/analysis-format.ts';
import {
  type AnalysisTask,
  checkFfmpeg,
  openScoring,
  openSources,
  prefetchFrom,
  type Scoring,
} from './analysis.ts';
import { analyseToPartial, type InputTask, type Job } from './batch-input.ts';
import { BatchProgress } from './batch-progress.ts';
import { runOf, stateOf } from './batch-run.ts';
import { summaryOf } from './batch-summary.ts';
import { BAD_INPUT, INTERRUPTED } from './exit-codes.ts';
import type { FoundInput } from './find-inputs.ts';
import type { InputPrefetch } from './inputs.ts';
import { type ResultEntry, runText } from './manifest.ts';
import { openResultDirectory, type ResultDirectory } from './result-directory.ts';
import { resultPlaces, SUMMARY } from './result-places.ts';

export interface BatchTask extends AnalysisTask {
  outDir: string;
  /** mien's own. */
  version: string;
}

/** Gives the exit code. @throws MienError when models or the directory are at fault */
export async function analyzeBatch(found: readonly FoundInput[], task: BatchTask): Promise<number> {
  const { options, outDir } = task;
  const inputs = eachOnce(found);
  const places = resultPlaces(inputs, `.${formatOf(options)}`);
  const directory = await openResultDirectory({
    ...{ path: outDir, resume: options.resume, force: options.force },
    say: (sentence) => void task.host.stderr.write(`mien: ${sentence}\n`),
  });
  try {
    await directory.claim(places);
    return await new Batch(inputs, places, directory, task).run();
  } finally {
    await directory.close();
  }
}

function eachOnce(found: readonly FoundInput[]): FoundInput[] {
  return [...new Map(found.map((one) => [one.input, one])).values()];
}

class Batch {
  readonly #inputs: readonly FoundInput[];
  readonly #places: readonly string[];
  readonly #directory: ResultDirectory;
  readonly #task: BatchTask;
  /** In the order of the inputs. */
  readonly #entries = new Map<string, ResultEntry>();
  /** What ends all of it: a disk that is full, or a fault of mien's. */
  #failure: unknown = null;
  readonly #stop = new AbortController();

  constructor(
    inputs: readonly FoundInput[],
    places: readonly string[],
    directory: ResultDirectory,
    task: BatchTask,
  ) {
    this.#inputs = inputs;
    this.#places = places;
    this.#directory = directory;
    const signal = AbortSignal.any([task.signal, this.#stop.signal, directory.lost]);
    this.#task = { ...task, signal };
  }

  async run(): Promise<number> {
    const ingest = openSources(this.#task);
    let scoring: Scoring | null = null;
    try {
      scoring = await openScoring(this.#task);
      const ffmpeg = await checkFfmpeg(ingest, this.#task.host);
      const run = runText(
        runOf(this.#task, scoring, {
          ffmpeg,
          decodedBy: ingest.decoding().by,
          pictures: await ingest.pictures(),
        }),
      );
      const jobs = await this.#choose(run);
      await this.#directory.begin(run);
      await this.#analyseAll(
        jobs,
        scoring,
        prefetchFrom(
          ingest,
          jobs.map(({ input }) => input),
          this.#task,
        ),
      );
      this.#directory.lost.throwIfAborted();
      if (this.#failure !== null) throw this.#failure;
      return await this.#finish(run);
    } finally {
      await ingest.close();
      await scoring?.close();
    }
  }

  /** What is left to be analysed; of the others the results are kept. */
  async #choose(run: string): Promise<Job[]> {
    const jobs: Job[] = [];
    for (const [index, { input }] of this.#inputs.entries()) {
      const job = { input, place: this.#places[index]!, ...(await stateOf(input)) };
      const kept = await this.#directory.kept(run, input, job.place, job);
      if (kept) this.#entries.set(input, kept);
      else jobs.push(job);
    }
    const { resume } = this.#task.options;
    if (resume) this.#say(`${this.#entries.size} of ${this.#inputs.length} are there already, and are kept.`);
    return jobs;
  }

  async #analyseAll(jobs: readonly Job[], scoring: Scoring, prefetch: InputPrefetch): Promise<void> {
    const { host, options, signal } = this.#task;
    const sizes = jobs.map(({ size }) => size ?? 0);
    const usual = Math.max(
      1,
      sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.filter(Boolean).length),
    );
    const work = sizes.map((size) => size || usual);
    const progress = new BatchProgress(host.stderr, {
      all: this.#inputs.length,
      kept: this.#entries.size,
      work,
    });
    let next = 0;
    const takeOneAfterTheOther = async () => {
      while (next < jobs.length && !signal.aborted) {
        const index = next++;
        await this.#analyse(jobs[index]!, index, { ...this.#task, scoring, prefetch }, progress).catch(
          (error) => {
            if (!this.#task.signal.aborted) this.#failure ??= error;
            this.#stop.abort();
          },
        );
      }
    };
    prefetch.openAhead();
    await Promise.all(Array.from({ length: Math.min(options.jobs, jobs.length) }, takeOneAfterTheOther));
    progress.close();
  }

  async #analyse(job: Job, index: number, task: InputTask, progress: BatchProgress): Promise<void> {
    const partial = await this.#directory.partial(index);
    const done = await analyseToPartial(job, index, partial, task, progress).catch(async (error: unknown) => {
      await partial.discard();
      throw error;
    });
    // Frames that came before it was stopped are no whole result.
    if (task.signal.aborted) return partial.discard();
    await this.#directory.add(done.entry, partial, job.place);
    this.#entries.set(job.input, done.entry);
    progress.ended(index, done.line);
  }

  async #finish(run: string): Promise<number> {
    const { host, outDir, options, signal } = this.#task;
    const entries = this.#inputs.flatMap(
      ({ input }, index) => this.#entries.get(input) ?? this.#stale(input, index),
    );
    const isWhole = !signal.aborted;
    await this.#directory.finish(run, entries, isWhole ? summaryOf(entries, options) : null);
    const failed = entries.filter(({ error }) => error !== null).length;
    const { length: all } = this.#inputs;
    if (!isWhole) {
      this.#say(`stopped: ${this.#entries.size} of ${all} are done; --resume goes on.`);
      return INTERRUPTED;
    }
    const told = failed > 0 ? `, of which ${failed} failed` : '';
    host.stderr.write(
      `mien: ${all} input${all === 1 ? '' : 's'}${told}: ${outDir}${sep}${SUMMARY} has a row for each.\n`,
    );
    return failed > 0 ? BAD_INPUT : 0;
  }

  /** A result of a run before, which the next run may overwrite and must not trust. */
  #stale(input: string, index: number): ResultEntry[] {
    const output = this.#places[index]!;
    if (!this.#directory.isKnown(output)) return [];
    const nothing = {
      error: null,
      warnings: [],
      size: null,
      modified: null,
      bytes: null,
      sha256: null,
      tally: [],
    };
    return [{ input, output, ...nothing }];
  }

  #say(sentence: string): void {
    this.#task.host.stderr.write(`mien: ${sentence}\n`);
  }
}
