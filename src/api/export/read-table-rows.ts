/** The rows of each table, session by session, a few at a time as they are read: memory stays what it is, however many there are. */
import type { Aggregate, SessionSummary } from '../../domain/aggregate.ts';
import type { Episode, Moment } from '../../domain/moment.ts';
import { episodesIn, tracksIn } from '../../store/read/overlap.ts';
import { type Row, rowsOf } from '../../tables/rows.ts';
import type { MomentRow, TrackRow } from '../../tables/session-tables.ts';
import type { Services } from '../context/context.ts';
import type { ExportRequest } from './export-request.ts';
import { momentRows } from './moment-rows.ts';
import type { SessionToExport } from './sessions-to-export.ts';

export type Sources = Pick<Services, 'prisma' | 'recordings'>;

/** @param after the key of the last row that came; null: none of this session did */
export type RowsOfSession<Row> = (
  session: SessionToExport,
  after: { key: number; track: number | null } | null,
  request: Pick<ExportRequest, 'range' | 'bucket' | 'track'>,
  sources: Sources,
) => AsyncIterable<readonly Row[]>;

/** Rows that are read at a time. */
const ROWS = 500;

/** A reading with what only a recorded one has. */
export interface RecordedRow {
  row: Row;
  moment: Moment;
}

export const readingRows: RowsOfSession<RecordedRow> = async function* (session, after, { range }, sources) {
  const { size, actionUnits, streamName } = session;
  const isLeft = ({ seq }: Moment, { reading }: Row) =>
    after === null || seq > after.key || (after.track !== null && (reading?.track ?? 0) > after.track);
  const rowsOfMoment = (moment: Moment, duration: number): RecordedRow[] =>
    rowsOf(streamName, moment, duration, size ?? { width: 0, height: 0 }, actionUnits)
      .filter((row) => isLeft(moment, row))
      .map((row) => ({ row, moment }));
  // The other faces of the last moment may be still to come.
  const afterSeq = after === null ? -1 : after.track === null ? after.key : after.key - 1;
  yield* momentRows(session, { range, afterSeq }, sources.recordings, rowsOfMoment);
};

export const timelineRows: RowsOfSession<MomentRow> = (session, after, { range }, { recordings }) =>
  momentRows(session, { range, afterSeq: after?.key ?? -1 }, recordings, (moment, duration) => [
    { moment, duration },
  ]);

export const bucketRows: RowsOfSession<Aggregate> = async function* (
  session,
  after,
  request,
  { recordings },
) {
  const { range, bucket, track } = request;
  const start = after === null ? 0 : (Math.floor(after.key / bucket) + 1) * bucket;
  const end = await endOfBuckets(session, bucket, recordings);
  if (start >= end) return;
  const within = { start, end };
  yield* recordings.bucketPages(session.id, { bucket: bucket * 1000, range, track, within });
};

/** Of a session that runs, those that have closed: nothing of them changes any more. */
async function endOfBuckets(
  { id, isRunning, lastSeq }: SessionToExport,
  bucket: number,
  recordings: Sources['recordings'],
): Promise<number> {
  if (!isRunning) return Number.POSITIVE_INFINITY;
  const newest = await recordings.moment(id, lastSeq);
  return Math.floor((newest?.moment.mediaTime ?? 0) / bucket) * bucket;
}

export const episodeRows: RowsOfSession<Omit<Episode, 'sessionId'>> = (
  session,
  after,
  { range },
  { prisma },
) =>
  pagesBehind(
    after?.key ?? -1,
    ({ index }) => index,
    (last) =>
      prisma.episode.findMany({
        where: {
          AND: [
            { sessionId: session.id, index: { gt: last } },
            { onset: { lte: session.mediaEnd ?? -1 } },
            episodesIn(range),
          ],
        },
        ...{ orderBy: { index: 'asc' }, take: ROWS },
      }),
  );

export const trackRows: RowsOfSession<TrackRow> = (session, after, { range }, { prisma }) =>
  pagesBehind(
    after?.key ?? 0,
    ({ track }) => track,
    (last) =>
      prisma.track.findMany({
        where: {
          AND: [
            { sessionId: session.id, track: { gt: last } },
            { firstSeen: { lte: session.mediaEnd ?? -1 } },
            tracksIn(range),
          ],
        },
        ...{ orderBy: { track: 'asc' }, take: ROWS },
      }),
  );

export async function summariesOf(
  sessions: readonly SessionToExport[],
  { range }: Pick<ExportRequest, 'range'>,
  { recordings }: Sources,
): Promise<readonly SessionSummary[]> {
  const ids = sessions.map(({ id }) => id);
  return recordings.summaries(ids, range);
}

async function* pagesBehind<Row>(
  after: number,
  keyOf: (row: Row) => number,
  read: (last: number) => Promise<Row[]>,
): AsyncGenerator<readonly Row[], undefined> {
  for (let last = after; ; ) {
    const rows = await read(last);
    const newest = rows.at(-1);
    if (newest === undefined) return;
    yield rows;
    if (rows.length < ROWS) return;
    last = keyOf(newest);
  }
}
