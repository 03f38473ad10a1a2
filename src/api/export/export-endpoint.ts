/** `/export/…`: what was recorded, as tables that spreadsheets, data frames and databases read, written as it is read. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Requester, Tags } from '../../domain/access.ts';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import type { TableFormat } from '../../tables/table.ts';
import type { Context, CreateContext } from '../context/context.ts';
import { answerJson, errorBody } from '../errors/answer-json.ts';
import { type ExportRequest, readExportRequest } from './export-request.ts';
import { exportChunks, type SessionToExport } from './export-rows.ts';

export type ExportEndpoint = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  requester: Requester,
) => Promise<void>;

export interface ExportOptions {
  createContext: CreateContext;
  /** Whether an error says that the database cannot answer now. */
  isStoreAway?: ((error: unknown) => boolean) | undefined;
  log: Log;
}

const TYPES: Record<TableFormat, string> = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/jsonl; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};
const STATUS: Partial<Record<string, number>> = {
  ...{ BAD_INPUT: 400, NOT_FOUND: 404, CURSOR_EXPIRED: 410, TOO_MANY_REQUESTS: 429 },
  STORE_UNAVAILABLE: 503,
};

/** Exports as Parquet at a time: each has a thread, and holds a group of rows in memory. */
const MOST_PARQUET = 8;

export function createExportEndpoint(options: ExportOptions): ExportEndpoint {
  const parquet = createPlaces(MOST_PARQUET);
  return async (request, response, path, requester) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      answerJson(response, 405, { status: 'GET an export' }, { allow: 'GET, HEAD' });
      return;
    }
    try {
      const asked = readExportRequest(path, new URL(request.url ?? '', 'http://localhost').search);
      const context = options.createContext(requester);
      const session = await findSession(asked.sessionId, context);
      if (request.method === 'HEAD') response.writeHead(200, headersOf(asked, session)).end();
      else if (asked.format === 'parquet') await parquet(() => send(asked, session, response, context));
      else await send(asked, session, response, context);
    } catch (error) {
      answerError(response, error, options);
    }
  };
}

async function send(
  asked: ExportRequest,
  session: SessionToExport,
  response: ServerResponse,
  context: Context,
): Promise<void> {
  const chunks = exportChunks(asked, session, context);
  try {
    // Before anything is answered: what cannot be read has a status of its own.
    const first = await chunks.next();
    await context.audit.record(recordOf(asked, session, context));
    response.writeHead(200, headersOf(asked, session));
    await pipeline(Readable.from(startingWith(first, chunks), { objectMode: false }), response);
  } finally {
    // Whoever went away before the first byte left it half read.
    await chunks.return(undefined);
  }
}

function answerError(response: ServerResponse, error: unknown, { isStoreAway, log }: ExportOptions): void {
  if (response.headersSent) {
    // Cut off in the middle, which whoever reads it sees: the last chunk is missing.
    if (!isGone(error)) log.error({ err: error }, 'an export failed in the middle');
    response.destroy();
    return;
  }
  const known = isStoreAway?.(error) ? STORE_AWAY : error instanceof MienError ? error : null;
  if (!known) log.error({ err: error }, 'an export failed unexpectedly');
  const { code, message } = known ?? { code: 'INTERNAL', message: 'The export failed; the log says why.' };
  const headers = code === 'TOO_MANY_REQUESTS' ? { 'retry-after': '5' } : {};
  answerJson(response, STATUS[code] ?? 500, errorBody({ code, message }), headers);
}

/** @returns runs work while fewer than `most` are under way @throws MienError TOO_MANY_REQUESTS where it does not */
function createPlaces(most: number): (work: () => Promise<void>) => Promise<void> {
  let taken = 0;
  return async (work) => {
    if (taken >= most) throw tooMany(most);
    taken += 1;
    try {
      await work();
    } finally {
      taken -= 1;
    }
  };
}

function tooMany(most: number): MienError {
  return new MienError(
    'TOO_MANY_REQUESTS',
    `The server writes ${most} exports as Parquet, the most it does at a time: try again in a moment, or take CSV.`,
  );
}

const STORE_AWAY = new MienError('STORE_UNAVAILABLE', 'The database does not answer. Try again in a moment.');

/** What is not shown to who asks is answered as if it were not there. @throws MienError NOT_FOUND */
async function findSession(id: string, { prisma }: Context): Promise<SessionToExport> {
  const session = await prisma.session.findUnique({
    where: { id },
    include: {
      stream: { select: { name: true } },
      model: { select: { actionUnits: true } },
    },
  });
  if (session === null) {
    throw new MienError('NOT_FOUND', `There is no session ${id}; ask \`sessions\` for those there are.`);
  }
  const { frameWidth: width, frameHeight: height, mediaEnd } = session;
  return {
    id,
    streamId: session.streamId,
    streamName: session.stream.name,
    tags: session.tags as Tags,
    size: width === null || height === null ? null : { width, height },
    actionUnits: session.model.actionUnits,
    mediaEnd,
  };
}

function recordOf({ table, format }: ExportRequest, { id }: SessionToExport, { requester }: Context) {
  const target = { type: 'SESSION', id, name: null } as const;
  return { requester, action: 'EXPORT', target, outcome: 'OK', detail: { table, format } } as const;
}

function headersOf({ table, format }: ExportRequest, { id }: SessionToExport): Record<string, string> {
  return {
    'content-type': TYPES[format],
    'content-disposition': `attachment; filename="mien-${id}-${table}.${format}"`,
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

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
}
