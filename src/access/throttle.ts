/**
 * Slows who tries credentials that are not right. Each wrong one moves the time at which its address, or the token that it
 * aims at, would be done with all of them at the rate that is allowed (a virtual queue, as for requests); who is too far ahead
 * of now is told to wait. Right credentials are never refused, so that nobody is locked out by what others try.
 */

export interface ThrottleLimits {
  /** Wrong ones that may come at once. */
  burst: number;
  /** For each of them so long. */
  eachMs: number;
  /** Addresses and tokens that are remembered, each. */
  remembered: number;
}

/** Ten, then ten a minute. */
const LIMITS: ThrottleLimits = { burst: 10, eachMs: 6_000, remembered: 10_000 };

export interface Throttle {
  /** Notes a wrong one. @returns milliseconds to wait before another is looked at; 0: none */
  failed(client: string, target: string | null): number;
}

/** @param now milliseconds of a clock that never goes back */
export function createThrottle(
  limits: Partial<ThrottleLimits> = {},
  now: () => number = () => performance.now(),
): Throttle {
  const all = { ...LIMITS, ...limits };
  const clients = createQueues(all, now);
  const targets = createQueues(all, now);
  return {
    failed: (client, target) => Math.max(clients(client), target === null ? 0 : targets(target)),
  };
}

function createQueues(
  { burst, eachMs, remembered }: ThrottleLimits,
  now: () => number,
): (key: string) => number {
  const doneAt = new Map<string, number>();
  return (key) => {
    const time = now();
    const before = doneAt.get(key) ?? 0;
    const done = Math.max(time, before) + eachMs;
    const wait = Math.max(0, done - time - burst * eachMs);
    // The one that was heard of longest ago comes first, and goes first.
    doneAt.delete(key);
    const [oldest] = doneAt.keys();
    if (doneAt.size >= remembered && oldest !== undefined) doneAt.delete(oldest);
    // What is refused does not count: who goes on trying waits no longer than who stops.
    doneAt.set(key, wait > 0 ? before : done);
    return wait;
  };
}
