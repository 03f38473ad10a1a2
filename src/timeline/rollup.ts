/** Sums moments per second of media time and track; every aggregate is made from these rollups. */
import { EXPRESSIONS, type FaceReading } from '../domain/face.ts';
import { addDrops } from '../domain/frame.ts';
import type { Moment, Rollup } from '../domain/moment.ts';

/** The track number under which a rollup sums the whole picture. */
const WHOLE_PICTURE = 0;

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

function emptyRollup(sessionId: string, second: number, track: number): Rollup {
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
