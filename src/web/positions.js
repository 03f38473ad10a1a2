/** How far the page has come in each session, so that what is delivered twice is shown once. */

/** Sessions remembered: those of one stream follow one another, and only neighbours can overlap. */
const REMEMBERED = 8;

/** @typedef {ReturnType<typeof createPositions>} Positions */

export function createPositions() {
  /** @type {Map<string, number>} the greatest number shown of each session */
  const shown = new Map();
  return {
    /**
     * Whether this moment, or one behind it, has been shown.
     * @param {{ sessionId: string, seq: number }} moment
     */
    has({ sessionId, seq }) {
      return seq <= (shown.get(sessionId) ?? -1);
    },

    /**
     * Notes that a moment is being shown; false: it has been already.
     * @param {{ sessionId: string, seq: number }} moment
     */
    accept(moment) {
      if (this.has(moment)) return false;
      shown.set(moment.sessionId, moment.seq);
      if (shown.size > REMEMBERED) {
        const [oldest] = shown.keys();
        shown.delete(/** @type {string} */ (oldest));
      }
      return true;
    },
  };
}
