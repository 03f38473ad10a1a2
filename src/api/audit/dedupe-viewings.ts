/** Who looked at which session lately: a player asks for a range after the other, and the audit is to tell of one viewing. */

const VIEWING_MS = 3_600_000;
/** Beyond so many the oldest are told anew. */
const MOST = 10_000;

export interface Viewings {
  /** Whether this is told for the first time within an hour. @param now milliseconds of a clock that nobody sets */
  begins(who: string, sessionId: string, now?: number): boolean;
}

export function createViewings(): Viewings {
  const begun = new Map<string, number>();
  return {
    begins(who, sessionId, now = performance.now()) {
      const key = `${sessionId.toLowerCase()} ${who}`;
      const since = begun.get(key);
      if (since !== undefined && now - since < VIEWING_MS) return false;
      begun.delete(key);
      begun.set(key, now);
      if (begun.size > MOST) begun.delete(begun.keys().next().value!);
      return true;
    },
  };
}
