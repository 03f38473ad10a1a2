/** What arrives this many milliseconds later than the quickest did is from the backlog. */
const CATCHING_UP_MS = 2_000;

/**
 * Tells moments of the backlog from live ones. The clocks of server and client may differ, so a moment's delay is
 * compared with the shortest delay seen.
 *
 * @param now milliseconds since the epoch
 */
export function createLagDetector(now: () => number = Date.now): (moment: { wallTime: string }) => boolean {
  let least = Number.POSITIVE_INFINITY;
  return ({ wallTime }) => {
    const lag = now() - Date.parse(wallTime);
    least = Math.min(least, lag);
    return lag > least + CATCHING_UP_MS;
  };
}
