/**
 * One stream's frames, in their order: searched where that is due, placed, scored, committed. Frames between two
 * searches do not depend on each other, so those that wait are placed ahead and scored together; when one of
 * them shows that the next should be searched, those behind it are placed again. So the readings are those that the
 * frames would have had one by one.
 */
import type { RawReading } from '../../domain/face.ts';
import type { Detection } from '../detection/detector.ts';
import type { Picture } from '../image/face-crop.ts';
import type { EnsembleCard } from '../runtime/model-card.ts';
import { type Ensemble, fiveOf, type Score } from '../scoring/ensemble.ts';
import { readingOf } from '../scoring/reading.ts';
import type { Placement, Sight, Tracker } from '../tracking/tracker.ts';

/** A stream's next frame. */
export interface Job {
  picture: Picture;
  /** Seconds. */
  mediaTime: number;
  /** `began`: when the first run for it did, in milliseconds. */
  answer(readings: RawReading[], began: number): void;
  fail(error: unknown): void;
}

/** A frame on its way. */
export interface Step {
  readonly job: Job;
  /** What the detector found in it; null: not known yet. */
  found: Detection[] | null;
  /** Whether the detector was asked. */
  asked: boolean;
  /** Its tracks drifted: it is searched whatever else is due. */
  drifted: boolean;
  pass: Pass | null;
  began: number;
}

/** One placing of a frame; a frame that is placed again forgets the scores of the pass before. */
interface Pass {
  searched: boolean;
  placements: Placement[];
  scores: Score[];
  /** Faces that have no score yet. */
  missing: number;
  failure: unknown;
}

export interface LineDeps {
  tracker: Tracker;
  ensemble: Ensemble;
  card: EnsembleCard;
  /** Asks the detector to fill in `found`. */
  search(step: Step): void;
}

export class Line {
  readonly #deps: LineDeps;
  readonly #waiting: Step[] = [];
  readonly #placed: Step[] = [];

  constructor(deps: LineDeps) {
    this.#deps = deps;
  }

  add(job: Job): void {
    const unknown = { found: null, asked: false, drifted: false, pass: null, began: Infinity };
    this.#waiting.push({ job, ...unknown });
  }

  /** Answers the frames that are scored, and places those that may be, until neither is possible. */
  advance(): void {
    do this.#settle();
    while (this.#place());
  }

  /** The frame will not be answered: its search or a run failed. */
  fail(step: Step, error: unknown): void {
    const at = this.#waiting.indexOf(step);
    if (at >= 0) this.#waiting.splice(at, 1);
    step.job.fail(error);
  }

  #settle(): void {
    for (let step = this.#placed[0]; step?.pass && step.pass.missing === 0; step = this.#placed[0]) {
      this.#placed.shift();
      this.#commit(step, step.pass);
      // A frame that is looked at again is not done: what it tells of the tracks is yet to come.
      if (this.#placed[0] !== step && this.#deps.tracker.inDoubt) this.#recall(this.#placed);
    }
  }

  #commit(step: Step, pass: Pass): void {
    const { searched, placements, scores, failure } = pass;
    const { tracker, card } = this.#deps;
    const { job } = step;
    if (failure !== null) {
      this.#recall(this.#placed);
      job.fail(failure);
      return;
    }
    const sights = scores.map(({ landmarks, quality }) => ({
      five: fiveOf(landmarks, card.input.size),
      quality,
    }));
    if (!searched && tracker.drifted(placements, sights)) {
      step.drifted = true;
      this.#recall([step, ...this.#placed]);
      return;
    }
    if (searched && this.#lookAgain(step, pass, sights)) return;
    const reported = tracker.commit(placements, sights, job.mediaTime);
    const readings = placements.flatMap((placement, i) =>
      reported[i] ? [readingOf(card, job.picture, placement, scores[i]!)] : [],
    );
    job.answer(
      readings.sort((p, q) => p.track - q.track),
      step.began,
    );
  }

  /** New faces are cut once more, by what was seen in their first crop. Whether there are any. */
  #lookAgain(step: Step, pass: Pass, sights: readonly Sight[]): boolean {
    const { tracker } = this.#deps;
    const better = pass.placements.map((placement, i) => tracker.lookAgain(placement, sights[i]!));
    if (better.every((placement) => placement === null)) return false;
    this.#recall(this.#placed);
    this.#placed.push(step);
    for (const [i, placement] of better.entries()) {
      if (!placement) continue;
      pass.placements[i] = placement;
      pass.missing++;
      this.#score(step, pass, i);
    }
    return true;
  }

  /** Back to waiting, to be placed again. */
  #recall(steps: readonly Step[]): void {
    for (const step of steps) step.pass = null;
    this.#waiting.unshift(...steps);
    this.#placed.length = 0;
  }

  /** Places the frames of which it is known where their faces are looked for. Whether there was one. */
  #place(): boolean {
    const { tracker } = this.#deps;
    const before = this.#placed.length;
    for (let step = this.#waiting[0]; step; step = this.#waiting[0]) {
      const ahead = this.#placed.map(({ job }) => job.mediaTime);
      // What these frames will tell of the tracks comes first.
      if (ahead.length > 0 && tracker.inDoubt) break;
      const due = step.drifted || tracker.wantsDetection(step.job.mediaTime, ahead);
      if (due && !step.asked) this.#deps.search(step);
      if (due && (ahead.length > 0 || !step.found)) break;
      this.#waiting.shift();
      this.#hand(step, due);
    }
    return this.#placed.length > before;
  }

  #hand(step: Step, searched: boolean): void {
    const { tracker } = this.#deps;
    try {
      const placements = searched ? tracker.place(step.found!, step.job.mediaTime) : tracker.carry();
      const pass: Pass = { searched, placements, scores: [], missing: placements.length, failure: null };
      for (const i of placements.keys()) this.#score(step, pass, i);
      step.pass = pass;
      this.#placed.push(step);
    } catch (error) {
      step.job.fail(error);
    }
  }

  /** Hands the pass's face number `i` to the ensemble. */
  #score(step: Step, pass: Pass, i: number): void {
    const { toCrop } = pass.placements[i]!;
    this.#deps.ensemble.add(
      { picture: step.job.picture, toCrop },
      {
        take(score, began) {
          pass.missing--;
          pass.scores[i] = score;
          step.began = Math.min(step.began, began);
        },
        fail(error) {
          pass.missing--;
          pass.failure = error;
        },
      },
    );
  }
}
