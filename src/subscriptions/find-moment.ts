/** One stored moment of a session, however many have to be looked through for it. */
import type { Moment } from '../domain/moment.ts';
import type { MomentSearch } from '../domain/moment-search.ts';
import type { MomentHistory } from './ports.ts';

/** The last one before this number that a filter lets through; null: there is none. */
export async function lastMomentBefore(
  history: Pick<MomentHistory, 'search'>,
  sessionId: string,
  before: number,
  filter: Pick<MomentSearch, 'range' | 'faces'> = {},
): Promise<Moment | null> {
  for (let end: number | null = before; end !== null; ) {
    const search: MomentSearch = { ...filter, after: -1, before: end, limit: 1, backwards: true };
    const { moments, stoppedAt } = await history.search(sessionId, search);
    if (moments[0] !== undefined) return moments[0];
    end = stoppedAt;
  }
  return null;
}
