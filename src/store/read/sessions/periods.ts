/** Days and hours as they are in a time zone: days on which clocks are set have 23 or 25 hours. */
import { DateTime, IANAZone } from 'luxon';
import type { Period } from '../../../domain/sessions-aggregate.ts';
import { MienError } from '../../../errors.ts';

/** Gives the days or hours in which the first of two times lies, the second, and all between. */
export type PeriodsBetween = (from: number, to: number) => Period[];

/** @param timeZone of the IANA time zone database @throws MienError BAD_INPUT */
export function createPeriods(unit: 'DAY' | 'HOUR', timeZone: string): PeriodsBetween {
  const zone = zoneOf(timeZone);
  const startAt = (time: number) =>
    DateTime.fromMillis(time, { zone }).startOf(unit === 'DAY' ? 'day' : 'hour');
  // An hour is an hour, whatever clocks show; a day ends where the next date begins.
  const next = (start: DateTime) =>
    unit === 'DAY' ? start.plus({ days: 1 }).startOf('day') : start.plus({ hours: 1 });
  // Most sessions lie in the same one as the one before.
  let known: Period = { start: 0, end: 0 };
  return (from, to) => {
    if (known.start <= from && to < known.end) return [known];
    const periods: Period[] = [];
    let start: DateTime = startAt(from);
    do {
      const end = next(start);
      periods.push({ start: start.toMillis(), end: end.toMillis() });
      start = end;
    } while (start.toMillis() <= to);
    known = periods.at(-1)!;
    return periods;
  };
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
