/**
 * Following one stream through broken connections: the last cursor is kept, and handed back as `after`. What
 * comes twice is known by its number, so nothing is shown twice and nothing is left out.
 */
import { createPositions } from './positions.js';
import { codeOf, messageOf, retry } from './retry.js';

/** @import { Connection, Moment } from './types.js' */

/** Moments that come so much later than usual, in milliseconds, are history being caught up with. */
const BEHIND_MS = 2_000;
/** The cursor is of no use any more; there is nothing to go on from. */
const FORGOTTEN = ['CURSOR_EXPIRED', 'CURSOR_INVALID'];

/**
 * @typedef {object} FollowOptions
 * @property {(after: string | null, signal: AbortSignal, onOpen: () => void) => AsyncIterable<Moment>} open
 * @property {(moment: Moment) => void} onMoment
 * @property {(connection: Connection) => void} onConnection
 * @property {(sentence: string) => void} onGap what was missed cannot be had any more, as the server says it
 * @property {AbortSignal} signal
 * @property {string | null} [after]
 * @property {import('./retry.js').Pause} [pause]
 * @property {(moment: Moment) => boolean} [isBehind] of createLag; kept by who follows again later
 */

/**
 * Runs until `signal` aborts or the stream is no more. @throws what another try would meet again
 * @param {FollowOptions} options
 */
export async function follow({
  open,
  onMoment,
  onConnection,
  onGap,
  signal,
  after,
  pause,
  isBehind = createLag(),
}) {
  const positions = createPositions();
  let cursor = after ?? null;
  onConnection({ state: 'connecting' });
  /** @param {() => void} recovered @returns {Promise<void>} */
  const attempt = async (recovered) => {
    /** @param {Moment} moment */
    const take = (moment) => {
      if (!positions.accept(moment)) return;
      cursor = moment.cursor;
      recovered();
      onMoment(moment);
      onConnection({ state: isBehind(moment) ? 'catching up' : 'live' });
    };
    const resumed = cursor;
    const onOpen = () => onConnection({ state: resumed === null ? 'live' : 'catching up' });
    try {
      for await (const moment of open(resumed, signal, onOpen)) take(moment);
    } catch (error) {
      if (signal.aborted || !FORGOTTEN.includes(codeOf(error))) throw error;
      cursor = null;
      onGap(messageOf(error));
      return attempt(recovered);
    }
  };
  await retry(attempt, {
    signal,
    onLost: (lost) => onConnection({ state: 'lost', ...lost }),
    ...(pause && { pause }),
  });
  if (!signal.aborted) onConnection({ state: 'ended' });
}

/**
 * Whether a moment is one to catch up with. Server and browser may have different clocks: what counts is how much
 * later it comes than moments ever came.
 * @param {() => number} [now] milliseconds since the epoch
 * @returns {(moment: { wallTime: string }) => boolean}
 */
export function createLag(now = Date.now) {
  let least = Number.POSITIVE_INFINITY;
  return ({ wallTime }) => {
    const lag = now() - Date.parse(wallTime);
    least = Math.min(least, lag);
    return lag > least + BEHIND_MS;
  };
}
