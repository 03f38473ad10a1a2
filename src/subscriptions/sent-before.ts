/** What a subscriber who resumes was sent before, as far as `every` must know. */
import { withMatchingFaces } from '../domain/face-filter.ts';
import type { Moment } from '../domain/moment.ts';
import { inSameStretch } from '../domain/thinning.ts';
import type { MomentHistory } from './ports.ts';
import type { MomentsRequest } from './resume-plan.ts';

/** Moments of a session that are looked through. */
const LOOK_BACK = 500;

/** Whether a moment of this stretch of media time came before this one. */
export async function wasOfStretchSent(
  history: Pick<MomentHistory, 'page'>,
  { sessionId, seq, mediaTime }: Moment,
  { every, filter }: Pick<MomentsRequest, 'every' | 'filter'>,
): Promise<boolean> {
  if (every === undefined || seq === 0) return false;
  const earlier = await history.page(sessionId, Math.max(-1, seq - 1 - LOOK_BACK), LOOK_BACK);
  return earlier.some(
    (moment) =>
      moment.seq < seq &&
      inSameStretch(moment.mediaTime, mediaTime, every) &&
      withMatchingFaces(moment, filter) !== null,
  );
}
