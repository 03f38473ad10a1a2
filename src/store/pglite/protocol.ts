/** What the main thread and PGlite's thread tell each other. */
import type { Error as DatabaseFailure, SqlQuery, SqlResultSet } from '@prisma/driver-adapter-utils';
import type { Parameter } from '../commit/parameter-layout.ts';

export type Request =
  | { op: 'query' | 'execute'; query: SqlQuery }
  | { op: 'script'; script: string }
  /** A statement that comes again and again; answered with the first column of its rows. */
  | { op: 'write'; sql: string; values: readonly Parameter[] }
  | { op: 'close' };

export interface ToThread {
  call: number;
  request: Request;
}

export type FromThread =
  | { call: number; result: SqlResultSet | (string | null)[] | number | null }
  /** The database's own answer to a statement. */
  | { call: number; failure: DatabaseFailure }
  /** The engine itself broke; the thread ends, and what was committed is safe on disk. */
  | { call: number; broken: string };

export interface ThreadSetup {
  directory: string;
}
