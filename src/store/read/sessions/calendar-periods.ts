/**
 * Days and hours as they are in a time zone, one grid of them, whichever time is asked about first. A day begins at its first midnight, so
 * that those on which clocks are set have 23 or 25 hours; an hour is an hour, but where clocks move by a part of one, and it ends there.
 */
import { DateTime, IANAZone } from 'luxon';
import type { Period } from '../../../domain/sessions-aggregate.ts';
import { MienError } from '../../../errors.ts';

/** Gives the days or hours in which the first of two times lies, the second, and all between. */
export type PeriodsBetween = (from: number, to: number) => Period[];

/** @param timeZone of the IANA time zone database @throws MienError BAD_INPUT */
export function createPeriods(unit: 'DAY' | 'HOUR', timeZone: string): PeriodsBetween {
  const zone = zoneOf(timeZone);
  const periodAt = unit === 'DAY' ? dayAt : hourAt;
  // Most sessions lie in the same one as the one before.
  let known: Period = { start: 0, end: 0 };
  return (from, to) => {
    if (known.start <= from && to < known.end) return [known];
    const periods: Period[] = [];
    for (let at = from; at <= to; at = periods.at(-1)!.end) periods.push(periodAt(at, zone));
    known = periods.at(-1)!;
    return periods;
  };
}

function dayAt(time: number, zone: IANAZone): Period {
  const day = DateTime.fromMillis(time, { zone });
  const [start, end] = [firstMidnight(day), firstMidnight(day.plus({ days: 1 }))];
  // Clocks that are set back behind midnight show the day before again, in the day that has begun.
  return time < end ? { start, end } : dayAt(time + HOUR, zone);
}

/** Where clocks are set back over it, there are two. */
function firstMidnight(day: DateTime): number {
  return Math.min(
    ...day
      .startOf('day')
      .getPossibleOffsets()
      .map((one) => one.toMillis()),
  );
}

const HOUR = 3_600_000;
const MINUTE = 60_000;

function hourAt(time: number, zone: IANAZone): Period {
  const offset = (at: number) => zone.offset(at) * MINUTE;
  const begin = Math.floor((time + offset(time)) / HOUR) * HOUR - offset(time);
  const isShifted = (at: number) => (offset(at) - offset(time)) % HOUR !== 0;
  return {
    start: isShifted(begin) ? firstWhere((at) => !isShifted(at), begin, time) : begin,
    end: isShifted(begin + HOUR - 1) ? firstWhere(isShifted, time, begin + HOUR) : begin + HOUR,
  };
}

/** The first millisecond behind one for which something holds, up to another, from which on it does. By halves. */
function firstWhere(holds: (at: number) => boolean, behind: number, upTo: number): number {
  let [low, high] = [behind, upTo];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** @throws MienError BAD_INPUT */
export function assertTimeZone(timeZone: string): void {
  zoneOf(timeZone);
}

function zoneOf(timeZone: string): IANAZone {
  if (timeZone.length < 100 && IANAZone.isValidZone(timeZone)) return IANAZone.create(timeZone);
  throw new MienError(
    'BAD_INPUT',
    `There is no time zone ${JSON.stringify(timeZone.slice(0, 100))}: take a name of the IANA time zone database, as \`Europe/Berlin\` or \`UTC\`.`,
  );
}
