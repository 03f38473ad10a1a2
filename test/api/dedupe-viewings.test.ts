import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createViewings } from '../../src/api/audit/dedupe-viewings.ts';

const HOUR_MS = 3_600_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

it.each([
  ['back', -24 * HOUR_MS],
  ['ahead', 24 * HOUR_MS],
])(
  'a viewing is told again after an hour, and not before, where the clock of the machine is set %s',
  (_, step) => {
    const viewings = createViewings();
    expect(viewings.begins('a', 's')).toBe(true);
    vi.setSystemTime(Date.now() + step);
    expect(viewings.begins('a', 's')).toBe(false);
    vi.advanceTimersByTime(HOUR_MS);
    expect(viewings.begins('a', 's')).toBe(true);
  },
);
