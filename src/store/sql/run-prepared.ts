/** Text, or bytes in PostgreSQL's binary format. */
export type Parameter = string | Uint8Array;

/**
 * Runs a statement that the database parses once and keeps, with large parameters, past Prisma's query compiler, which
 * would read every parameter as JSON.
 * @returns the first column of its rows
 * @throws what the database said
 */
export type RunPrepared = (sql: string, parameters: readonly Parameter[]) => Promise<unknown[]>;
