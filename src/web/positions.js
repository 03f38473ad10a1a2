/** How far the page has come in each session, so that what is delivered twice is shown once. */

/** Sessions remembered: those of one stream follow one another, and only neighbours can overlap. */
const REMEMBERED = 8;

export function createPositions() {
  /** @type {Map<string, number>} the greatest number shown of each session */
  const shown = new Map();
  return {
    /**
     * Notes that a moment is being shown; false: it, or one behind it, has been already.
     * @param {{ sessionId: string, seq: number }} moment
     */
    accept({ sessionId, seq }) {
      if (seq <= (shown.get(sessionId) ?? -1)) return false;
      shown.set(sessionId, seq);
      if (shown.size > REMEMBERED) {
        const [oldest] = shown.keys();
        shown.delete(/** @type {string} */ (oldest));
      }
      return true;
    },
  };
}
