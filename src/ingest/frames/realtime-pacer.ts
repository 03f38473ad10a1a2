import { sleep } from '../../threads/sleep.ts';

/** When frames are later than this, the clock is set anew instead of rushing to catch up. */
const MAX_LAG_MS = 2000;

/** Delivers a recording at the pace of the clock: resolves when the frame of that media time (seconds) is due. */
export function createRealtimePacer(signal: AbortSignal): (mediaTime: number) => Promise<void> {
  let origin: number | null = null;
  return async (mediaTime) => {
    const now = performance.now();
    const time = mediaTime * 1000;
    origin ??= now - time;
    const early = origin + time - now;
    if (early < -MAX_LAG_MS) origin = now - time;
    if (early > 1) await sleep(early, signal);
  };
}
