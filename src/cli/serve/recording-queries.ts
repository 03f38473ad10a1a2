/** The store as the API reads what was recorded. */
import type { RecordingQueries } from '../../api/index.ts';
import type { Moment } from '../../domain/moment.ts';
import type { FoundMoments, MomentSearch } from '../../domain/moment-search.ts';
import { MienError } from '../../errors.ts';
import type { Store } from '../../store/index.ts';
import { momentRuns } from '../../store/read/media-stretches.ts';
import { momentCursor, seqOfCursor } from '../../subscriptions/index.ts';

export function createRecordingQueries({
  moments,
  rollups,
  prisma,
  aggregateSessions,
}: Store): RecordingQueries {
  return {
    async timeline(sessionId, { after, before, ...request }) {
      const from = after === null ? -1 : seqOfCursor(after, sessionId);
      const to = before === null ? Number.POSITIVE_INFINITY : seqOfCursor(before, sessionId);
      if (after !== null) await assertKept(moments, sessionId, from);
      const found = await findMoments(moments, sessionId, { ...request, after: from, before: to });
      const cursorOf = (seq: number) => momentCursor(sessionId, seq);
      return {
        moments: found.moments.map((moment) => ({ moment, cursor: cursorOf(moment.seq) })),
        more: found.more,
        stoppedAt: found.stoppedAt === null ? null : cursorOf(found.stoppedAt),
      };
    },
    async moment(sessionId, seq) {
      const [moment] = await moments.page(sessionId, seq - 1, 1);
      return moment?.seq === seq ? { moment, cursor: momentCursor(sessionId, seq) } : null;
    },
    pages: (sessionId, afterSeq, readings) => readAhead(moments, sessionId, afterSeq, readings),
    momentRuns: (sessionId, range) => momentRuns(prisma, sessionId, range),
    aggregateSessions,
    summaries: (sessionIds, range) => rollups.summaries(sessionIds, range),
    aggregate: (sessionId, { bucket, range, track }) =>
      rollups.aggregate(sessionId, { bucketMs: bucket, range, track: track ?? undefined }),
    bucketPages: (sessionId, { bucket, range, track, within }) =>
      rollups.pages(sessionId, { bucketMs: bucket, range, track: track ?? undefined, within }),
  };
}

/** While a page is used, the database reads the next. @param readings that a page has, about */
async function* readAhead(
  moments: Store['moments'],
  sessionId: string,
  afterSeq: number,
  readings: number,
): AsyncGenerator<Moment[]> {
  if (afterSeq >= 0) await assertKept(moments, sessionId, afterSeq);
  let limit = FIRST_PAGE;
  let reading = moments.storedPage(sessionId, afterSeq, limit);
  try {
    for (;;) {
      const page = await reading;
      const newest = page.at(-1);
      if (newest === undefined) return;
      const isLast = page.length < limit;
      if (!isLast) {
        limit = pageLimit(page, readings);
        reading = moments.storedPage(sessionId, newest.seq, limit);
        reading.catch(() => {});
      }
      yield page;
      if (isLast) return;
    }
  } finally {
    // Whoever leaves in the middle is told nothing more, but nothing is read behind their back.
    await reading.catch(() => {});
  }
}

/** Moments of the first page, of which nobody knows how many faces they have. */
const FIRST_PAGE = 50;
const MAX_PAGE = 1000;

/** How many moments come to so many readings, if they have as many faces as those of the page before. */
function pageLimit(page: readonly Moment[], readings: number): number {
  const faces = page.reduce((sum, moment) => sum + moment.faces.length, 0);
  return Math.min(MAX_PAGE, Math.max(FIRST_PAGE, Math.round((readings * page.length) / Math.max(1, faces))));
}

/** All moments in order, as whole sessions are read, come in one statement. */
async function findMoments(
  moments: Store['moments'],
  sessionId: string,
  search: MomentSearch,
): Promise<FoundMoments> {
  const { after, before, limit, backwards, range, faces, every } = search;
  const isFiltered = range !== undefined || faces !== undefined || every !== undefined;
  if (isFiltered || backwards || Number.isFinite(before)) return moments.search(sessionId, search);
  const page = await moments.page(sessionId, after, limit + 1);
  return { moments: page.slice(0, limit), more: page.length > limit, stoppedAt: null };
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

/** Buckets as subscriptions read them. */
export function bucketsOf({ rollups }: Pick<Store, 'rollups'>) {
  return (sessionId: string, seconds: number, { from, to }: { from: number; to: number }) =>
    rollups.pages(sessionId, { bucketMs: seconds * 1000, range: { clock: 'MEDIA', from, to } });
}
