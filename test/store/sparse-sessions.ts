/** Sessions of years, as their rollups would stand: a frame that stands for a second, in each of some seconds. */
import type { GroupedSession } from '../../src/domain/sessions-aggregate.ts';
import { ROLLUP_SPANS } from '../../src/store/sql/rollup-spans.ts';
import type { TestStore } from '../helpers/database.ts';

/** @param seconds SQL that selects second of media time and wall time */
export async function sparseSession(db: TestStore, seconds: string): Promise<GroupedSession> {
  const { id, streamId } = await db.session();
  const { prisma } = db.store;
  const nothing = 'array_fill(0, ARRAY[8])';
  for (const span of ROLLUP_SPANS) {
    await prisma.$executeRawUnsafe(`INSERT INTO rollup (session_id, span, track, second, frames, dropped_busy, dropped_worker,
        dropped_store, covered, durations, readings, abstained, labels, probabilities, valence, arousal, quality,
        first_seq, started_at, ended_at)
      SELECT '${id}', ${span}, 0, second / ${span} * ${span}, count(*), 0, 0, 0, count(*) * 1000000, ${nothing}, 0, 0, ${nothing},
        ${nothing}, 0, 0, 0, min(second), min(wall), max(wall)
      FROM (${seconds}) AS s (second, wall) GROUP BY second / ${span}`);
  }
  await prisma.$executeRawUnsafe(`UPDATE session SET (state, media_start, media_end, started_at) =
      (SELECT 'ENDED'::"SessionState", min(second), max(second) + 1, min(started_at) FROM rollup WHERE session_id = '${id}' AND span = 1)
    WHERE id = '${id}'`);
  return { id, streamId, tags: {} };
}
