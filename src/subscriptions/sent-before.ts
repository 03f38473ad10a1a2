/**
 * `every` sends the first moment of each stretch of media time, whoever asks, and wherever they begin: so what one who resumes is sent
 * depends on what is stored alone, as it does for one who stayed.
 */
import { type FaceFilter, withMatchingFaces } from '../domain/face-filter.ts';
import { beginningOfStretch, inSameStretch } from '../domain/thinning.ts';
import { lastMomentBefore } from './find-moment.ts';
import type { MomentHistory } from './ports.ts';

export interface Thinning {
  /** At most one moment in each stretch of so many milliseconds of media time of a session. */
  every?: number | undefined;
  /** Only moments with such faces, without all others. */
  filter?: FaceFilter | undefined;
}

/** Media times are rounded where they are looked for: to whole seconds, outwards. */
const MARGIN_SECONDS = 1;

/** The media time of a moment of a session before number `seq` that took the last stretch before it; null: none did. */
export async function lastTaken(
  history: Pick<MomentHistory, 'search'>,
  sessionId: string,
  seq: number,
  { every, filter }: Thinning,
): Promise<number | null> {
  if (every === undefined || seq <= 0) return null;
  const last = await lastMomentBefore(history, sessionId, seq);
  if (last === null || withMatchingFaces(last, filter) !== null) return last?.mediaTime ?? null;
  const from = Math.max(0, beginningOfStretch(last.mediaTime, every) - MARGIN_SECONDS);
  const range = { clock: 'MEDIA', from, to: Number.POSITIVE_INFINITY } as const;
  const taking = await lastMomentBefore(history, sessionId, last.seq, { faces: filter, range });
  return taking !== null && inSameStretch(taking.mediaTime, last.mediaTime, every) ? taking.mediaTime : null;
}
