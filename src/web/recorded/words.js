/** What a lane holds at a time, in words. */
import {
  count,
  EXPRESSIONS,
  expressionName,
  LOW_COVERAGE,
  percent,
  preciseClock,
  signed,
} from '../format.js';

/** @import { Sample } from '../chart/timeline.js' */
/** @import { Lane, Lanes, Scored } from './lanes.js' */

/** @param {Pick<Lane, 'track'>} lane */
export function laneName({ track }) {
  return track === null ? 'All faces' : `Track ${track}`;
}

/**
 * The one that a time lies in, or null.
 * @template {{ at: number, until: number }} T
 * @param {readonly T[]} samples in the order of time
 * @param {number} time
 * @returns {T | null}
 */
export function sampleAt(samples, time) {
  let [low, high] = [0, samples.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {T} */ (samples[middle]).at <= time) low = middle + 1;
    else high = middle;
  }
  const found = samples[low - 1];
  return found && time < found.until ? found : null;
}

/** The strongest first. @param {Sample} sample @param {number} most */
export function strongest({ probabilities }, most) {
  return probabilities
    .map((probability, index) => ({ expression: EXPRESSIONS[index] ?? null, probability }))
    .sort((one, other) => other.probability - one.probability)
    .slice(0, most);
}

/** @param {{ track: number | null, samples: readonly Sample[] }} lane @param {number} time @returns {string[]} */
export function laneLines(lane, time) {
  const sample = sampleAt(lane.samples, time);
  if (sample === null) return [lane.track === null ? 'No face' : 'Not seen'];
  const { abstained, valence, arousal } = sample;
  return [
    ...strongest(sample, 3).map(
      ({ expression, probability }) => `${expressionName(expression)} ${percent(probability)}`,
    ),
    `Valence ${signed(valence)}, arousal ${signed(arousal)}`,
    ...(abstained > 0 ? [`No label: ${percent(abstained)} of it`] : []),
  ];
}

/** @param {readonly Scored[]} scored @param {number} time @returns {string[]} what is amiss there */
export function scoredLines(scored, time) {
  const found = sampleAt(scored, time);
  if (found === null) return ['Nothing was scored here'];
  return [
    ...(found.coverage < LOW_COVERAGE ? [`Coverage ${percent(found.coverage)}`] : []),
    ...(found.dropped > 0 ? [`${count(found.dropped, 'frame')} dropped`] : []),
  ];
}

/** @param {Lanes} lanes @param {number} time in one sentence, for who cannot see the chart */
export function momentInWords({ lanes, scored }, time) {
  const named = lanes.slice(0, 3).map((lane) => `${laneName(lane)}: ${laneLines(lane, time).join(', ')}`);
  return [preciseClock(time), ...named, ...scoredLines(scored, time)].join('. ');
}
