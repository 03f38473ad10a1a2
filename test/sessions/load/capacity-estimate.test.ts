import { expect, it } from 'vitest';
import { CapacityEstimate, type Second } from '../../../src/sessions/load/capacity-estimate.ts';

function after(seconds: number, second: Second, modelRate: number | null = 100): number | null {
  const estimate = new CapacityEstimate(modelRate);
  for (let i = 0; i < seconds; i++) estimate.note(second);
  return estimate.framesPerSecond;
}

it('before anything is scored, it is what the models do, less what is around them; unknown where that was not measured', () => {
  expect(after(0, { scored: 0, busy: 0, isFull: false })).toBe(60);
  expect(after(60, { scored: 0, busy: 0, isFull: false })).toBe(60);
  expect(after(60, { scored: 0, busy: 0, isFull: false }, null)).toBeNull();
});

it('on a full machine it is what is scored, within seconds', () => {
  expect(after(15, { scored: 40, busy: 0.9, isFull: true })).toBeCloseTo(40, -1);
  expect(after(15, { scored: 40, busy: 0.9, isFull: true }, null)).toBe(40);
});

it('while the models have time to spare, it is what they would do in all of it, within minutes', () => {
  const half: Second = { scored: 20, busy: 0.3, isFull: false };
  expect(after(300, half)).toBeCloseTo(40, 0);
  expect(after(10, half)).toBeGreaterThan(50);
});

it('with little to do, nothing can be told', () => {
  expect(after(3600, { scored: 1, busy: 0.05, isFull: false })).toBe(60);
});

it('what was scored in a second can be scored', () => {
  expect(after(1, { scored: 120, busy: 0.05, isFull: false })).toBe(120);
});

it('a moment in which frames were lost with time to spare does not make a full machine; losses that go on do', () => {
  const estimate = new CapacityEstimate(100);
  for (let i = 0; i < 20; i++) {
    estimate.note({ scored: 9, busy: 0.05, isFull: i % 5 === 0 });
    expect(estimate.framesPerSecond).toBe(60);
  }
  for (let i = 0; i < 30; i++) estimate.note({ scored: 9, busy: 0.05, isFull: true });
  expect(estimate.framesPerSecond).toBeLessThan(10);
});

it('a machine whose models never have all the time is known by that after it was full', () => {
  const estimate = new CapacityEstimate(100);
  for (let i = 0; i < 60; i++) estimate.note({ scored: 50, busy: 0.5, isFull: true });
  for (let i = 0; i < 300; i++) estimate.note({ scored: 25, busy: 0.25, isFull: false });
  expect(estimate.framesPerSecond).toBeCloseTo(50, 0);
});

it('a second in which nothing was scored tells nothing, also on a full machine', () => {
  const estimate = new CapacityEstimate(100);
  for (let i = 0; i < 60; i++) estimate.note({ scored: 0, busy: 1, isFull: true });
  expect(estimate.framesPerSecond).toBe(60);
});

it('the third second of losses with time to spare in a row is believed, and one with half of the time at once', () => {
  const estimate = new CapacityEstimate(100);
  const idle = { scored: 9, busy: 0.49, isFull: true };
  for (let i = 0; i < 2; i++) estimate.note(idle);
  expect(estimate.framesPerSecond).toBe(60);
  estimate.note(idle);
  expect(estimate.framesPerSecond).toBeLessThan(60);
  expect(after(1, { scored: 9, busy: 0.5, isFull: true })).toBeLessThan(60);
});

it('on a full machine a second takes a fifth of the difference, exponentially', () => {
  // 60, and 1 - exp(-1 / 5) of the way to 20.
  expect(after(1, { scored: 20, busy: 0.9, isFull: true })).toBeCloseTo(60 - 40 * 0.18127, 3);
});

it('the busier the models, the sooner it follows: half as busy as a full machine in a minute, all of it in a quarter of one', () => {
  // Of 60 toward 40, 1 - exp(-1 / 60) of the way; toward 30, 1 - exp(-1 / 15).
  expect(after(1, { scored: 20, busy: 0.3, isFull: false })).toBeCloseTo(60 - 20 * 0.016529, 4);
  expect(after(1, { scored: 45, busy: 0.9, isFull: false })).toBeCloseTo(60 - 30 * 0.064493, 4);
  expect(after(1, { scored: 1, busy: 0.09, isFull: false }, null)).toBeNull();
});
