/** PGlite in a thread of its own: it computes where it is called, and a commit takes longer than a frame may wait. */
import { parentPort, workerData } from 'node:worker_threads';
import type { PGlite } from '@electric-sql/pglite';
import {
  type Error as DatabaseFailure,
  isDriverAdapterError,
  type SqlDriverAdapter,
} from '@prisma/driver-adapter-utils';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { openDurable } from './durable-pglite.ts';
import { type PreparedStatements, prepareStatements } from './prepared-statements.ts';
import type { FromThread, Request, ThreadSetup, ToThread } from './protocol.ts';

/** Instead of 128 MB, which a server of one process has all to itself: the operating system caches its files too. */
const SHARED_BUFFERS = '32MB';

const { directory } = workerData as ThreadSetup;
const port = parentPort!;
const opening = open();
// Each call awaits it and reports its failure; here nobody does.
opening.catch(() => {});

port.on('message', ({ call, request }: ToThread) => {
  answer(request).then(
    (result) => reply({ call, result }),
    (error) => fail(call, error),
  );
});

async function open(): Promise<{ db: PGlite; adapter: SqlDriverAdapter; statements: PreparedStatements }> {
  const db = await openDurable(directory, ['-c', `shared_buffers=${SHARED_BUFFERS}`]);
  return { db, adapter: await new PrismaPGlite(db).connect(), statements: prepareStatements(db) };
}

async function answer(request: Request) {
  const { db, adapter, statements } = await opening;
  if (request.op === 'query') return adapter.queryRaw(request.query);
  if (request.op === 'execute') return adapter.executeRaw(request.query);
  if (request.op === 'write') return statements.run(request.sql, request.values);
  if (request.op === 'script') await db.exec(request.script);
  else await db.close();
  return null;
}

function fail(call: number, error: unknown): void {
  const failure = failureOf(error);
  if (failure !== null) {
    reply({ call, failure });
  } else {
    reply({ call, broken: error instanceof Error ? error.message : String(error) });
    port.close();
  }
}

/** What the database said; null when it was not the database that spoke, or with its last words. */
function failureOf(error: unknown): DatabaseFailure | null {
  const failure = isDriverAdapterError(error) ? error.cause : hasSqlState(error) ? toFailure(error) : null;
  // It stops there, and answers nothing any more: when a commit could not be written to the disk, for one.
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

function reply(message: FromThread): void {
  port.postMessage(message);
}
