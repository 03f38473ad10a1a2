/** The store as the API reads what was recorded. */
import type { RecordingQueries } from '../api/index.ts';
import { MienError } from '../errors.ts';
import type { Store } from '../store/index.ts';
import { momentCursor, seqOfCursor } from '../subscriptions/index.ts';

export function createRecordingQueries({ moments, rollups }: Store): RecordingQueries {
  return {
    async timeline(sessionId, { first, after }) {
      const from = after === null ? -1 : seqOfCursor(after, sessionId);
      if (after !== null) await assertKept(moments, sessionId, from);
      const page = await moments.page(sessionId, from, first + 1);
      return {
        moments: page
          .slice(0, first)
          .map((moment) => ({ moment, cursor: momentCursor(sessionId, moment.seq) })),
        more: page.length > first,
      };
    },
    summaries: (sessionIds) => rollups.summaries(sessionIds),
    aggregate: (sessionId, { bucket, from, to, track }) =>
      rollups.aggregate(sessionId, {
        bucketMs: bucket,
        from: from ?? undefined,
        to: to ?? undefined,
        track: track ?? undefined,
      }),
  };
}

/** A page must not begin later than its cursor without saying so. */
async function assertKept(moments: Store['moments'], sessionId: string, seq: number): Promise<void> {
  const { oldest } = await moments.extent(sessionId);
  if (oldest === null || oldest <= seq + 1) return;
  throw new MienError(
    'CURSOR_EXPIRED',
    'Moments behind this cursor are older than the retention and were deleted. Leave `after` out to begin with the oldest that is kept.',
  );
}
