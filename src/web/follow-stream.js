/**
 * Follows one stream through broken connections: keeps the cursor of the last moment, and resumes with it as `after`.
 * A moment that is delivered twice is known by its number, so nothing is shown twice and nothing is left out.
 */
import { createDeduplicator } from './deduplicate.js';
import { codeOf, messageOf, retry } from './retry.js';

/** @import { Connection, Moment } from './types.js' */

/** A moment that arrives this many milliseconds later than the quickest did is from the backlog. */
const CATCHING_UP_MS = 2_000;
/** With these the server says that it cannot resume from the cursor. */
const UNUSABLE_CURSOR_CODES = ['CURSOR_EXPIRED', 'CURSOR_INVALID'];

/**
 * @typedef {object} FollowOptions
 * @property {(after: string | null, signal: AbortSignal, onOpen: () => void) => AsyncIterable<Moment>} open
 * @property {(moment: Moment) => void} onMoment
 * @property {(connection: Connection) => void} onConnection
 * @property {(sentence: string) => void} onGap what was missed is no longer stored; the server's sentence about it
 * @property {AbortSignal} signal
 * @property {string | null} [after]
 * @property {import('./retry.js').Pause} [pause]
 * @property {(moment: Moment) => boolean} [isBehind] from createLagDetector; a caller that follows again later passes the same one
 */

/**
 * Runs until `signal` aborts or the subscription completes. @throws errors that retrying would not help
 * @param {FollowOptions} options
 */
export async function followStream(options) {
  const { onConnection, signal, pause } = options;
  onConnection({ state: 'connecting' });
  await retry(createAttempt(options), {
    signal,
    onLost: (lost) => onConnection({ state: 'lost', ...lost }),
    ...(pause && { pause }),
  });
  if (!signal.aborted) onConnection({ state: 'ended' });
}

/**
 * One subscription after another, each behind the last moment of the one before.
 * @param {FollowOptions} options
 * @returns {(recovered: () => void) => Promise<void>}
 */
function createAttempt({
  open,
  onMoment,
  onConnection,
  onGap,
  signal,
  after,
  isBehind = createLagDetector(),
}) {
  const deduplicator = createDeduplicator();
  let cursor = after ?? null;
  /**
   * @param {Moment} moment
   * @param {() => void} recovered
   */
  const take = (moment, recovered) => {
    if (!deduplicator.accept(moment)) return;
    cursor = moment.cursor;
    recovered();
    onMoment(moment);
    onConnection({ state: isBehind(moment) ? 'catching up' : 'live' });
  };
  return async function attempt(recovered) {
    const resumed = cursor;
    const onOpen = () => onConnection({ state: resumed === null ? 'live' : 'catching up' });
    try {
      for await (const moment of open(resumed, signal, onOpen)) take(moment, recovered);
    } catch (error) {
      if (signal.aborted || !UNUSABLE_CURSOR_CODES.includes(codeOf(error))) throw error;
      cursor = null;
      onGap(messageOf(error));
      return attempt(recovered);
    }
  };
}

/**
 * Tells moments of the backlog from live ones. The clocks of server and browser may differ, so a moment's delay is
 * compared with the shortest delay seen.
 * @param {() => number} [now] milliseconds since the epoch
 * @returns {(moment: { wallTime: string }) => boolean}
 */
export function createLagDetector(now = Date.now) {
  let least = Number.POSITIVE_INFINITY;
  return ({ wallTime }) => {
    const lag = now() - Date.parse(wallTime);
    least = Math.min(least, lag);
    return lag > least + CATCHING_UP_MS;
  };
}
