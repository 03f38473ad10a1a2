/** Lets each moment through once: a resumed subscription may deliver moments that came already. */

/** Sessions remembered: sessions of one stream follow one another, so only neighbours can overlap. */
const MAX_SESSIONS = 1_000;

export interface Place {
  sessionId: string;
  seq: number;
}

/** @returns whether a moment is new; false when it, or a later one of its session, came before */
export function createDeduplicator(): (place: Place) => boolean {
  const lastSeq = new Map<string, number>();
  return ({ sessionId, seq }) => {
    if (seq <= (lastSeq.get(sessionId) ?? -1)) return false;
    // The one that was seen last is forgotten last.
    lastSeq.delete(sessionId);
    lastSeq.set(sessionId, seq);
    if (lastSeq.size > MAX_SESSIONS) lastSeq.delete(lastSeq.keys().next().value!);
    return true;
  };
}
