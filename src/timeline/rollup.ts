/** Sums per second of media time, from which every aggregate is made; and how sums add up. */
import { EXPRESSIONS, type FaceReading } from '../domain/face.ts';
import { addDrops, totalDrops } from '../domain/frame.ts';
import type { Moment, Rollup } from '../domain/moment.ts';

/** The track number under which a rollup sums the whole picture. */
export const WHOLE_PICTURE = 0;

/** One rollup per session, second and track that occur, track 0 included, in that order. */
export function rollUp(moments: readonly Moment[]): Rollup[] {
  const rollups = new Map<string, Rollup>();
  const at = (moment: Moment, track: number): Rollup => {
    const second = Math.floor(moment.mediaTime);
    const key = `${moment.sessionId}/${second}/${track}`;
    const rollup = rollups.get(key) ?? emptyRollup(moment.sessionId, second, track);
    rollups.set(key, rollup);
    return rollup;
  };
  for (const moment of moments) {
    const whole = at(moment, WHOLE_PICTURE);
    whole.frames += 1;
    whole.dropped = addDrops(whole.dropped, moment.dropped);
    for (const face of moment.faces) {
      addReading(whole, face);
      const own = at(moment, face.track);
      own.frames += 1;
      addReading(own, face);
    }
  }
  return [...rollups.values()].sort(bySessionSecondTrack);
}

export function emptyRollup(sessionId: string, second: number, track: number): Rollup {
  return {
    sessionId,
    second,
    track,
    frames: 0,
    dropped: {},
    readings: 0,
    abstained: 0,
    labels: EXPRESSIONS.map(() => 0),
    probabilities: EXPRESSIONS.map(() => 0),
    valence: 0,
    arousal: 0,
    quality: 0,
  };
}

/** The sum of rollups of one session and track; its `second` is the first one's. Null for none. */
export function sumRollups(rollups: readonly Rollup[]): Rollup | null {
  const [first] = rollups;
  if (!first) return null;
  const sum = emptyRollup(first.sessionId, first.second, first.track);
  for (const rollup of rollups) addRollup(sum, rollup);
  return sum;
}

/** Adds the sums of `more` to `sum`, which keeps its session, second and track. */
export function addRollup(sum: Rollup, more: Rollup): void {
  sum.frames += more.frames;
  sum.dropped = addDrops(sum.dropped, more.dropped);
  sum.readings += more.readings;
  sum.abstained += more.abstained;
  sum.labels = sum.labels.map((value, at) => value + (more.labels[at] ?? 0));
  sum.probabilities = sum.probabilities.map((value, at) => value + (more.probabilities[at] ?? 0));
  sum.valence += more.valence;
  sum.arousal += more.arousal;
  sum.quality += more.quality;
}

/** Rollups of one session in buckets of `seconds` (whole, from media time 0), per track; empty buckets are left out. */
export function bucketRollups(rollups: readonly Rollup[], seconds: number): Rollup[] {
  const buckets = new Map<string, Rollup>();
  for (const rollup of rollups) {
    const start = Math.floor(rollup.second / seconds) * seconds;
    const key = `${start}/${rollup.track}`;
    const bucket = buckets.get(key) ?? emptyRollup(rollup.sessionId, start, rollup.track);
    addRollup(bucket, rollup);
    buckets.set(key, bucket);
  }
  return [...buckets.values()].sort(bySessionSecondTrack);
}

/**
 * How much of the stretch from `from` to `to` (seconds of media time) was looked at, 0 to 1: each second
 * counts by its share of frames that were scored, and one without any counts nothing, unless the frame rate is
 * so low that a frame speaks for more than a second.
 * @param rollups those of the whole picture (track 0), in the stretch
 */
export function coverage(rollups: readonly Rollup[], from: number, to: number, frameRate = 1): number {
  if (to <= from) return 0;
  const span = Math.max(1, 1 / frameRate);
  const seconds = rollups
    .filter((rollup) => rollup.track === WHOLE_PICTURE && rollup.frames > 0)
    .map(({ frames, dropped }) => (span * frames) / (frames + totalDrops(dropped)));
  return Math.min(1, seconds.reduce((sum, value) => sum + value, 0) / (to - from));
}

function addReading(rollup: Rollup, face: FaceReading): void {
  rollup.readings += 1;
  if (face.expression === null) rollup.abstained += 1;
  for (const [at, expression] of EXPRESSIONS.entries()) {
    if (face.expression === expression) rollup.labels[at] = (rollup.labels[at] ?? 0) + 1;
    rollup.probabilities[at] = (rollup.probabilities[at] ?? 0) + (face.probabilities[at] ?? 0);
  }
  rollup.valence += face.valence;
  rollup.arousal += face.arousal;
  rollup.quality += face.quality.score;
}

function bySessionSecondTrack(a: Rollup, b: Rollup): number {
  if (a.sessionId !== b.sessionId) return a.sessionId < b.sessionId ? -1 : 1;
  return a.second - b.second || a.track - b.track;
}
