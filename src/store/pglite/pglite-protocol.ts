/** What the main thread and PGlite's thread tell each other. */
import type { Error as DatabaseFailure, SqlQuery, SqlResultSet } from '@prisma/driver-adapter-utils';
import type { Parameter } from '../sql/run-prepared.ts';

export type PgliteOperation =
  | { op: 'query' | 'execute'; query: SqlQuery }
  | { op: 'script'; script: string }
  /** A statement that is parsed once; answered with the first column of its rows. */
  | { op: 'prepared'; sql: string; parameters: readonly Parameter[] }
  /** A query of one row; answered with its cells as bytes. */
  | { op: 'bytes'; sql: string; parameters: readonly string[] }
  | { op: 'close' };

export interface PgliteRequest {
  id: number;
  operation: PgliteOperation;
}

export type PgliteResult = SqlResultSet | (string | null)[] | (Uint8Array | null)[] | number | null;

/** With the id of the request. */
export type PgliteResponse =
  | { id: number; result: PgliteResult }
  /** The database's own answer to a statement. */
  | { id: number; failure: DatabaseFailure }
  /** The engine itself broke; the thread ends, and what was committed is safe on disk. */
  | { id: number; broken: string };

export interface PgliteWorkerData {
  directory: string;
}
