/** `/export/…`: what was recorded, as tables that spreadsheets, data frames and databases read, written as it is read. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Requester } from '../../domain/access.ts';
import type { TableFormat } from '../../tables/table.ts';
import type { Context, CreateContext } from '../context/context.ts';
import { answerError, type ErrorAnswers } from '../errors/answer-error.ts';
import { answerJson } from '../errors/answer-json.ts';
import { type ExportRequest, readExportRequest } from './export-request.ts';
import { exportChunks } from './export-rows.ts';
import { createExportSlots } from './export-slots.ts';
import { findSessions, type SessionsToExport } from './sessions-to-export.ts';

export type ExportEndpoint = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  requester: Requester,
) => Promise<void>;

interface ExportOptions extends ErrorAnswers {
  createContext: CreateContext;
}

const TYPES: Record<TableFormat, string> = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/jsonl; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};

export function createExportEndpoint(options: ExportOptions): ExportEndpoint {
  const places = createExportSlots();
  return async (request, response, path, requester) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      answerJson(response, 405, { status: 'GET an export' }, { allow: 'GET, HEAD' });
      return;
    }
    try {
      const asked = readExportRequest(path, new URL(request.url ?? '', 'http://localhost').search);
      const context = options.createContext(requester);
      const inPlace = request.method === 'HEAD' ? (work: () => Promise<void>) => work() : places.for(asked);
      await inPlace(async () => {
        const sessions = await findSessions(asked, context.prisma);
        if (request.method === 'HEAD') response.writeHead(200, headersOf(asked)).end();
        else await send(asked, sessions, response, context);
      });
    } catch (error) {
      answerError(response, error, 'The export', options);
    }
  };
}

async function send(
  asked: ExportRequest,
  sessions: SessionsToExport,
  response: ServerResponse,
  context: Context,
): Promise<void> {
  const chunks = exportChunks(asked, sessions, context);
  try {
    // Before anything is answered: what cannot be read has a status of its own.
    const first = await chunks.next();
    await context.audit.record(recordOf(asked, sessions, context));
    response.writeHead(200, headersOf(asked));
    await pipeline(Readable.from(startingWith(first, chunks), { objectMode: false }), response);
  } finally {
    // Whoever went away before the first byte left it half read.
    await chunks.return(undefined);
  }
}

function recordOf(asked: ExportRequest, { count }: SessionsToExport, { requester }: Context) {
  const { table, format, sessionId: id } = asked;
  const target = id === null ? null : ({ type: 'SESSION', id, name: null } as const);
  const detail = { table, format, ...(id === null && { sessions: count, filter: filterInWords(asked) }) };
  return { requester, action: 'EXPORT', target, outcome: 'OK', detail } as const;
}

/** Of tags no values, which may name who is filmed. */
function filterInWords({ filter: { ids, streamIds, purposes, states, tags }, range }: ExportRequest): string {
  const facts = {
    ...{ session: ids, stream: streamIds, purpose: purposes, state: states },
    ...{ tag: tags && Object.keys(tags), range: range && [range.clock, range.from, range.to] },
  };
  return Object.entries(facts)
    .flatMap(([name, values]) => (values ? [`${name} ${values.slice(0, MOST_WORDS).join(', ')}`] : []))
    .join('; ');
}

/** Ids of a filter that the audit names. */
const MOST_WORDS = 20;

function headersOf({ sessionId, table, format }: ExportRequest): Record<string, string> {
  const name = sessionId === null ? `mien-${table}` : `mien-${sessionId}-${table}`;
  return {
    'content-type': TYPES[format],
    'content-disposition': `attachment; filename="${name}.${format}"`,
    // It grows while the session runs.
    'cache-control': 'no-store',
  };
}

async function* startingWith(
  first: IteratorResult<string | Uint8Array, undefined>,
  rest: AsyncGenerator<string | Uint8Array, undefined>,
): AsyncGenerator<string | Uint8Array> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
