/** Sums moments per second of media time and track; every aggregate is made from these rollups. */
import { newestDuration } from '../domain/coverage.ts';
import { EXPRESSIONS, type FaceReading } from '../domain/face.ts';
import { addDrops } from '../domain/frame.ts';
import type { FollowingMoment, Moment, Rollup, RollupPlace } from '../domain/moment.ts';
import { MICROSECONDS } from '../domain/quantise.ts';

/** The track number under which a rollup sums the whole picture. */
const WHOLE_PICTURE = 0;

/** The rollup of a second and a track of one session; made where there is none. */
type RollupAt = (second: number, track: number) => Rollup;

/**
 * One rollup per session, second and track that occur, track 0 included, in that order. What a moment tells of the one before
 * it is told as a difference to what that was taken to stand for: so rollups of one session add up, however they are batched.
 * @param length of what takes the place of a second, in microseconds; such stretches are counted from 0
 */
export function rollUp(moments: readonly FollowingMoment[], length = MICROSECONDS): Rollup[] {
  const rollups = new Map<string, Rollup>();
  for (const { moment, previous } of moments) {
    const at: RollupAt = (second, track) => {
      const key = `${moment.sessionId}/${second}/${track}`;
      const rollup = rollups.get(key) ?? emptyRollup(moment.sessionId, second, track);
      rollups.set(key, rollup);
      return rollup;
    };
    addCounts(at, moment, length);
    addDurations(at, moment, previous, length);
  }
  return [...rollups.values()].sort(bySessionSecondTrack);
}

function emptyRollup(sessionId: string, second: number, track: number): Rollup {
  return {
    sessionId,
    second,
    track,
    frames: 0,
    dropped: {},
    covered: 0,
    durations: EXPRESSIONS.map(() => 0),
    readings: 0,
    abstained: 0,
    labels: EXPRESSIONS.map(() => 0),
    probabilities: EXPRESSIONS.map(() => 0),
    valence: 0,
    arousal: 0,
    quality: 0,
    place: null,
  };
}

function addCounts(at: RollupAt, moment: Moment, length: number): void {
  const second = Math.floor(microseconds(moment.mediaTime) / length);
  const whole = at(second, WHOLE_PICTURE);
  whole.place = joined(whole.frames > 0 ? whole.place : null, moment);
  whole.frames += 1;
  whole.dropped = addDrops(whole.dropped, moment.dropped);
  for (const face of moment.faces) {
    addReading(whole, face);
    const own = at(second, face.track);
    own.frames += 1;
    addReading(own, face);
  }
}

function addReading(rollup: Rollup, face: FaceReading): void {
  rollup.readings += 1;
  if (face.expression === null) rollup.abstained += 1;
  for (const [at, expression] of EXPRESSIONS.entries()) {
    if (face.expression === expression) rollup.labels[at]! += 1;
    rollup.probabilities[at]! += face.probabilities[at] ?? 0;
  }
  rollup.valence += face.valence;
  rollup.arousal += face.arousal;
  rollup.quality += face.quality.score;
}

/** The newest moment stands for as long as the one before it did, or to the recording's end; how long that really was, is known now. */
function addDurations(at: RollupAt, moment: Moment, previous: Moment | undefined, length: number): void {
  const add = (of: Moment, after: number, until: number, sign: 1 | -1) => {
    const begin = microseconds(of.mediaTime);
    const stretch = { from: begin + microseconds(after), to: begin + microseconds(until) };
    addStretch(at, of, stretch, { length, sign });
  };
  add(moment, 0, newestDuration(moment), 1);
  if (previous === undefined) return;
  const [taken, actual] = [newestDuration(previous), moment.previousDuration];
  if (actual > taken) add(previous, taken, actual, 1);
  else add(previous, actual, taken, -1);
}

/** Adds or takes away the time of a moment, in microseconds, shared out among the seconds that it lies in. */
function addStretch(
  at: RollupAt,
  moment: Moment,
  stretch: { from: number; to: number },
  { length, sign }: { length: number; sign: 1 | -1 },
): void {
  for (let { from } = stretch; from < stretch.to; ) {
    const second = Math.floor(from / length);
    const to = Math.min(stretch.to, (second + 1) * length);
    addTime(at, moment, second, sign * (to - from));
    from = to;
  }
}

function addTime(at: RollupAt, moment: Moment, second: number, time: number): void {
  const { faces } = moment;
  const whole = at(second, WHOLE_PICTURE);
  if (whole.frames === 0) whole.place = joined(whole.place, moment);
  whole.covered += time;
  for (const { track, expression } of faces) {
    const own = at(second, track);
    own.covered += time;
    if (expression === null) continue;
    const label = EXPRESSIONS.indexOf(expression);
    whole.durations[label]! += time;
    own.durations[label]! += time;
  }
}

function joined(place: RollupPlace | null, { seq, wallTime }: Moment): RollupPlace {
  return {
    firstSeq: Math.min(seq, place?.firstSeq ?? seq),
    startedAt: Math.min(wallTime, place?.startedAt ?? wallTime),
    endedAt: Math.max(wallTime, place?.endedAt ?? wallTime),
  };
}

function microseconds(seconds: number): number {
  return Math.round(seconds * MICROSECONDS);
}

function bySessionSecondTrack(a: Rollup, b: Rollup): number {
  if (a.sessionId !== b.sessionId) return a.sessionId < b.sessionId ? -1 : 1;
  return a.second - b.second || a.track - b.track;
}
