/** The clock of a database that servers share, as one of them reads it. */
import { describe, expect, it } from 'vitest';
import { DatabaseClock } from '../../src/store/lease/database-clock.ts';
import { seeded } from '../helpers/memory-store.ts';

const HOUR_MS = 3_600_000;
const NOW = 1_800_000_000_000;

/** Three clocks: the database's, this machine's and one that nobody sets; a question takes `way` there and `back`. */
function openWorld(off = 0) {
  const world = { passed: 0, own: NOW + off, database: NOW };
  const log: { level: string; text: string; fields: object }[] = [];
  const note = (level: string) => (fields: object, text: string) => void log.push({ level, text, fields });
  const clock = new DatabaseClock({
    log: { info: note('info'), warn: note('warn') },
    own: () => world.own,
    elapsed: () => world.passed,
  });
  const pass = (milliseconds: number) => {
    world.passed += milliseconds;
    world.own += milliseconds;
    world.database += milliseconds;
  };
  return {
    ...{ world, log, clock, pass },
    ask(way: number, back = way) {
      const askedAt = world.passed;
      pass(way);
      const time = world.database;
      pass(back);
      clock.take({ askedAt, answeredAt: world.passed, time });
    },
  };
}

describe.each([
  ['ahead of', HOUR_MS],
  ['behind', -HOUR_MS],
])('on a machine an hour %s the database', (way, off) => {
  it('shows the time of the database, and says so once, with what both show', () => {
    const { clock, ask, pass, world, log } = openWorld(off);
    expect(clock.now()).toBe(world.own);
    for (let count = 0; count < 20; count++) {
      ask(2, 3);
      pass(1_000);
      expect(Math.abs(clock.now() - world.database)).toBeLessThanOrEqual(3);
    }
    expect(clock.offset).toBeCloseTo(-off / 1000, 2);
    expect(log).toHaveLength(1);
    expect(log[0]).toMatchObject({ level: 'warn' });
    expect(log[0]!.text).toContain(`is 3600.0 s ${way} that of the database`);
    for (const shown of [NOW + off, NOW])
      expect(log[0]!.text).toContain(new Date(shown).toISOString().slice(0, 19));
  });
});

it('of a machine whose clock is right, within half a second, the own clock counts', () => {
  const { clock, ask, world, log } = openWorld(450);
  for (let count = 0; count < 20; count++) ask(5);
  expect([clock.now(), log]).toEqual([world.own, []]);
  expect(clock.offset).toBeCloseTo(-0.45, 3);
});

it('what took long may be wrong by half of that, and is believed no further', () => {
  const { clock, ask, world, log } = openWorld(0);
  // All of the two seconds on the way back: in the middle of it the database would be a second ahead.
  ask(0, 2_000);
  expect([clock.now(), log]).toEqual([world.own, []]);
  ask(5);
  expect(clock.offset).toBeCloseTo(0, 3);
});

it('the sample that took least counts, of those that may be true', () => {
  const { clock, ask, pass, world } = openWorld(-HOUR_MS);
  const random = seeded(7);
  ask(1);
  for (let count = 0; count < 12; count++) {
    ask(random() * 500, random() * 500);
    pass(1_000);
    expect(Math.abs(clock.now() - world.database)).toBeLessThanOrEqual(1);
  }
});

it('a clock of this machine that is set is followed within half a second, and beyond that not for a moment', () => {
  const { clock, ask, pass, world } = openWorld();
  ask(2);
  world.own += HOUR_MS;
  expect(Math.abs(clock.now() - world.database)).toBeLessThanOrEqual(1);
  pass(500);
  expect(Math.abs(clock.now() - world.database)).toBeLessThanOrEqual(1);
  world.own -= HOUR_MS;
  expect(clock.now()).toBe(world.own);
});

it('a clock of the database that is set, and a machine that slept, are found out by the next sample', () => {
  const { clock, ask, world } = openWorld(-HOUR_MS);
  for (let count = 0; count < 5; count++) ask(2);
  world.database -= 600_000;
  ask(40);
  expect(Math.abs(clock.now() - world.database)).toBeLessThanOrEqual(40);
  world.database += 600_000;
  world.own += 600_000;
  ask(40);
  expect(Math.abs(clock.now() - world.database)).toBeLessThanOrEqual(40);
});

it('around half a second it is not now this clock, now that', () => {
  const { clock, ask, world, log } = openWorld(-520);
  ask(2);
  const first = clock.now();
  for (const off of [480, 510, 490, 505]) {
    world.own = world.database - off;
    ask(2);
    expect(clock.now()).toBeGreaterThanOrEqual(first);
    expect(Math.abs(clock.now() - world.database)).toBeLessThanOrEqual(2);
  }
  expect(log.map(({ level }) => level)).toEqual(['warn']);
  world.own = world.database - 100;
  expect(clock.now()).toBe(world.own);
  expect(log.map(({ level }) => level)).toEqual(['warn', 'info']);
});
