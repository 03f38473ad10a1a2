/** Sums over sessions as a reader of the definitions would make them: from each reading and how long its moment stands. */

import { expect } from 'vitest';
import { EXPRESSIONS, type FaceReading } from '../../src/domain/face.ts';
import { DROP_REASONS } from '../../src/domain/frame.ts';
import { createEstimateOf, type Estimate } from '../../src/domain/mean-estimate.ts';
import type { Moment } from '../../src/domain/moment.ts';

/** A session as it was recorded. */
export interface Recorded {
  id: string;
  streamId: string;
  tags: Record<string, string>;
  moments: Moment[];
  /** In seconds of media time. */
  source: { start: number; end: number };
  /** Behind the last moment. */
  trailing: { busy: number };
}

/** A stretch of a session, in seconds, `to` excluded; several of one are trials of it. */
export interface Part {
  session: Recorded;
  from: number;
  to: number;
  /** Whether what was dropped behind the last moment belongs to it. */
  holdsEnd: boolean;
}

interface Plain {
  frames: number;
  dropped: Record<string, number>;
  readings: FaceReading[];
  covered: number;
  durations: number[];
  elapsed: number;
  trials: number;
}

function plainOf({ session, from, to, holdsEnd }: Part): Plain {
  const plain: Plain = {
    ...{ frames: 0, dropped: holdsEnd ? { ...session.trailing } : {}, readings: [], covered: 0 },
    durations: EXPRESSIONS.map(() => 0),
    elapsed: overlap({ from, to }, { from: session.source.start, to: session.source.end }),
    trials: 1,
  };
  for (const [at, moment] of session.moments.entries()) {
    const { mediaTime, previousDuration, untilEnd = Infinity, faces, dropped } = moment;
    const stands = session.moments[at + 1]?.previousDuration ?? Math.min(previousDuration, untilEnd);
    const time = overlap({ from, to }, { from: mediaTime, to: mediaTime + stands });
    plain.covered += time;
    for (const { expression } of faces)
      if (expression !== null) plain.durations[EXPRESSIONS.indexOf(expression)]! += time;
    if (mediaTime < from || mediaTime >= to) continue;
    plain.frames += 1;
    plain.readings.push(...faces);
    for (const reason of DROP_REASONS) {
      const lost = dropped[reason] ?? 0;
      if (lost > 0) plain.dropped[reason] = (plain.dropped[reason] ?? 0) + lost;
    }
  }
  return plain;
}

function overlap(a: { from: number; to: number }, b: { from: number; to: number }): number {
  return Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));
}

const near = (value: number | null) => (value === null ? null : expect.closeTo(value, 6));
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const meanOf = (values: readonly number[]) => (values.length === 0 ? null : total(values) / values.length);

/** What `aggregateSessions` tells of a group, or of a bucket of it, to be compared with it. */
export function expectedOf(parts: readonly Part[]) {
  const ids = [...new Set(parts.map(({ session }) => session.id))];
  const plains = ids.map((id) => together(parts.filter(({ session }) => session.id === id).map(plainOf)));
  const readings = plains.flatMap((plain) => plain.readings);
  const covered = total(plains.map((plain) => plain.covered));
  const elapsed = total(plains.map((plain) => plain.elapsed));
  return {
    frames: total(plains.map(({ frames }) => frames)),
    dropped: Object.fromEntries(
      DROP_REASONS.map((reason): [string, number] => [
        reason,
        total(plains.map(({ dropped }) => dropped[reason] ?? 0)),
      ]).filter(([, lost]) => lost > 0),
    ),
    readings: readings.length,
    abstained: readings.filter(({ expression }) => expression === null).length,
    labels: EXPRESSIONS.map((label) => readings.filter(({ expression }) => expression === label).length),
    probabilities:
      readings.length === 0
        ? null
        : EXPRESSIONS.map((_, at) => near(meanOf(readings.map(({ probabilities }) => probabilities[at]!)))),
    valence: near(meanOf(readings.map(({ valence }) => valence))),
    arousal: near(meanOf(readings.map(({ arousal }) => arousal))),
    quality: near(meanOf(readings.map(({ quality }) => quality.score))),
    durations: EXPRESSIONS.map((_, at) => near(total(plains.map(({ durations }) => durations[at]!)))),
    covered: near(covered),
    elapsed: near(elapsed),
    erased: 0,
    coverage: near(elapsed > 0 ? Math.min(1, covered / elapsed) : 0),
    sessions: plains.length,
    trials: parts.length,
    perSession: perSession(plains),
  };
}

/** The trials of a session. */
function together(trials: readonly Plain[]): Plain {
  const reasons = [...new Set(trials.flatMap(({ dropped }) => Object.keys(dropped)))];
  const lost = (reason: string) => total(trials.map(({ dropped }) => dropped[reason] ?? 0));
  return {
    frames: total(trials.map(({ frames }) => frames)),
    dropped: Object.fromEntries(reasons.map((reason) => [reason, lost(reason)])),
    readings: trials.flatMap(({ readings }) => readings),
    covered: total(trials.map(({ covered }) => covered)),
    durations: EXPRESSIONS.map((_, at) => total(trials.map(({ durations }) => durations[at]!))),
    elapsed: total(trials.map(({ elapsed }) => elapsed)),
    trials: trials.length,
  };
}

function perSession(plains: readonly Plain[]) {
  const seen = plains.filter(({ readings }) => readings.length > 0);
  const ofFaces = (value: (face: FaceReading) => number) =>
    estimate(seen.map(({ readings }) => meanOf(readings.map(value))!));
  const there = plains.filter(({ elapsed }) => elapsed > 0);
  return {
    coverage: estimate(there.map(({ covered, elapsed }) => Math.min(1, covered / elapsed))),
    shares: EXPRESSIONS.map((label) => ofFaces(({ expression }) => (expression === label ? 1 : 0))),
    durations: EXPRESSIONS.map((_, at) =>
      estimate(plains.map(({ durations, trials }) => durations[at]! / trials)),
    ),
    probabilities: EXPRESSIONS.map((_, at) => ofFaces(({ probabilities }) => probabilities[at]!)),
    valence: ofFaces(({ valence }) => valence),
    arousal: ofFaces(({ arousal }) => arousal),
    quality: ofFaces(({ quality }) => quality.score),
  };
}

/** `test/domain/mean-estimate.test.ts` is about how it is made. */
function estimate(values: readonly number[]) {
  const { n, mean, standardDeviation, interval }: Estimate = createEstimateOf()(values);
  return {
    ...{ n, mean: near(mean), standardDeviation: near(standardDeviation) },
    interval: interval && { low: near(interval.low), high: near(interval.high) },
  };
}
