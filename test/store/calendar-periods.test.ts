import { describe, expect, it } from 'vitest';
import { createPeriods } from '../../src/store/read/sessions/calendar-periods.ts';

const hours = ({ start, end }: { start: number; end: number }) => (end - start) / 3_600_000;
const iso = (time: number) => new Date(time).toISOString();
const days = createPeriods('DAY', 'Europe/Berlin');

describe('periods', () => {
  it('a day on which clocks go forward has 23 hours, one on which they go back 25', () => {
    const spring = days(Date.parse('2026-03-28T12:00Z'), Date.parse('2026-03-30T12:00Z'));
    expect(spring.map(({ start }) => iso(start))).toEqual([
      '2026-03-27T23:00:00.000Z',
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ]);
    expect(spring.map(hours)).toEqual([24, 23, 24]);
    expect(days(Date.parse('2026-10-25T00:00Z'), Date.parse('2026-10-25T22:59Z')).map(hours)).toEqual([25]);
  });

  it('hours are as long as hours are, also where one is shown twice', () => {
    const between = createPeriods('HOUR', 'Europe/Berlin');
    const autumn = between(Date.parse('2026-10-25T00:30Z'), Date.parse('2026-10-25T02:30Z'));
    expect(autumn.map(({ start }) => iso(start))).toEqual([
      '2026-10-25T00:00:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T02:00:00.000Z',
    ]);
    const kolkata = createPeriods('HOUR', 'Asia/Kolkata')(
      Date.parse('2026-01-01T00:00Z'),
      Date.parse('2026-01-01T00:00Z'),
    );
    expect(kolkata.map(({ start }) => iso(start))).toEqual(['2025-12-31T23:30:00.000Z']);
  });

  it('days follow each other without a gap, in whatever zone', () => {
    for (const zone of [
      'UTC',
      'Europe/Berlin',
      'America/St_Johns',
      'Africa/Cairo',
      'Australia/Lord_Howe',
      'Pacific/Apia',
    ]) {
      const year = createPeriods('DAY', zone)(
        Date.parse('2011-01-01T00:00Z'),
        Date.parse('2012-01-01T00:00Z'),
      );
      expect(year.slice(1).map(({ start }) => start)).toEqual(year.slice(0, -1).map(({ end }) => end));
      expect(year.filter((day) => ![23, 23.5, 24, 24.5, 25].includes(hours(day)))).toEqual([]);
    }
  });

  it.each([
    ['DAY', 'Atlantic/Azores', '2026-10-24T22:00Z', '2026-10-26T02:00Z'],
    ['DAY', 'America/Havana', '2026-10-31T22:00Z', '2026-11-02T06:00Z'],
    ['DAY', 'America/St_Johns', '2010-11-06T12:00Z', '2010-11-08T12:00Z'],
    ['DAY', 'America/Sao_Paulo', '2018-02-17T00:00Z', '2018-02-19T12:00Z'],
    ['DAY', 'America/Sao_Paulo', '2018-11-03T00:00Z', '2018-11-05T12:00Z'],
    ['HOUR', 'Australia/Lord_Howe', '2026-04-04T12:00Z', '2026-04-04T18:00Z'],
    ['HOUR', 'Australia/Lord_Howe', '2026-10-03T12:00Z', '2026-10-03T18:00Z'],
    ['HOUR', 'Asia/Pyongyang', '2018-05-04T12:00Z', '2018-05-04T18:00Z'],
    ['HOUR', 'America/Caracas', '2016-05-01T04:00Z', '2016-05-01T10:00Z'],
    ['HOUR', 'America/St_Johns', '2010-11-07T00:00Z', '2010-11-07T06:00Z'],
  ] as const)('%s in %s is one grid, whichever time is asked about first', (unit, zone, from, to) => {
    const [first, last] = [Date.parse(from), Date.parse(to)];
    const all = createPeriods(unit, zone)(first, last);
    const step = (unit === 'DAY' ? 30 : 5) * 60_000;
    for (let at = first; at <= last; at += step) {
      const around = all.filter(({ start, end }) => start <= at && at < end);
      expect(createPeriods(unit, zone)(at, at)).toEqual(around);
    }
  });

  it('a day begins at the first of two midnights, and an hour ends where clocks move by half of one', () => {
    const azores = createPeriods('DAY', 'Atlantic/Azores');
    const noon = Date.parse('2026-10-25T12:00Z');
    expect(azores(noon, noon).map(({ start, end }) => [iso(start), iso(end)])).toEqual([
      ['2026-10-25T00:00:00.000Z', '2026-10-26T01:00:00.000Z'],
    ]);
    const lordHowe = createPeriods('HOUR', 'Australia/Lord_Howe');
    const hoursThere = lordHowe(Date.parse('2026-04-04T14:00Z'), Date.parse('2026-04-04T15:59Z'));
    expect(hoursThere.map(({ start, end }) => [iso(start), iso(end)])).toEqual([
      ['2026-04-04T14:00:00.000Z', '2026-04-04T15:00:00.000Z'],
      ['2026-04-04T15:00:00.000Z', '2026-04-04T15:30:00.000Z'],
      ['2026-04-04T15:30:00.000Z', '2026-04-04T16:30:00.000Z'],
    ]);
  });

  it('a border belongs to the period that begins there', () => {
    const midnight = Date.parse('2026-06-01T22:00Z');
    expect(days(midnight, midnight).map(({ start }) => start)).toEqual([midnight]);
    expect(days(midnight - 1, midnight)).toHaveLength(2);
  });

  it.each(['Mars/Olympus', '', 'local', `Europe/${'x'.repeat(1000)}`])(
    'the time zone %j is refused',
    (zone) => {
      expect(() => createPeriods('DAY', zone)).toThrow(
        expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringContaining('`Europe/Berlin`') }),
      );
    },
  );
});
