export interface Watch {
  /** A sign of life. */
  alive(): void;
  /** It is not the source that is waited for; until the next sign of life. */
  excuse(): void;
  stop(): void;
}

/** Calls `stalled` once when there was no sign of life for so many seconds; the first may take `grace` more. */
export function watchFor(seconds: number, grace: number, stalled: () => void): Watch {
  let last = performance.now() + grace * 1000;
  const timer = setInterval(
    () => {
      if (performance.now() - last < seconds * 1000) return;
      clearInterval(timer);
      stalled();
    },
    Math.min(1000, seconds * 250),
  );
  timer.unref();
  return {
    alive: () => {
      last = performance.now();
    },
    excuse: () => {
      last = Number.POSITIVE_INFINITY;
    },
    stop: () => clearInterval(timer),
  };
}
