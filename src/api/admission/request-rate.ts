/**
 * Requests a second of one address (a virtual queue: the generic cell rate algorithm of ITU-T I.371). Each request moves the
 * time at which its address would be done with all of them at the rate that is allowed; who is too far ahead of now waits.
 */
import { clientKey } from './client-key.ts';
import type { Refusal } from './refusal.ts';

/** So many seconds' worth may come at once: a page with all its parts, or a crowd that comes back after a restart. */
const BURST_SECONDS = 10;
/** Addresses that are remembered before those are looked for that have nothing to wait for any more. */
const FORGET_AT = 10_000;

/** Gives the reason for which a request of this address is refused now, or null. */
export type RequestRate = (remote: string | undefined) => Refusal | null;

/** @param now milliseconds of a clock that never goes back */
export function createRequestRate(
  perSecond: number,
  now: () => number = performance.now.bind(performance),
): RequestRate {
  const doneAt = new Map<string, number>();
  let forgetAt = FORGET_AT;
  const forget = (time: number) => {
    for (const [address, done] of doneAt) if (done <= time) doneAt.delete(address);
    // Not again before as many have come as stayed: to go through all for each request would be work without bound.
    forgetAt = Math.max(FORGET_AT, 2 * doneAt.size);
  };
  return (remote) => {
    const time = now();
    if (doneAt.size >= forgetAt) forget(time);
    const address = clientKey(remote);
    const done = Math.max(time, doneAt.get(address) ?? 0) + 1000 / perSecond;
    if (done - time > BURST_SECONDS * 1000) return TOO_MANY;
    doneAt.set(address, done);
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
