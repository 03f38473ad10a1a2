/**
 * Requests a second of one address (a virtual queue: the generic cell rate algorithm of ITU-T I.371). Each request moves the
 * time at which its address would be done with all of them at the rate that is allowed; who is too far ahead of now waits.
 */
import { clientKey } from './client-key.ts';
import type { Refusal } from './refusal.ts';

/** What comes in so many milliseconds may come at once: a page with all its parts, or a crowd that comes back after a restart. */
const BURST_MS = 10_000;

/** Gives the reason for which a request of this address is refused now, or null. */
export type RequestRate = (remote: string | undefined) => Refusal | null;

/**
 * Who has not asked for as long as a burst may be ahead has nothing to wait for. So addresses are remembered in two halves, by when they
 * asked last, and the older half is let go of as a whole: no request looks through them, and none of them stays once there is another.
 * @param now milliseconds of a clock that never goes back
 */
export function createRequestRate(
  perSecond: number,
  now: () => number = performance.now.bind(performance),
): RequestRate {
  let [recent, older] = [new Map<string, number>(), new Map<string, number>()];
  let turnedAt = now();
  const turn = (time: number) => {
    older = time - turnedAt < 2 * BURST_MS ? recent : new Map();
    recent = new Map();
    turnedAt = time;
  };
  return (remote) => {
    const time = now();
    if (time - turnedAt >= BURST_MS) turn(time);
    const address = clientKey(remote);
    const done = Math.max(time, recent.get(address) ?? older.get(address) ?? 0) + 1000 / perSecond;
    if (done - time > BURST_MS) return TOO_MANY;
    recent.set(address, done);
    return null;
  };
}

const TOO_MANY: Refusal = {
  status: 429,
  code: 'TOO_MANY_REQUESTS',
  message: 'Your address asks too often: wait a moment, or have MIEN_MAX_REQUEST_RATE raised.',
  headers: { 'retry-after': '1' },
};

/** `rate`, with its refusals counted. */
export function toldOf(rate: RequestRate, onRefused: (code: string) => void): RequestRate {
  return (remote) => {
    const refusal = rate(remote);
    if (refusal !== null) onRefused(refusal.code);
    return refusal;
  };
}
