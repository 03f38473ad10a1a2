/** Lets each moment through once: a resumed subscription may deliver moments that were shown already. */

/** Sessions remembered: sessions of one stream follow one another, so only neighbours can overlap. */
const MAX_SESSIONS = 8;

export function createDeduplicator() {
  /** @type {Map<string, number>} the greatest `seq` shown of each session */
  const lastSeq = new Map();
  return {
    /**
     * Remembers that a moment is shown now; false when it, or a later one of its session, was shown already.
     * @param {{ sessionId: string, seq: number }} moment
     */
    accept({ sessionId, seq }) {
      if (seq <= (lastSeq.get(sessionId) ?? -1)) return false;
      lastSeq.set(sessionId, seq);
      if (lastSeq.size > MAX_SESSIONS) {
        const [oldest] = lastSeq.keys();
        lastSeq.delete(/** @type {string} */ (oldest));
      }
      return true;
    },
  };
}
