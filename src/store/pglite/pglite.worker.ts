/** PGlite in a thread of its own: it computes where it is called, and a commit takes longer than a frame may wait. */
import { parentPort, workerData } from 'node:worker_threads';
import {
  type Error as DatabaseFailure,
  isDriverAdapterError,
  type SqlDriverAdapter,
} from '@prisma/driver-adapter-utils';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { BinaryFormatQueries } from './binary-format-queries.ts';
import { openDurable } from './durable-pglite.ts';
import type {
  PgliteOperation,
  PgliteRequest,
  PgliteResponse,
  PgliteResult,
  PgliteWorkerData,
} from './pglite-protocol.ts';
import { PreparedStatements } from './prepared-statements.ts';

/** Instead of 128 MB, which a server of one process has all to itself: the operating system caches its files too. */
const SHARED_BUFFERS = '32MB';

const { directory } = workerData as PgliteWorkerData;
const port = parentPort!;
const opening = open();
// Each request awaits it and reports its failure; here nobody does.
opening.catch(() => {});

port.on('message', ({ id, operation }: PgliteRequest) => {
  run(operation).then(
    (result) => respond({ id, result }),
    (error) => fail(id, error),
  );
});

async function open() {
  const db = await openDurable(directory, ['-c', `shared_buffers=${SHARED_BUFFERS}`]);
  const adapter: SqlDriverAdapter = await new PrismaPGlite(db).connect();
  return { db, adapter, statements: new PreparedStatements(db), bytes: new BinaryFormatQueries(db) };
}

async function run(operation: PgliteOperation): Promise<PgliteResult> {
  const { db, adapter, statements, bytes } = await opening;
  switch (operation.op) {
    case 'query':
      return adapter.queryRaw(operation.query);
    case 'execute':
      return adapter.executeRaw(operation.query);
    case 'prepared':
      return statements.run(operation.sql, operation.parameters);
    case 'bytes':
      return bytes.run(operation.sql, operation.parameters);
    case 'script':
      await db.exec(operation.script);
      return null;
    case 'close':
      await db.close();
      return null;
  }
}

function fail(id: number, error: unknown): void {
  const failure = failureOf(error);
  if (failure !== null) {
    respond({ id, failure });
  } else {
    respond({ id, broken: error instanceof Error ? error.message : String(error) });
    port.close();
  }
}

/** What the database said; null when the error is not its answer, or the last one it gives. */
function failureOf(error: unknown): DatabaseFailure | null {
  const failure = isDriverAdapterError(error) ? error.cause : hasSqlState(error) ? toFailure(error) : null;
  // After these it answers nothing any more: when a commit could not be written to the disk, for one.
  if (failure?.kind === 'postgres' && /^(FATAL|PANIC)$/.test(failure.severity)) return null;
  return failure;
}

function toFailure({ code, message, severity = 'ERROR', detail, hint, column }: SqlFailure): DatabaseFailure {
  return { kind: 'postgres', code, message, severity, detail, hint, column };
}

interface SqlFailure extends Error {
  code: string;
  severity?: string;
  detail: string | undefined;
  hint: string | undefined;
  column: string | undefined;
}

function hasSqlState(error: unknown): error is SqlFailure {
  return error instanceof Error && /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown }).code));
}

function respond(response: PgliteResponse): void {
  port.postMessage(response, buffersOf(response));
}

/** Cells of bytes have memory of their own, which goes with them. */
function buffersOf(response: PgliteResponse): ArrayBuffer[] {
  if (!('result' in response) || !Array.isArray(response.result)) return [];
  return response.result.flatMap((cell) => (cell instanceof Uint8Array ? [cell.buffer as ArrayBuffer] : []));
}
