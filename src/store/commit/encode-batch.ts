/**
 * A batch as the eleven parameters of one statement: flat arrays, which the statement takes apart by position. That costs a
 * tenth of one parameter per value.
 */
import { beganAt, newestEnd } from '../../domain/coverage.ts';
import { writerOf } from '../../domain/log-position.ts';
import type { Moment } from '../../domain/moment.ts';
import { quantise } from '../../domain/quantise.ts';
import { dropColumns, type RollUp } from '../sql/rollup-values.ts';
import type { Parameter } from '../sql/run-prepared.ts';
import { dayOf } from '../sql/utc-days.ts';
import { type Batch, type SessionEnd, sessionIdsOf } from './batch.ts';
import { encodeReadings } from './encode-readings.ts';
import { encodeRows, type SessionPosition } from './flat-rows.ts';
import { episodeRows, rollupRows, trackRows } from './upsert-rows.ts';

export interface EncodedBatch {
  sessionIds: string[];
  /** In the order of the statement's placeholders. */
  parameters: Parameter[];
}

export function encodeBatch(batch: Batch, rollUp: RollUp): EncodedBatch {
  const following = batch.appended.map(({ moment, previous }) => ({
    moment: quantise(moment),
    previous: previous && quantise(previous),
  }));
  const moments = following.map(({ moment }) => moment);
  const items = [...batch.appended, ...batch.ends];
  const positions = batch.appended.map(({ position }) => position);
  const sessionIds = sessionIdsOf(batch);
  const places = new Map(sessionIds.map((id, at) => [id, at + 1]));
  const positionOf: SessionPosition = (sessionId) => places.get(sessionId)!;
  const { ints, reals, actionUnits, landmarks } = encodeReadings(moments);
  return {
    sessionIds,
    parameters: [
      `{${sessionIds.join()}}`,
      encodeRows('double', sessionRows(moments, batch.ends, sessionIds)),
      encodeRows('double', momentRows(moments, positions, positionOf)),
      ...[ints, reals, actionUnits, landmarks],
      encodeRows('bigint', rollupRows(rollUp(following), positionOf)),
      encodeRows('double', trackRows(moments, positionOf)),
      encodeRows('double', episodeRows(items, positionOf)),
      encodeRows('double', writerRows(batch)),
    ],
  };
}

/**
 * Position, newest sequence number (-1: no moments), first and last day, frames dropped at the end, media time at which the
 * source began, to which the newest moment stands, and at which the source ended (NaN: not told).
 */
function sessionRows(
  moments: readonly Moment[],
  ends: readonly SessionEnd[],
  sessionIds: readonly string[],
): number[][] {
  const none = [...dropColumns({}), Number.POSITIVE_INFINITY, Number.NaN, Number.NaN];
  const rows = new Map(sessionIds.map((id, at) => [id, [at + 1, -1, 1e6, -1e6, ...none]]));
  for (const moment of moments) {
    const row = rows.get(moment.sessionId)!;
    const day = dayOf(moment.wallTime);
    row[2] = Math.min(row[2]!, day);
    row[3] = Math.max(row[3]!, day);
    row[8] = Math.min(row[8]!, beganAt(moment));
    if (moment.seq < row[1]!) continue;
    row[1] = moment.seq;
    row[9] = newestEnd(moment);
  }
  for (const { sessionId, dropped, end } of ends) {
    const row = rows.get(sessionId)!;
    row.splice(4, 4, ...dropColumns(dropped));
    row[10] = end ?? Number.NaN;
  }
  return [...rows.values()];
}

function momentRows(
  moments: readonly Moment[],
  positions: readonly number[],
  positionOf: SessionPosition,
): number[][] {
  return moments.map(({ sessionId, seq, mediaTime, wallTime, dropped, previousDuration, cut, loop }, at) => [
    positionOf(sessionId),
    seq,
    mediaTime,
    wallTime,
    ...dropColumns(dropped),
    previousDuration,
    cut ? 1 : 0,
    ...(loop ? [loop.pass, loop.sourceTime] : [Number.NaN, Number.NaN]),
    positions[at]!,
  ]);
}

/** Number, newest position, first and last day of the moments (NaN: none), of each writer that numbered some of the batch. */
function writerRows({ appended, ends }: Batch): number[][] {
  const rows = new Map<number, number[]>();
  const rowOf = (position: number) => {
    const id = writerOf(position);
    const row = rows.get(id) ?? [id, position, Number.NaN, Number.NaN];
    rows.set(id, row);
    row[1] = Math.max(row[1]!, position);
    return row;
  };
  for (const { position } of ends) rowOf(position);
  for (const { position, moment } of appended) {
    const row = rowOf(position);
    const day = dayOf(moment.wallTime);
    row[2] = Number.isNaN(row[2]) ? day : Math.min(row[2]!, day);
    row[3] = Number.isNaN(row[3]) ? day : Math.max(row[3]!, day);
  }
  return [...rows.values()];
}
