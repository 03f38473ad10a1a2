/** Where sessions lie in time, and what of them was erased: one statement for all of them. */
import type { DropCounts } from '../../../domain/frame.ts';
import type { PrismaClient } from '../../generated/client.ts';
import { erasedRanges, type Range } from '../elapsed-less-erased.ts';
import { TIMES } from './session-sums-sql.ts';
import { MOST_WAITED_MS, readWallTimes } from './wall-times.ts';

export interface SessionTimes {
  /** Where its source began and ended, in seconds of media time; null without a moment. */
  source: Range | null;
  erased: readonly Range[];
  /** Frames that were dropped behind the last moment, so that they are in no rollup. */
  trailing: DropCounts;
  /** From its first moment to its last, or where it began without one, in milliseconds since the epoch; in order. */
  wall: readonly Range[];
}

/**
 * By their ids; sessions that are gone meanwhile are left out.
 * @param byWall whether it matters where they lie on the wall clock: of one whose clock was set, that takes another statement
 */
export async function readTimes(
  prisma: PrismaClient,
  ids: readonly string[],
  byWall: boolean,
): Promise<ReadonlyMap<string, SessionTimes>> {
  if (ids.length === 0) return new Map();
  const rows = await prisma.$queryRawUnsafe<TimesRow[]>(TIMES, `{${ids.join()}}`);
  const times = new Map(rows.map((row) => [row.id, toTimes(row)]));
  if (!byWall) return times;
  const set = [...times].flatMap(([id, own]) => (clockWasSet(own) ? [id] : []));
  for (const [id, wall] of await readWallTimes(prisma, set)) times.set(id, { ...times.get(id)!, wall });
  return times;
}

function clockWasSet({ source, wall: [first] }: SessionTimes): boolean {
  const lasted = source === null ? 0 : source.end - source.start;
  return first!.end - first!.start - lasted * 1000 > MOST_WAITED_MS;
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
    wall: [{ start: firstAt * 1000, end: lastAt * 1000 }],
  };
}
