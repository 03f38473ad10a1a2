/** What a database error means for its caller: try again, repeat without what is stored already, or give up. */

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
