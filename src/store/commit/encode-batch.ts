/**
 * A batch as the ten parameters of one statement: flat arrays, which the statement takes apart by position. That costs a
 * tenth of one parameter per value.
 */
import type { Moment, Rollup } from '../../domain/moment.ts';
import { quantise } from '../../domain/quantise.ts';
import { dayOf } from '../sql/days.ts';
import type { Parameter } from '../sql/parameters.ts';
import { type Batch, type SessionEnd, sessionIdsOf } from './batch.ts';
import { encodeReadings } from './encode-readings.ts';
import { dropColumns, episodeRows, rollupRows, trackRows } from './encode-sums.ts';
import { encodeRows, type SessionPosition } from './flat-rows.ts';

/** Sums moments per second of media time and track. */
export type RollUp = (moments: readonly Moment[]) => Rollup[];

export interface EncodedBatch {
  sessionIds: string[];
  /** In the order of the statement's placeholders. */
  parameters: Parameter[];
}

export function encodeBatch(batch: Batch, rollUp: RollUp): EncodedBatch {
  const moments = batch.appended.map(({ moment }) => quantise(moment));
  const events = [...batch.appended, ...batch.ends].flatMap((item) => item.events);
  const sessionIds = sessionIdsOf(batch);
  const positions = new Map(sessionIds.map((id, at) => [id, at + 1]));
  const positionOf: SessionPosition = (sessionId) => positions.get(sessionId)!;
  const { ints, reals, actionUnits, landmarks } = encodeReadings(moments);
  return {
    sessionIds,
    parameters: [
      `{${sessionIds.join()}}`,
      encodeRows('double', sessionRows(moments, batch.ends, sessionIds)),
      encodeRows('double', momentRows(moments, positionOf)),
      ...[ints, reals, actionUnits, landmarks],
      encodeRows('bigint', rollupRows(rollUp(moments), positionOf)),
      encodeRows('double', trackRows(moments, positionOf)),
      encodeRows('double', episodeRows(events, positionOf)),
    ],
  };
}

/** Position, newest sequence number (-1: no moments), first and last day, frames dropped at the end. */
function sessionRows(
  moments: readonly Moment[],
  ends: readonly SessionEnd[],
  sessionIds: readonly string[],
): number[][] {
  const rows = new Map(sessionIds.map((id, at) => [id, [at + 1, -1, 1e6, -1e6, 0, 0, 0]]));
  for (const { sessionId, seq, wallTime } of moments) {
    const row = rows.get(sessionId)!;
    const day = dayOf(wallTime);
    row[1] = Math.max(row[1]!, seq);
    row[2] = Math.min(row[2]!, day);
    row[3] = Math.max(row[3]!, day);
  }
  for (const { sessionId, dropped } of ends) rows.get(sessionId)!.splice(4, 3, ...dropColumns(dropped));
  return [...rows.values()];
}

function momentRows(moments: readonly Moment[], positionOf: SessionPosition): number[][] {
  return moments.map(({ sessionId, seq, mediaTime, wallTime, dropped }) => [
    positionOf(sessionId),
    seq,
    mediaTime,
    wallTime,
    ...dropColumns(dropped),
  ]);
}
