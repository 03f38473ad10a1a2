/** The rows of an export, a few at a time, as they are read: however long a session is, memory stays what it is. */
import { setImmediate } from 'node:timers/promises';
import { newestDuration } from '../../domain/coverage.ts';
import type { FrameSize } from '../../domain/frame.ts';
import type { Moment } from '../../domain/moment.ts';
import { inMicroseconds } from '../../domain/quantise.ts';
import { parquetTable } from '../../tables/parquet/parquet-table.ts';
import { readingColumns, readingLine } from '../../tables/row-format.ts';
import { type Row, rowsOf } from '../../tables/rows.ts';
import {
  BUCKET_COLUMNS,
  EPISODE_COLUMNS,
  type ExportedSession,
  loopColumns,
  SUMMARY_COLUMNS,
  sessionColumns,
  TIMELINE_COLUMNS,
  TRACK_COLUMNS,
} from '../../tables/session-tables.ts';
import { type Column, csvTable, jsonLinesTable, rowObjects, type TableText } from '../../tables/table.ts';
import type { Services } from '../context/context.ts';
import type { ExportRequest } from './export-request.ts';

/** Readings that are read, and written, at a time: the event loop is free between. Each statement costs as much as hundreds of rows. */
const PAGE = 500;
/** Rows of the other tables that are read at a time. */
const ROWS = 500;
/** Rows that are written as text at a time: of readings, 10 ms. */
const ROWS_OF_TEXT = 50;

/** A session as its rows tell of it. */
export interface SessionToExport extends ExportedSession {
  /** Of its first frame; boxes and landmarks are fractions of it. Null: there is none yet. */
  size: FrameSize | null;
  /** Names of the model's action units. */
  actionUnits: readonly string[];
  /** Media time in seconds at which its source ended, so far; null: there is no moment yet. */
  mediaEnd: number | null;
}

type Sources = Pick<Services, 'prisma' | 'recordings'>;
type Chunks = AsyncGenerator<string | Uint8Array, undefined>;
type Pages<Row> = AsyncIterable<readonly Row[]>;

/** What an export sends, from its first byte on. */
export function exportChunks(request: ExportRequest, session: SessionToExport, sources: Sources): Chunks {
  const { sessionId, from, to, bucket, track } = request;
  const { prisma, recordings } = sources;
  const write = <Row>(columns: readonly Column<Row>[], pages: Pages<Row>) =>
    chunksOf(request, [...sessionColumns<Row>(session), ...columns], pages);
  switch (request.table) {
    case 'readings':
      return readings(request, session, momentsOf(request, session, sources, readingsOf(session)));
    case 'timeline': {
      const rowOf = (moment: Moment, duration: number) => [{ moment, duration }];
      return write(TIMELINE_COLUMNS, momentsOf(request, session, sources, rowOf));
    }
    case 'buckets':
      return write(
        BUCKET_COLUMNS,
        inPages(() => recordings.aggregate(sessionId, { bucket, from, to, track })),
      );
    case 'episodes':
      return write(
        EPISODE_COLUMNS,
        inPages(() => prisma.episode.findMany({ where: { sessionId }, orderBy: { index: 'asc' } })),
      );
    case 'tracks':
      return write(
        TRACK_COLUMNS,
        inPages(() => prisma.track.findMany({ where: { sessionId }, orderBy: { track: 'asc' } })),
      );
    case 'summary':
      return write(
        SUMMARY_COLUMNS,
        inPages(() => recordings.summaries([sessionId])),
      );
  }
}

async function* inPages<Row>(read: () => Promise<readonly Row[]>): AsyncGenerator<readonly Row[], undefined> {
  const rows = await read();
  for (let at = 0; at < rows.length; at += ROWS) yield rows.slice(at, at + ROWS);
}

function chunksOf<Row>(request: ExportRequest, columns: readonly Column<Row>[], pages: Pages<Row>): Chunks {
  if (request.format === 'parquet') return parquetTable(columns, pages);
  return textOf(request.format === 'csv' ? csvTable(columns, request) : jsonLinesTable(columns), pages);
}

async function* textOf<Row>({ head, text }: TableText<Row>, pages: Pages<Row>): Chunks {
  // Not before the first page: what cannot be read is told as an error, not as an empty table.
  let before = head;
  for await (const rows of pages) {
    for (let at = 0; at < rows.length; at += ROWS_OF_TEXT) {
      yield before + text(rows.slice(at, at + ROWS_OF_TEXT));
      before = '';
      await setImmediate();
    }
  }
  if (before !== '') yield before;
}

/** A reading with what only a recorded one has. */
interface RecordedRow {
  row: Row;
  moment: Moment;
}

/** As `mien analyze` writes them, of a stream instead of an input. */
function readings(request: ExportRequest, session: SessionToExport, pages: Pages<RecordedRow>): Chunks {
  const lead: Column<RecordedRow>[] = [
    ...sessionColumns<RecordedRow>(session),
    WALL_TIME,
    ...loopColumns<RecordedRow>(({ moment }) => moment),
  ];
  if (request.format === 'jsonl') {
    const leadOf = rowObjects(lead);
    const lineOf = (recorded: RecordedRow) => {
      const { input: _, ...line } = readingLine(recorded.row);
      return `${JSON.stringify({ ...leadOf(recorded), ...line })}\n`;
    };
    return textOf({ head: '', text: (rows: readonly RecordedRow[]) => rows.map(lineOf).join('') }, pages);
  }
  const columns = readingColumns(session.actionUnits)
    .filter(({ name }) => name !== 'input')
    .map(({ value, ...column }): Column<RecordedRow> => ({ ...column, value: ({ row }) => value(row) }));
  return chunksOf(request, [...lead, ...columns], pages);
}

const WALL_TIME: Column<RecordedRow> = {
  name: 'wallTime',
  type: 'TIMESTAMP',
  value: ({ moment }) => new Date(moment.wallTime).toISOString(),
};

function readingsOf({ size, actionUnits, streamName }: SessionToExport) {
  return (moment: Moment, duration: number): RecordedRow[] => {
    const rows = rowsOf(streamName, moment, duration, size ?? { width: 0, height: 0 }, actionUnits);
    return rows.map((row) => ({ row, moment }));
  };
}

/** Moments with the time that each stands for, which the next one tells. */
async function* momentsOf<Row>(
  { sessionId, afterSeq, from, to }: ExportRequest,
  { mediaEnd }: SessionToExport,
  { recordings }: Sources,
  rowsOfMoment: (moment: Moment, duration: number) => Row[],
): AsyncGenerator<readonly Row[], undefined> {
  const isAsked = ({ mediaTime }: Moment) =>
    mediaTime >= (from ?? Number.NEGATIVE_INFINITY) && mediaTime < (to ?? Number.POSITIVE_INFINITY);
  let last: Moment | null = null;
  for await (const page of recordings.pages(sessionId, afterSeq, PAGE)) {
    const known: Moment[] = last === null ? [...page] : [last, ...page];
    last = known.at(-1) ?? null;
    const rows = known
      .slice(0, -1)
      .flatMap((moment, index) =>
        isAsked(moment) ? rowsOfMoment(moment, known[index + 1]!.previousDuration) : [],
      );
    if (rows.length > 0) yield rows;
    if (last !== null && last.mediaTime >= (to ?? Number.POSITIVE_INFINITY)) return;
  }
  if (last === null || !isAsked(last)) return;
  const untilEnd = mediaEnd === null ? undefined : inMicroseconds(mediaEnd - last.mediaTime);
  yield rowsOfMoment(last, newestDuration({ ...last, untilEnd }));
}
