/** What moments add to buckets whose edges lie within seconds. */
import { DROP_REASONS } from '../../domain/frame.ts';
import type { FollowingMoment, Rollup } from '../../domain/moment.ts';
import { addUp, type RollUp, rollupValues } from '../sql/rollup-values.ts';
import type { Range } from './elapsed-less-erased.ts';
import type { SumRow } from './sum-row.ts';

/** A stretch in whole buckets, by their numbers, `end` excluded, and the whole seconds that they touch. */
export interface FineStretch {
  buckets: Range;
  seconds: Range;
}

export interface Tally {
  frames: number;
  /** Microseconds that they stand for. */
  covered: number;
}

/** What moments add to the buckets of a stretch, and how much of its seconds was found. */
export class FineSums {
  readonly tally: Tally = { frames: 0, covered: 0 };
  readonly #rollUp: RollUp;
  readonly #stretch: FineStretch;
  readonly #bucketMs: number;
  /** By track, then by bucket. */
  readonly #sums = new Map<number, Map<number, number[]>>();

  constructor(rollUp: RollUp, stretch: FineStretch, bucketMs: number) {
    this.#rollUp = rollUp;
    this.#stretch = stretch;
    this.#bucketMs = bucketMs;
  }

  add(moments: readonly FollowingMoment[]): void {
    const { buckets, seconds } = this.#stretch;
    for (const { track, second, frames, covered } of this.#rollUp(moments)) {
      if (track !== WHOLE_PICTURE || second < seconds.start || second >= seconds.end) continue;
      this.tally.frames += frames;
      this.tally.covered += covered;
    }
    for (const rollup of this.#rollUp(moments, this.#bucketMs * 1000)) {
      if (rollup.second >= buckets.start && rollup.second < buckets.end) this.#keep(rollup);
    }
  }

  /** Those in which a moment stands, as a SumRow whose start nobody reads; what was dropped, and wall times, tells the picture. */
  *rows(track: number): Iterable<[bucket: number, row: SumRow]> {
    const ofPicture = this.#sums.get(WHOLE_PICTURE);
    const own = [...(this.#sums.get(track) ?? [])].sort(([a], [b]) => a - b);
    for (const [bucket, values] of own) {
      const [frames = 0, covered = 0] = [values[0], values[DROPPED.to]];
      const picture = ofPicture?.get(bucket);
      if (picture === undefined || (frames === 0 && covered === 0)) continue;
      const dropped = picture.slice(DROPPED.from, DROPPED.to);
      const [startedAt, endedAt] = picture.slice(-2);
      yield [bucket, [0, frames, ...dropped, ...values.slice(DROPPED.to, -PLACE), startedAt!, endedAt!]];
    }
  }

  #keep(rollup: Rollup): void {
    const ofTrack = this.#sums.get(rollup.track) ?? new Map<number, number[]>();
    this.#sums.set(rollup.track, ofTrack);
    const values = rollupValues(rollup);
    const known = ofTrack.get(rollup.second);
    if (known === undefined) ofTrack.set(rollup.second, values);
    else addUp(known, values, 0);
  }
}

const WHOLE_PICTURE = 0;
/** Where values tell of dropped frames, and of where they lie, at their end. */
const DROPPED = { from: 1, to: 1 + DROP_REASONS.length };
const PLACE = 3;
