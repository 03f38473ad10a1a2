/** `mien analyze --out-dir`: a result for each input, as many at a time as asked for; one that fails stops no other. */
import { sep } from 'node:path';
import type { Ingest } from '../../ingest/index.ts';
import { formatOf } from '../../tables/analysis-format.ts';
import { BAD_INPUT, INTERRUPTED } from '../exit-codes.ts';
import {
  type AnalysisTask,
  checkFfmpeg,
  openScoring,
  openSources,
  prefetchFrom,
  type Scoring,
} from './analysis.ts';
import { analyseToPartial, type InputTask } from './analyze-to-partial.ts';
import { allAskedAfter, askedAfter, type Job, jobsOf, workOf } from './batch-jobs.ts';
import { BatchProgress } from './batch-progress.ts';
import { runOf } from './batch-run.ts';
import { summaryOf } from './batch-summary.ts';
import type { FoundInput } from './find-inputs.ts';
import type { InputPrefetch } from './input-prefetch.ts';
import { type ResultEntry, runText } from './manifest.ts';
import { overlapping } from './overlapping.ts';
import { openResultDirectory, type ResultDirectory } from './result-directory.ts';
import { SUMMARY } from './result-paths.ts';

export interface BatchTask extends AnalysisTask {
  outDir: string;
  /** mien's own. */
  version: string;
}

/** Gives the exit code. @throws MienError when models or the directory are at fault */
export async function analyzeBatch(found: readonly FoundInput[], task: BatchTask): Promise<number> {
  const { options, outDir } = task;
  const say = (sentence: string) => void task.host.stderr.write(`mien: ${sentence}\n`);
  const { resume, force } = options;
  const directory = await openResultDirectory({ path: outDir, resume, force, say });
  try {
    const jobs = await jobsOf(found, outDir, directory.known, `.${formatOf(options)}`);
    await directory.claim(jobs.map(({ place }) => place));
    return await new Batch(jobs, directory, task, say).run();
  } finally {
    await directory.close();
  }
}

class Batch {
  readonly #all: readonly Job[];
  readonly #directory: ResultDirectory;
  readonly #task: BatchTask;
  readonly #ingest: Ingest;
  readonly #say: (sentence: string) => void;
  /** By place: what is done of it, or cannot be. */
  readonly #entries = new Map<string, ResultEntry>();
  /** What ends all of it: a disk that is full, or a fault of mien's. */
  #failure: unknown = null;
  readonly #stop = new AbortController();

  constructor(
    all: readonly Job[],
    directory: ResultDirectory,
    task: BatchTask,
    say: (sentence: string) => void,
  ) {
    this.#all = all;
    this.#directory = directory;
    this.#say = say;
    const signal = AbortSignal.any([task.signal, this.#stop.signal, directory.lost]);
    this.#task = { ...task, signal };
    this.#ingest = openSources(this.#task);
  }

  async run(): Promise<number> {
    const ingest = this.#ingest;
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
      await this.#begin(run);
      const jobs = await this.#choose();
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

  async #begin(run: string): Promise<void> {
    const others = () => this.#directory.others(this.#all.map(({ before }) => before));
    const before = (await others()).length;
    await this.#directory.begin(run);
    const forgotten = before - (await others()).length;
    if (forgotten > 0)
      this.#say(`${forgotten} of other inputs were made otherwise: they stay, and have no row any more.`);
  }

  /** What is left to be analysed; of the others the results are kept. */
  async #choose(): Promise<Job[]> {
    const jobs: Job[] = [];
    const faults: string[] = [];
    for (const job of await allAskedAfter(this.#all, this.#ingest, this.#task.signal)) {
      const { before, place } = job;
      const isKept = before !== null && (await this.#directory.isKept(before, place, job));
      const fault = isKept ? null : await this.#directory.fault(place);
      if (isKept) this.#entries.set(place, { ...before, path: job.path, error: null });
      else if (fault === null) jobs.push(job);
      else {
        this.#entries.set(place, { ...(before ?? nothingOf(job)), error: fault });
        faults.push(fault);
      }
    }
    const kept = this.#entries.size - faults.length;
    if (this.#task.options.resume)
      this.#say(`${kept} of ${this.#all.length} are there already, and are kept.`);
    for (const fault of faults) this.#say(fault);
    return jobs;
  }

  async #analyseAll(jobs: readonly Job[], scoring: Scoring, prefetch: InputPrefetch): Promise<void> {
    const { host, options, signal } = this.#task;
    const size = { all: this.#all.length, kept: this.#entries.size, work: workOf(jobs) };
    const progress = new BatchProgress(host.stderr, size);
    const task = { ...this.#task, scoring, prefetch };
    const analyse = (index: number, handedOver: () => void, turn: Promise<unknown>) =>
      this.#orStop(() => this.#analyse(jobs[index]!, index, { ...task, handedOver, turn }, progress));
    prefetch.openAhead();
    await overlapping(jobs.length, options.jobs, analyse, () => signal.aborted);
    progress.close();
  }

  /** Puts its result in its place, unless it was stopped. */
  async #analyse(job: Job, index: number, task: InputTask, progress: BatchProgress): Promise<void> {
    const partial = await this.#directory.partial(index);
    const now = await askedAfter(job, this.#ingest, task.signal);
    const done = await analyseToPartial(now, index, partial, task, progress).catch(async (error: unknown) => {
      await partial.discard();
      throw error;
    });
    // The disk is waited for while the next input is analysed.
    task.handedOver();
    await task.turn;
    // Frames that came before it was stopped are no whole result.
    if (task.signal.aborted) return partial.discard();
    const entry = await this.#directory.add(done.entry, partial, job);
    this.#entries.set(job.place, entry);
    progress.ended(index, entry.error ?? done.line);
  }

  /** What goes wrong ends all of it. */
  async #orStop(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#task.signal.aborted) this.#failure ??= error;
      this.#stop.abort();
    }
  }

  async #finish(run: string): Promise<number> {
    const { outDir, options, signal } = this.#task;
    const { length: all } = this.#all;
    if (signal.aborted) {
      this.#say(`stopped: ${this.#entries.size} of ${all} are done; --resume goes on.`);
      return INTERRUPTED;
    }
    const named = this.#all.map(({ place }) => this.#entries.get(place)!);
    const others = await this.#directory.others(this.#all.map(({ before }) => before));
    const entries = [...others, ...named];
    const fault = await this.#directory.finish(run, entries, summaryOf(entries, options));
    if (fault !== null) this.#say(fault);
    const failed = named.filter(({ error }) => error !== null).length;
    const ofThem = failed > 0 ? `, of which ${failed} failed` : '';
    const before = others.length > 0 ? `, and for ${others.length} analysed before` : '';
    this.#say(
      `${all} input${all === 1 ? '' : 's'}${ofThem}: ${outDir}${sep}${SUMMARY} has a row for each${before}.`,
    );
    return failed > 0 || fault !== null ? BAD_INPUT : 0;
  }
}

function nothingOf({ input, path }: Job): ResultEntry {
  const unknown = { size: null, modified: null, etag: null, bytes: null, sha256: null };
  return { input, path, output: null, error: null, warnings: [], ...unknown, whole: false, tally: [] };
}
