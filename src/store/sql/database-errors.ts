/** What a database error means for its caller: try again, repeat without what is stored already, or give up. */

import { MienError } from '../../errors.ts';

/** Classes of SQLSTATE (PostgreSQL's appendix A) that are transient: connection, resources (a full disk too), operator, system, conflicts, read-only standby. */
const TRANSIENT = /^(08|25|40|53|55|57|58|XX)/;
/** Prisma's codes for what is wrong with the query itself. */
const PERMANENT_PRISMA = /^P2(000|002|003|005|006|007|011|012|013|014|019|020|021|022|023|025|033)$/;

interface ErrorFields {
  code?: unknown;
  message?: unknown;
  /** Prisma's client wraps the error of the driver adapter, which wraps what the database said. */
  meta?: { code?: unknown; driverAdapterError?: { cause?: AdapterCause } };
  cause?: unknown;
}

interface AdapterCause {
  originalCode?: unknown;
  code?: unknown;
}

/** The same rows were stored before: an answer was lost, not the commit. */
export function isDuplicate(error: unknown): boolean {
  return sqlState(error) === '23505';
}

/** A value that is there once at most is there already. */
export function isTaken(error: unknown): boolean {
  return isDuplicate(error) || (error as ErrorFields)?.code === 'P2002';
}

/** The partition of that day is not there; another process dropped it. */
export function isNoPartition(error: unknown): boolean {
  return (
    sqlState(error) === '23514' && /no partition of relation/.test(String((error as ErrorFields).message))
  );
}

/** The table is not there; another process dropped it. */
export function isNoTable(error: unknown): boolean {
  return sqlState(error) === '42P01';
}

/** The connection does not know a statement by this name, or knows another one: nothing was run. */
export function isStatementNotKept(error: unknown): boolean {
  return /^(26000|42P05)$/.test(sqlState(error) ?? '');
}

/** It took longer than the server lets a statement take (`statement_timeout`), or was cancelled: less of it at once may do. */
export function isTimeout(error: unknown): boolean {
  return sqlState(error) === '57014';
}

/** Others held what was wanted for longer than `lock_timeout`, are doing the same to it, or each waited for the other, and this one was ended. */
export function isLocked(error: unknown): boolean {
  return /^(55P03|55000|40P01|40001)$/.test(sqlState(error) ?? '');
}

/** A row that others refer to is missing. */
export function isMissingReference(error: unknown): boolean {
  return sqlState(error) === '23503' || (error as ErrorFields)?.code === 'P2003';
}

/** The database is away, full, or busy: the same statement may succeed later. */
export function isTransient(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return TRANSIENT.test(state);
  const code = (error as ErrorFields)?.code;
  if (typeof code === 'string' && PERMANENT_PRISMA.test(code)) return false;
  return !(
    error instanceof TypeError ||
    error instanceof RangeError ||
    (error as Error)?.name === 'MienError'
  );
}

/** Says of what may succeed later that it may. @throws MienError STORE_UNAVAILABLE; any other error as it is */
export function throwUnavailable(error: unknown): never {
  if (!isTransient(error)) throw error;
  throw new MienError('STORE_UNAVAILABLE', 'The database cannot store this now.', { cause: error });
}

/** SQLSTATE classes of a database that is away, full, or stopped by its operator; of read-only ones 25006 alone; 55P03, 40P01 and 40001: others keep what is wanted locked, or were faster. */
const AWAY = /^(08|53|57P|58|25006|55P03|40P01|40001)/;
/** Prisma's codes for the same: not reachable, not in time, closed, no connection free. */
const AWAY_PRISMA = /^P(1001|1002|1008|1011|1017|2024|2028|2037)$/;
/** Of the network, where a pool hands on what the system says. */
const AWAY_NETWORK = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;
/** Prisma wraps what the embedded database's client refuses, and keeps its code. */
const AWAY_EMBEDDED = /^(STORE_UNAVAILABLE|SHUTTING_DOWN)$/;
const AWAY_WORDS =
  /^PGlite('s thread)? (broke|failed|ended|was ended)|timeout exceeded when trying to connect|Query read timeout|Connection terminated/;

/** Whether nothing is wrong with what was asked, but the database cannot answer now. */
export function isAway(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return AWAY.test(state);
  const { code, message, cause } = (error ?? {}) as ErrorFields;
  const codes = [AWAY_PRISMA, AWAY_NETWORK, AWAY_EMBEDDED];
  if (typeof code === 'string' && codes.some((away) => away.test(code))) return true;
  if (AWAY_WORDS.test(String(message))) return true;
  return cause !== undefined && cause !== error && isAway(cause);
}

/** PostgreSQL's five-character code, where the error has one. */
function sqlState(error: unknown): string | null {
  const { meta, code, cause } = (error ?? {}) as ErrorFields;
  const adapterCause = meta?.driverAdapterError?.cause ?? (cause as AdapterCause | undefined);
  for (const candidate of [adapterCause?.originalCode, adapterCause?.code, meta?.code, code]) {
    if (typeof candidate === 'string' && /^[0-9A-Z]{5}$/.test(candidate) && !/^P\d{4}$/.test(candidate))
      return candidate;
  }
  return null;
}
