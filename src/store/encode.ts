/**
 * A batch of moments as the nine arguments of one statement: flat arrays, written as PostgreSQL array literals,
 * which the statement takes apart by position. That costs a tenth of one argument per value.
 */
import { EXPRESSIONS, type FaceReading, QUALITY_ISSUES } from '../domain/face.ts';
import type { DropCounts } from '../domain/frame.ts';
import type { Episode, EpisodeEvent, Moment, Rollup } from '../domain/moment.ts';
import { literal, type RealArray } from './arrays.ts';
import { FRACTION, LANDMARK } from './quantise.ts';

export interface Entry {
  /** Quantised. */
  moment: Moment;
  events: readonly EpisodeEvent[];
}

/** The end of a session, after its last moment. */
export interface Ending {
  sessionId: string;
  events: readonly EpisodeEvent[];
  /** Since the last moment. */
  dropped: DropCounts;
}

export interface Work {
  entries: Entry[];
  endings: Ending[];
}

export type RollUp = (moments: readonly Moment[]) => Rollup[];

/** Values per row of each flat array; commit.ts takes them apart by these. */
export const STRIDE = {
  session: 7,
  moment: 7,
  readingInts: 6,
  readingReals: 28,
  rollup: 29,
  track: 5,
  episode: 8,
};
/** Lengths of rollups in seconds, each a multiple of the one before: buckets of any usual length add up a few. */
export const SPANS = [1, 10, 60, 600, 3600] as const;
export const DAY_MS = 86_400_000;

export interface Batch {
  sessionIds: string[];
  /** Literals in the order of the statement's parameters; `landmarks` goes between as bytes. */
  sessions: string;
  moments: string;
  readingInts: string;
  readingReals: string | Uint8Array;
  actionUnits: string | Uint8Array;
  landmarks: Uint8Array;
  rollups: string;
  tracks: string;
  episodes: string;
}

export function encode({ entries, endings }: Work, rollUp: RollUp, realArray: RealArray): Batch {
  const moments = entries.map(({ moment }) => moment);
  const events = [...entries, ...endings].flatMap((part) => part.events);
  const sessionIds = [...new Set([...moments, ...endings].map(({ sessionId }) => sessionId))];
  const index = new Map(sessionIds.map((id, position) => [id, position + 1]));
  const at = (sessionId: string) => index.get(sessionId)!;
  return {
    sessionIds,
    sessions: literal(sessionRows(moments, endings, sessionIds)),
    moments: literal(momentRows(moments, at)),
    ...encodeReadings(moments, realArray),
    rollups: literal(rollupRows(rollUp(moments), at)),
    tracks: literal(trackRows(moments, at)),
    episodes: literal(episodeRows(events, at)),
  };
}

/** Day of a wall time (UTC), as days since the epoch. */
export function dayOf(wallTime: number): number {
  return Math.floor(wallTime / DAY_MS);
}

/** Position, newest sequence number (-1: no moments), first and last day, frames dropped at the end. */
function sessionRows(
  moments: readonly Moment[],
  endings: readonly Ending[],
  sessionIds: readonly string[],
): number[] {
  const rows = new Map(sessionIds.map((id, position) => [id, [position + 1, -1, 1e6, -1e6, 0, 0, 0]]));
  for (const { sessionId, seq, wallTime } of moments) {
    const row = rows.get(sessionId)!;
    const day = dayOf(wallTime);
    row[1] = Math.max(row[1]!, seq);
    row[2] = Math.min(row[2]!, day);
    row[3] = Math.max(row[3]!, day);
  }
  for (const { sessionId, dropped } of endings) rows.get(sessionId)!.splice(4, 3, ...dropsOf(dropped));
  return [...rows.values()].flat();
}

function dropsOf({ busy = 0, worker = 0, store = 0 }: DropCounts): number[] {
  return [busy, worker, store];
}

function momentRows(moments: readonly Moment[], at: (sessionId: string) => number): number[] {
  const rows: number[] = [];
  for (const { sessionId, seq, mediaTime, wallTime, dropped } of moments) {
    rows.push(at(sessionId), seq, mediaTime, wallTime, ...dropsOf(dropped));
  }
  return rows;
}

