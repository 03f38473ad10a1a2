/** What an export sends: its columns, which are the same whatever the data is, and its rows as they are read. */
import { setImmediate } from 'node:timers/promises';
import { parquetTable } from '../../tables/parquet/parquet-table.ts';
import { readingTable } from '../../tables/reading-table.ts';
import { readingLine } from '../../tables/row-format.ts';
import {
  BUCKET_COLUMNS,
  EPISODE_COLUMNS,
  loopColumns,
  type OfSession,
  SUMMARY_COLUMNS,
  TIMELINE_COLUMNS,
  TRACK_COLUMNS,
  tableColumns,
} from '../../tables/session-tables.ts';
import {
  type Column,
  csvTable,
  type FloatsOf,
  jsonLinesTable,
  rowObjects,
  type TableText,
} from '../../tables/table.ts';
import type { ExportRequest } from './export-request.ts';
import {
  bucketRows,
  episodeRows,
  type RecordedRow,
  type RowsOfSession,
  readingRows,
  type Sources,
  summariesOf,
  timelineRows,
  trackRows,
} from './read-table-rows.ts';
import type { SessionsToExport } from './sessions-to-export.ts';

/** Rows that are written as text at a time: of readings, 10 ms. */
const ROWS_OF_TEXT = 50;
/** Rows of short sessions that are written together. */
const ROWS_TOGETHER = 500;

type Chunks = AsyncGenerator<string | Uint8Array, undefined>;
type Pages<Row> = AsyncIterable<readonly OfSession<Row>[]>;

/** From the first byte on. */
export function exportChunks(request: ExportRequest, sessions: SessionsToExport, sources: Sources): Chunks {
  const write = <Row>(columns: readonly Column<Row>[], rows: RowsOfSession<Row>) =>
    chunksOf(request, tableColumns(sessions.tagKeys, columns), rowsOfAll(request, sessions, rows, sources));
  switch (request.table) {
    case 'readings':
      return readings(request, sessions, rowsOfAll(request, sessions, readingRows, sources));
    case 'timeline':
      return write(TIMELINE_COLUMNS, timelineRows);
    case 'buckets':
      return write(BUCKET_COLUMNS, bucketRows);
    case 'episodes':
      return write(EPISODE_COLUMNS, episodeRows);
    case 'tracks':
      return write(TRACK_COLUMNS, trackRows);
    case 'summary':
      return chunksOf(
        request,
        tableColumns(sessions.tagKeys, SUMMARY_COLUMNS),
        summaries(request, sessions, sources),
      );
  }
}

async function* rowsOfAll<Row>(
  request: ExportRequest,
  sessions: SessionsToExport,
  rowsOf: RowsOfSession<Row>,
  sources: Sources,
): AsyncGenerator<readonly OfSession<Row>[], undefined> {
  const { after } = request;
  let together: OfSession<Row>[] = [];
  for await (const batch of sessions.batches()) {
    for (const session of batch) {
      const isPlace = after !== null && after.key !== null && (after.session ?? session.id) === session.id;
      const behind = isPlace ? { key: after.key ?? -1, track: after.track } : null;
      for await (const rows of rowsOf(session, behind, request, sources)) {
        together.push(...rows.map((row) => ({ session, row })));
        if (together.length < ROWS_TOGETHER && sessions.count > 1) continue;
        yield together;
        together = [];
      }
    }
  }
  if (together.length > 0) yield together;
}

async function* summaries(
  request: ExportRequest,
  sessions: SessionsToExport,
  sources: Sources,
): AsyncGenerator<readonly OfSession<Awaited<ReturnType<typeof summariesOf>>[number]>[], undefined> {
  for await (const batch of sessions.batches()) {
    const rows = await summariesOf(batch, request, sources);
    yield rows.map((row, at) => ({ session: batch[at]!, row }));
  }
}

function chunksOf<Row>(
  request: ExportRequest,
  columns: readonly Column<OfSession<Row>>[],
  pages: Pages<Row>,
  floatsOf?: FloatsOf<OfSession<Row>>,
): Chunks {
  if (request.format === 'parquet') return parquetTable(columns, pages, { floatsOf });
  const text = request.format === 'csv' ? csvTable(columns, request, floatsOf) : jsonLinesTable(columns);
  return textOf(text, pages);
}

async function* textOf<Row>({ head, text }: TableText<Row>, pages: AsyncIterable<readonly Row[]>): Chunks {
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

/** As `mien analyze` writes them, of a stream instead of an input. */
function readings(
  request: ExportRequest,
  { tagKeys, actionUnits }: SessionsToExport,
  pages: Pages<RecordedRow>,
): Chunks {
  const lead: Column<RecordedRow>[] = [WALL_TIME, ...loopColumns<RecordedRow>(({ moment }) => moment)];
  if (request.format === 'jsonl') {
    const leadOf = rowObjects(tableColumns(tagKeys, lead));
    const lineOf = (recorded: OfSession<RecordedRow>) => {
      const { input: _, ...line } = readingLine(recorded.row.row);
      return `${JSON.stringify({ ...leadOf(recorded), ...line })}\n`;
    };
    return textOf({ head: '', text: (rows) => rows.map(lineOf).join('') }, pages);
  }
  const { columns: all, floatsOf } = readingTable(actionUnits);
  const columns = all
    .filter(({ name }) => name !== 'input')
    .map(({ value, ...column }): Column<RecordedRow> => ({ ...column, value: ({ row }) => value(row) }));
  return chunksOf(request, tableColumns(tagKeys, [...lead, ...columns]), pages, ({ row }) =>
    floatsOf(row.row),
  );
}

const WALL_TIME: Column<RecordedRow> = {
  name: 'wallTime',
  type: 'TIMESTAMP',
  value: ({ moment }) => new Date(moment.wallTime).toISOString(),
};
