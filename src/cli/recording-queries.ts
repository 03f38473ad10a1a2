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
    async *pages(sessionId, afterSeq, pageSize) {
      if (afterSeq >= 0) await assertKept(moments, sessionId, afterSeq);
      for (let after = afterSeq; ; ) {
        const page = await moments.page(sessionId, after, pageSize);
        const newest = page.at(-1);
        if (newest === undefined) return;
        yield page;
        if (page.length < pageSize) return;
        after = newest.seq;
      }
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
  const { oldest, newest } = await moments.extent(sessionId);
  if (newest <= seq || (oldest !== null && oldest <= seq + 1)) return;
  throw new MienError(
    'CURSOR_EXPIRED',
    'Moments behind this place are older than the retention and were deleted. Leave it out to begin with the oldest that is kept.',
  );
}
