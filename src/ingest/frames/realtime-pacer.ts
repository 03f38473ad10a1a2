import { setTimeout as sleep } from 'node:timers/promises';

/** Farther behind than this, the clock is set anew instead of catching up in a rush. In milliseconds. */
const TOO_LATE = 2000;

/** Gives a recording the pace of the clock: resolves when a frame of that media time (seconds) is due. */
export function createPace(signal: AbortSignal): (mediaTime: number) => Promise<void> {
  let origin: number | null = null;
  return async (mediaTime) => {
    const now = performance.now();
    const time = mediaTime * 1000;
    origin ??= now - time;
    const early = origin + time - now;
    if (early < -TOO_LATE) origin = now - time;
    if (early > 1) await sleep(early, undefined, { signal }).catch(() => {});
  };
}
