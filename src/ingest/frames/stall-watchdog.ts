/** Reports a source that has stopped giving frames. */
export interface StallWatchdog {
  /** A frame came: restarts the stall timer. */
  feed(): void;
  /** Pauses the stall timer while the consumer is the bottleneck; `feed` starts it again. */
  pause(): void;
  stop(): void;
}

/**
 * Calls `onStall` once, when `seconds` have passed without a frame.
 * @param grace further seconds that the first frame may take
 */
export function startStallWatchdog(seconds: number, grace: number, onStall: () => void): StallWatchdog {
  let lastFed = performance.now() + grace * 1000;
  const timer = setInterval(
    () => {
      if (performance.now() - lastFed < seconds * 1000) return;
      clearInterval(timer);
      onStall();
    },
    Math.min(1000, seconds * 250),
  );
  timer.unref();
  return {
    feed: () => {
      lastFed = performance.now();
    },
    pause: () => {
      lastFed = Number.POSITIVE_INFINITY;
    },
    stop: () => clearInterval(timer),
  };
}