function encodeReadings(moments: readonly Moment[], realArray: RealArray) {
  const ints: number[] = [];
  const reals: number[] = [];
  const actionUnits: number[] = [];
  const points: number[] = [];
  moments.forEach(({ faces }, position) => {
    for (const face of faces) {
      pushReals(reals, face);
      for (const value of face.actionUnits) actionUnits.push(value);
      for (const { x, y } of face.landmarks) points.push(Math.round(x * LANDMARK), Math.round(y * LANDMARK));
      ints.push(
        position,
        face.track,
        expressionCode(face.expression),
        issueBits(face),
        actionUnits.length,
        points.length * 2,
      );
    }
  });
  return {
    readingInts: literal(ints),
    readingReals: realArray(reals),
    actionUnits: realArray(actionUnits),
    landmarks: new Uint8Array(Int16Array.from(points).buffer),
  };
}

/** In the order of the columns; one by one, since this runs for every face. */
function pushReals(reals: number[], face: FaceReading): void {
  const { box, pose } = face;
  reals.push(
    box.x,
    box.y,
    box.width,
    box.height,
    face.confidence,
    face.agreement,
    face.valence,
    face.arousal,
  );
  reals.push(pose.yaw, pose.pitch, pose.roll, face.quality.score);
  for (const value of face.probabilities) reals.push(value);
  for (const value of face.rawProbabilities) reals.push(value);
}

/** Position in the enum from 1; 0, which is outside, reads as null. */
function expressionCode(expression: FaceReading['expression']): number {
  return expression === null ? 0 : EXPRESSIONS.indexOf(expression) + 1;
}

function issueBits({ quality }: FaceReading): number {
  return quality.issues.reduce((bits, issue) => bits | (1 << QUALITY_ISSUES.indexOf(issue)), 0);
}

/** The seconds and, summed, the longer spans that they belong to. */
function rollupRows(rollups: readonly Rollup[], at: (sessionId: string) => number): number[] {
  const sums = new Map<string, number[]>();
  for (const rollup of rollups) {
    const values = rollupValues(rollup);
    for (const span of SPANS) {
      const second = Math.floor(rollup.second / span) * span;
      const key = `${rollup.sessionId} ${span} ${rollup.track} ${second}`;
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, [at(rollup.sessionId), span, rollup.track, second, ...values]);
      else for (const [position, value] of values.entries()) sum[position + 4]! += value;
    }
  }
  return [...sums.values()].flat();
}

function rollupValues({ frames, dropped, readings, abstained, labels, ...sums }: Rollup): number[] {
  const parts = [...sums.probabilities, sums.valence, sums.arousal, sums.quality];
  return [
    ...[frames, ...dropsOf(dropped), readings, abstained],
    ...labels,
    ...parts.map((sum) => Math.round(sum * FRACTION)),
  ];
}

function trackRows(moments: readonly Moment[], at: (sessionId: string) => number): number[] {
  const rows = new Map<string, number[]>();
  for (const { sessionId, mediaTime, faces } of moments) {
    for (const { track } of faces) {
      const row = rows.get(`${sessionId} ${track}`);
      if (row === undefined) {
        rows.set(`${sessionId} ${track}`, [at(sessionId), track, mediaTime, mediaTime, 1]);
      } else {
        row[2] = Math.min(row[2]!, mediaTime);
        row[3] = Math.max(row[3]!, mediaTime);
        row[4]! += 1;
      }
    }
  }
  return [...rows.values()].flat();
}

/** The newest state of each episode; an offset of NaN: it lasts. */
function episodeRows(events: readonly EpisodeEvent[], at: (sessionId: string) => number): number[] {
  const newest = new Map<string, Episode>();
  for (const { episode } of events) newest.set(`${episode.sessionId} ${episode.index}`, episode);
  return [...newest.values()].flatMap((episode) => [
    at(episode.sessionId),
    episode.index,
    episode.track,
    EXPRESSIONS.indexOf(episode.expression) + 1,
    episode.onset,
    episode.apex,
    episode.offset ?? Number.NaN,
    episode.peak,
  ]);
}
