/** Statements that a server keeps, so that they are parsed once per connection. */
import { createHash } from 'node:crypto';
import type { SqlQuery, SqlQueryable } from '@prisma/driver-adapter-utils';
import { isStatementNotKept } from './database-errors.ts';
import type { Parameter, RunPrepared } from './run-prepared.ts';

/**
 * Behind a pooler that gives every transaction another connection (PgBouncer, with `max_prepared_statements = 0`), statements
 * are not kept: from the first that is not known, or is another's, they are parsed each time.
 */
export function prepareWhereKept(keeping: SqlQueryable, parsing: SqlQueryable): RunPrepared {
  let run = runParsed(keeping);
  let isKeeping = true;
  return async (sql, parameters) => {
    try {
      return await run(sql, parameters);
    } catch (error) {
      if (!isKeeping || !isStatementNotKept(error)) throw error;
      isKeeping = false;
      run = runParsed(parsing);
      return run(sql, parameters);
    }
  };
}

/** As the connection does it by itself. */
export function runParsed(connection: SqlQueryable): RunPrepared {
  return async (sql, parameters) => {
    const query = { sql, args: [...parameters], argTypes: parameters.map(argTypeOf) };
    return (await connection.queryRaw(query)).rows.map(([first]) => first);
  };
}

/** Statements that are the same have the same name, and are parsed once per connection. */
export function statementName({ sql }: SqlQuery): string {
  return createHash('sha256').update(sql).digest('base64url');
}

function argTypeOf(parameter: Parameter) {
  return { scalarType: typeof parameter === 'string' ? 'string' : 'bytes', arity: 'scalar' } as const;
}
