/**
 * A batch of moments as the ten parameters of one statement: flat arrays, which the statement takes apart by position.
 * That costs a tenth of one parameter per value.
 */
import type { DropCounts } from '../../domain/frame.ts';
import type { EpisodeEvent, Moment, Rollup } from '../../domain/moment.ts';
import { quantise } from '../../domain/quantise.ts';
import { dayOf } from '../upkeep/days.ts';
import { createArray, type NumberType } from './binary-arrays.ts';
import { type EncodedReadings, encodeReadings } from './encode-readings.ts';
import { dropsOf, episodeRows, rollupRows, trackRows } from './encode-sums.ts';
import type { Parameter, PositionOf } from './parameter-layout.ts';

export interface Entry {
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
export interface Batch extends EncodedReadings {
  sessionIds: string[];
  sessions: Parameter;
  moments: Parameter;
  rollups: Parameter;
  tracks: Parameter;
  episodes: Parameter;
}

export function encode({ entries, endings }: Work, rollUp: RollUp): Batch {
  const moments = entries.map(({ moment }) => quantise(moment));
  const events = [...entries, ...endings].flatMap((part) => part.events);
  const sessionIds = [...new Set([...moments, ...endings].map(({ sessionId }) => sessionId))];
  const index = new Map(sessionIds.map((id, position) => [id, position + 1]));
  const at: PositionOf = (sessionId) => index.get(sessionId)!;
  const packed = (type: NumberType, rows: readonly (readonly number[])[]): Parameter => {
    const array = createArray(
      type,
      rows.reduce((sum, row) => sum + row.length, 0),
    );
    for (const row of rows) for (const value of row) array.push(value);
    return array.parameter;
  };
  return {
    sessionIds,
    sessions: packed('double', sessionRows(moments, endings, sessionIds)),
    moments: packed('double', momentRows(moments, at)),
    ...encodeReadings(moments),
    rollups: packed('bigint', rollupRows(rollUp(moments), at)),
    tracks: packed('double', trackRows(moments, at)),
    episodes: packed('double', episodeRows(events, at)),
  };
}

/** Position, newest sequence number (-1: no moments), first and last day, frames dropped at the end. */
function sessionRows(
  moments: readonly Moment[],
  endings: readonly Ending[],
  sessionIds: readonly string[],
): number[][] {
  const rows = new Map(sessionIds.map((id, position) => [id, [position + 1, -1, 1e6, -1e6, 0, 0, 0]]));
  for (const { sessionId, seq, wallTime } of moments) {
    const row = rows.get(sessionId)!;
    const day = dayOf(wallTime);
    row[1] = Math.max(row[1]!, seq);
    row[2] = Math.min(row[2]!, day);
    row[3] = Math.max(row[3]!, day);
  }
  for (const { sessionId, dropped } of endings) rows.get(sessionId)!.splice(4, 3, ...dropsOf(dropped));
  return [...rows.values()];
}

function momentRows(moments: readonly Moment[], at: PositionOf): number[][] {
  return moments.map(({ sessionId, seq, mediaTime, wallTime, dropped }) => [
    at(sessionId),
    seq,
    mediaTime,
    wallTime,
    ...dropsOf(dropped),
  ]);
}
