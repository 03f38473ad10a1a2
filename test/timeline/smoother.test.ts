import { describe, expect, it } from 'vitest';
import { createSmoother } from '../../src/timeline/smoother.ts';

const sample = (mediaTime: number, happy: number, weight = 1) => ({
  mediaTime,
  weight,
  probabilities: [1 - happy, happy, 0],
  valence: happy,
  arousal: -happy,
});
const happiness = (smoothed: { probabilities: readonly number[] }) => smoothed.probabilities[1] ?? Number.NaN;

/** Long calm, then a step to happiness at time 0; what is smoothed `after` seconds later. */
function step(frameRate: number, after: number): number {
  const smoother = createSmoother(0.25);
  let last = 0;
  for (let frame = -5 * frameRate; frame <= after * frameRate + 1e-9; frame++) {
    last = happiness(smoother.push(1, sample(frame / frameRate, frame > 0 ? 1 : 0)));
  }
  return last;
}

describe('smoothing', () => {
  it('begins with the first sample as it is', () => {
    expect(createSmoother(0.25).push(1, sample(3, 0.7))).toMatchObject({ valence: 0.7, arousal: -0.7 });
  });

  it('keeps sums of probabilities, and lags by its time constant whatever the frame rate', () => {
    for (const frameRate of [10, 20, 40]) {
      expect(step(frameRate, 0.5)).toBeCloseTo(1 - Math.exp(-0.5 / 0.25), 6);
    }
    const { probabilities } = createSmoother(0.25).push(1, sample(0, 0.3));
    expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });

  it('looks back only: what comes later changes nothing that was said', () => {
    const [one, other] = [createSmoother(0.25), createSmoother(0.25)];
    const said = [0, 0.1, 0.2].map((time) => happiness(one.push(1, sample(time, time))));
    const again = [0, 0.1, 0.2].map((time) => happiness(other.push(1, sample(time, time))));
    other.push(1, sample(0.3, 1));
    expect(again).toEqual(said);
  });

  it('trusts good samples more: a poor first frame gives way', () => {
    const smoother = createSmoother(0.25);
    smoother.push(1, sample(0, 1, 0.05));
    expect(happiness(smoother.push(1, sample(0.1, 0)))).toBeLessThan(0.04);
    expect(happiness(smoother.push(1, sample(0.2, 1, 0.05)))).toBeLessThan(0.1);
  });

  it('survives samples without weight, and time that stands still or goes back', () => {
    const smoother = createSmoother(0.25);
    for (const time of [1, 1, 0.5]) {
      expect(happiness(smoother.push(1, sample(time, 0.5, 0)))).toBeCloseTo(0.5, 12);
    }
  });

  it('keeps tracks apart, and forgets those that are gone', () => {
    const smoother = createSmoother(0.25);
    smoother.push(1, sample(0, 1));
    expect(happiness(smoother.push(2, sample(0.1, 0)))).toBe(0);
    smoother.prune(0.1);
    expect(smoother.size).toBe(1);
    expect(happiness(smoother.push(1, sample(0.1, 0)))).toBe(0);
  });

  it('can be switched off', () => {
    const smoother = createSmoother(0);
    smoother.push(1, sample(0, 1));
    expect(happiness(smoother.push(1, sample(0.1, 0.2)))).toBe(0.2);
    expect(smoother.size).toBe(0);
  });
});
