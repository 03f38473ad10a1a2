/**
 * Back into the crowd: a resumed subscription runs for one page alone, at the server's expense. Once it has
 * caught up, the page opens the one that all others share, and leaves its own where the two overlap.
 */

/** @import { Moment } from './types.js' */
/** @import { Positions } from './positions.js' */
/** @import { FollowOptions } from './follow.js' */

/** Moments of the shared subscription that may wait until its own has reached them. */
const HELD = 64;

/**
 * Runs until the subscription that is listened to at last is over. @throws what ended it
 * @param {object} options
 * @param {FollowOptions['open']} options.open
 * @param {string | null} options.after
 * @param {(moment: Moment) => void} options.take
 * @param {Positions} options.positions
 * @param {(moment: Moment) => boolean} options.isBehind
 * @param {AbortSignal} options.signal
 * @param {() => void} options.onOpen
 */
export async function regroup({ open, after, take, positions, isBehind, signal, onOpen }) {
  const own = new AbortController();
  const common = new AbortController();
  const meeting = createMeeting({ positions, take, onJoin: () => own.abort() });
  /** @type {Promise<void> | null} */
  let shared = null;
  try {
    for await (const moment of open(after, AbortSignal.any([signal, own.signal]), onOpen)) {
      take(moment);
      meeting.check();
      if (meeting.joined) break;
      if (shared !== null || isBehind(moment)) continue;
      shared = meet(open, meeting, AbortSignal.any([signal, common.signal]));
      // Before the two have met its failure harms nothing; after that it is awaited below.
      shared.catch(() => {});
    }
  } catch (error) {
    // Leaving its own subscription looks like a lost connection.
    if (!meeting.joined) throw error;
  } finally {
    own.abort();
    if (!meeting.joined) common.abort();
  }
  if (meeting.joined) await shared;
}

/**
 * @param {FollowOptions['open']} open
 * @param {ReturnType<typeof createMeeting>} meeting
 * @param {AbortSignal} signal
 */
async function meet(open, meeting, signal) {
  for await (const moment of open(null, signal, () => {})) {
    if (!meeting.offer(moment)) return;
  }
}

/**
 * The two have met when the oldest moment held of the shared one has been shown: from there on it has everything.
 * @param {{ positions: Positions, take: (moment: Moment) => void, onJoin: () => void }} options
 */
function createMeeting({ positions, take, onJoin }) {
  /** @type {Moment[]} */
  let held = [];
  let joined = false;
  return {
    get joined() {
      return joined;
    },

    /**
     * Takes a moment of the shared subscription; false: the two are too far apart to meet.
     * @param {Moment} moment
     */
    offer(moment) {
      if (joined) take(moment);
      else held.push(moment);
      this.check();
      return held.length <= HELD;
    },

    check() {
      const [oldest] = held;
      if (joined || oldest === undefined || !positions.has(oldest)) return;
      joined = true;
      onJoin();
      for (const moment of held) take(moment);
      held = [];
    },
  };
}
