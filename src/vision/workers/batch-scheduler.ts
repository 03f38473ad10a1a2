/**
 * What the models do next. Crops are cut while a run is in hand, and all that are cut by its end run together;
 * searches are asked for as soon as it is known that they are due, and run while the frames before are scored.
 */

import type { Detector } from '../detection/detector.ts';
import type { EnsembleCard } from '../runtime/model-card.ts';
import type { Ensemble } from '../scoring/ensemble.ts';
import type { Tracker } from '../tracking/tracker.ts';
import { type Job, Line, type Step } from './stream-queue.ts';

export interface ScheduleDeps {
  detector: Detector;
  ensemble: Ensemble;
  card: EnsembleCard;
  /** Runs that may be in hand at a time. */
  lanes: number;
  /** Faces in one run of the ensemble. */
  maxBatch: number;
  /** A run is over: so many pictures were searched, or faces scored. */
  onRun(model: 'detector' | 'ensemble', count: number): void;
  /** Frames were answered, or may have been. */
  onAnswers(): void;
}

/** Pictures of one search: more in one run would bring nothing, and let the faces wait. */
const MAX_SEARCHED = 8;
/**
 * Faces of a run that leaves as many to the next thread. A run's beginning costs as much as a face: so split, eight took a
 * tenth more processor time than in one run, and half as long.
 */
const LEAST_SHARE = 4;

export class Schedule {
  readonly #deps: ScheduleDeps;
  readonly #lines = new Map<number, Line>();
  #searches: { line: Line; step: Step }[] = [];
  #running = 0;
  #searchedLast = false;
  #woken = false;

  constructor(deps: ScheduleDeps) {
    this.#deps = deps;
  }

  open(stream: number, tracker: Tracker): void {
    const { ensemble, card } = this.#deps;
    const search = (step: Step) => {
      step.asked = true;
      this.#searches.push({ line, step });
    };
    const line: Line = new Line({ tracker, ensemble, card, search });
    this.#lines.set(stream, line);
  }

  close(stream: number): void {
    this.#lines.delete(stream);
    this.#searches = this.#searches.filter(({ line }) => [...this.#lines.values()].includes(line));
  }

  add(stream: number, job: Job): void {
    this.#lines.get(stream)?.add(job);
    this.#wake();
  }

  /** Messages that wait come in first: without that, two streams would be scored in turns instead of together. */
  #wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    setImmediate(() => {
      this.#woken = false;
      for (const line of this.#lines.values()) line.advance();
      this.#start();
      this.#deps.onAnswers();
    });
  }

  /** Begins what may be run. A full run needs not wait for others, and is handed over while all threads are busy. */
  #start(): void {
    const { ensemble, lanes, maxBatch } = this.#deps;
    for (;;) {
      const { waiting } = ensemble;
      const most = this.#share(waiting);
      const full = waiting >= (lanes === 1 ? maxBatch : Math.max(most, LEAST_SHARE));
      if (this.#running >= (full ? lanes + 1 : lanes)) return;
      const search = this.#searches.length > 0 && !(waiting > 0 && this.#searchedLast);
      if (search) void this.#run('detector', this.#search());
      else if (waiting > 0) void this.#run('ensemble', ensemble.run(most));
      else return;
    }
  }

  /** Faces that the next run takes: a thread's share. The fewer are left the smaller it is, so that the threads end together. */
  #share(waiting: number): number {
    const { lanes, maxBatch } = this.#deps;
    return Math.min(maxBatch, waiting < 2 * LEAST_SHARE ? waiting : Math.ceil(waiting / lanes));
  }

  async #run(model: 'detector' | 'ensemble', work: Promise<number>): Promise<void> {
    this.#running++;
    this.#searchedLast = model === 'detector';
    const count = await work;
    this.#running--;
    this.#deps.onRun(model, count);
    // What is cut already does not wait until we have read the answers.
    this.#start();
    this.#wake();
  }

  /** Searches the pictures that wait. When they fail together, they are tried one by one. */
  async #search(): Promise<number> {
    const chosen = this.#searches.splice(0, MAX_SEARCHED);
    const began = performance.now();
    const detect = async (some: typeof chosen) => {
      const found = await this.#deps.detector.detect(some.map(({ step }) => step.job.picture));
      some.forEach(({ step }, i) => {
        step.found = found[i]!;
        step.began = Math.min(step.began, began);
      });
    };
    const alone = async (one: (typeof chosen)[number]) =>
      detect([one]).catch((error: unknown) => one.line.fail(one.step, error));
    await detect(chosen).catch(async () => {
      for (const one of chosen) await alone(one);
    });
    return chosen.length;
  }
}
