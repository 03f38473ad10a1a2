/** What one input comes to, as a row of `summary.csv`. */

import type { SessionSummary } from '../../domain/aggregate.ts';
import { beganAt, coverageOf, newestEnd } from '../../domain/coverage.ts';
import { EXPRESSIONS } from '../../domain/face.ts';
import { addDrops, type DropCounts, type SourceInfo } from '../../domain/frame.ts';
import type { EpisodeEvent, Moment, Rollup } from '../../domain/moment.ts';
import { MICROSECONDS } from '../../domain/quantise.ts';
import type { SearchedFrame } from '../../sessions/index.ts';
import { SUMMARY_COLUMNS } from '../../tables/session-tables.ts';
import type { Cell } from '../../tables/table.ts';
import { rollUp } from '../../timeline/index.ts';

/** Behind input, output, error and warnings. */
export const TALLY_COLUMNS: readonly string[] = [
  ...['duration', 'width', 'height', 'framesWithFace', 'episodes'],
  ...SUMMARY_COLUMNS.map(({ name }) => name),
];

const WHOLE_PICTURE = 0;
/** More are noise of adding up. */
const DECIMALS = 6;

export class InputTally {
  #previous: Moment | undefined;
  #start = 0;
  #framesWithFace = 0;
  #episodes = 0;
  #smallestFace: number | null = null;
  readonly #tracks = new Set<number>();
  #sums: Rollup | null = null;

  add(
    moment: Moment,
    events: readonly EpisodeEvent[],
    { smallestFace }: Pick<SearchedFrame, 'smallestFace'>,
  ): void {
    if (this.#previous === undefined) this.#start = beganAt(moment);
    const rollups = rollUp([{ moment, previous: this.#previous }]);
    for (const rollup of rollups) if (rollup.track === WHOLE_PICTURE) this.#sums = sumOf(this.#sums, rollup);
    for (const { track } of moment.faces) this.#tracks.add(track);
    this.#framesWithFace += moment.faces.length > 0 ? 1 : 0;
    this.#episodes += events.filter(({ kind }) => kind === 'ONSET').length;
    this.#smallestFace = Math.max(this.#smallestFace ?? 0, smallestFace);
    this.#previous = moment;
  }

  get frames(): number {
    return this.#sums?.frames ?? 0;
  }

  /**
   * In the order of TALLY_COLUMNS.
   * @param info undefined: it was never opened
   * @param dropped frames that were not scored after the last moment
   */
  cells(info: SourceInfo | undefined, dropped: DropCounts): Cell[] {
    const summary = this.#summary(dropped);
    return [
      ...[info?.duration ?? null, info?.width ?? null, info?.height ?? null],
      ...(summary === null ? [null, null] : [this.#framesWithFace, this.#episodes]),
      ...SUMMARY_COLUMNS.map(({ value }) => (summary === null ? null : tidy(value(summary)))),
    ];
  }

  #summary(dropped: DropCounts): SessionSummary | null {
    const [sums, last] = [this.#sums, this.#previous];
    if (sums === null || last === undefined) return null;
    const { frames, readings, abstained, labels } = sums;
    const mean = (sum: number) => (readings === 0 ? null : sum / readings);
    const covered = sums.covered / MICROSECONDS;
    const elapsed = newestEnd(last) - this.#start;
    return {
      ...{
        start: this.#start,
        end: newestEnd(last),
        startedAt: null,
        endedAt: null,
        frames,
        readings,
        abstained,
        labels,
      },
      dropped: addDrops(sums.dropped, dropped),
      probabilities: readings === 0 ? null : sums.probabilities.map((sum) => sum / readings),
      ...{ valence: mean(sums.valence), arousal: mean(sums.arousal), quality: mean(sums.quality) },
      durations: sums.durations.map((time) => time / MICROSECONDS),
      ...{ covered, elapsed, erased: 0, coverage: coverageOf(covered, elapsed) },
      ...{ tracks: this.#tracks.size, smallestFace: this.#smallestFace },
    };
  }
}

function sumOf(one: Rollup | null, other: Rollup): Rollup {
  if (one === null) return other;
  const added = (name: 'labels' | 'probabilities' | 'durations') =>
    EXPRESSIONS.map((_, at) => (one[name][at] ?? 0) + (other[name][at] ?? 0));
  return {
    ...one,
    frames: one.frames + other.frames,
    dropped: addDrops(one.dropped, other.dropped),
    covered: one.covered + other.covered,
    durations: added('durations'),
    readings: one.readings + other.readings,
    abstained: one.abstained + other.abstained,
    labels: added('labels'),
    probabilities: added('probabilities'),
    valence: one.valence + other.valence,
    arousal: one.arousal + other.arousal,
    quality: one.quality + other.quality,
  };
}

function tidy(cell: Cell): Cell {
  return typeof cell === 'number' ? Number(cell.toFixed(DECIMALS)) : cell;
}
