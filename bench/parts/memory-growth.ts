/**
 * What time adds to memory: a line through the readings (least squares), and the greatest growth over the level at the beginning.
 *
 * The limit is 36 MB an hour, which is 1 kB a moment. A moment of two faces takes several times
 * that in whatever form it is kept, so nothing that holds on to moments, or to half of one, stays below it. The greatest
 * growth over the level after the first tenth also holds what is not yet collected: three times as much. Of the heap,
 * which is collected every few seconds, the least of ten readings counts.
 */
import { type Result, spread } from '../harness.ts';
import { limited } from './results.ts';

/** Megabytes, at a time in hours (or in frames, of which 36,000 are an hour of video). */
export interface MemorySample {
  hours: number;
  server: number;
  ffmpeg: number;
  /** JavaScript's, of the server's main thread. */
  heap: number;
}

export interface MemorySeries {
  row: string;
  /** What adds to it: `an hour of video`. */
  per: string;
  samples: readonly MemorySample[];
}

type Part = 'server' | 'ffmpeg' | 'heap';

const SLOPE_LIMIT = 36;
const GROWTH_LIMIT = 3 * SLOPE_LIMIT;
const NAMES = { server: 'server', ffmpeg: 'ffmpeg', heap: 'JavaScript heap of its main thread' };

/** Megabytes an hour: the slope of the line with the least squared distance to the readings. */
export function slope({ row, per, samples }: MemorySeries, part: Part, note?: string): Result {
  const hours = samples.map((sample) => sample.hours);
  const megabytes = samples.map((sample) => sample[part]);
  const [x, y] = [mean(hours), mean(megabytes)];
  const products = hours.map((hour, i) => (hour - x) * (megabytes[i]! - y));
  const squares = hours.map((hour) => (hour - x) ** 2);
  const head = { row, case: `${NAMES[part]}, added by ${per}`, unit: 'MB' };
  return limited({ ...head, ...(note && { note }) }, [mean(products) / mean(squares)], SLOPE_LIMIT);
}

/** Of every ten readings the one with the smallest heap. */
export function floors(samples: readonly MemorySample[]): MemorySample[] {
  const tens = Array.from({ length: Math.ceil(samples.length / 10) }, (_, at) =>
    samples.slice(at * 10, at * 10 + 10),
  );
  return tens.map((ten) => ten.reduce((least, sample) => (sample.heap < least.heap ? sample : least)));
}

/** The highest reading over the level at the beginning, which is the median of the first tenth of the readings. */
export function growth({ row, samples }: MemorySeries, part: Part): Result {
  const megabytes = samples.map((sample) => sample[part]);
  const level = spread(megabytes.slice(0, Math.ceil(megabytes.length / 10))).median;
  const head = {
    row,
    case: `${NAMES[part]}, greatest growth`,
    unit: 'MB',
    note: `over ${level.toFixed(0)} MB`,
  };
  return limited(head, [Math.max(...megabytes) - level], GROWTH_LIMIT);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
