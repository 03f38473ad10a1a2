/** Where sessions lie in time, and what of them was erased: one statement for all of them. */
import type { DropCounts } from '../../../domain/frame.ts';
import type { PrismaClient } from '../../generated/client.ts';
import { erasedRanges, type Range } from '../elapsed.ts';
import { TIMES } from './sql.ts';

export interface SessionTimes {
  /** Where its source began and ended, in seconds of media time; null without a moment. */
  source: Range | null;
  erased: readonly Range[];
  /** Frames that were dropped behind the last moment, so that they are in no rollup. */
  trailing: DropCounts;
  /** When its first and its last moment were, or it began without one, in milliseconds since the epoch. */
  wall: Range;
}

/** By their ids; sessions that are gone meanwhile are left out. */
export async function readTimes(
  prisma: PrismaClient,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SessionTimes>> {
  if (ids.length === 0) return new Map();
  const rows = await prisma.$queryRawUnsafe<TimesRow[]>(TIMES, `{${ids.join()}}`);
  return new Map(rows.map((row) => [row.id, toTimes(row)]));
}

interface TimesRow {
  id: string;
  start: number | null;
  end: number | null;
  erased: string | null;
  busy: number;
  worker: number;
  store: number;
  source: number;
  /** Seconds since the epoch. */
  firstAt: number;
  lastAt: number;
}

function toTimes(row: TimesRow): SessionTimes {
  const { start, end, erased, busy, worker, store, source, firstAt, lastAt } = row;
  return {
    source: start === null ? null : { start, end: Math.max(start, end ?? start) },
    erased: erasedRanges(erased),
    trailing: { busy, worker, store, source },
    wall: { start: firstAt * 1000, end: lastAt * 1000 },
  };
}
