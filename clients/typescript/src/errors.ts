/** What can go wrong: the server says so, or it is not heard of any more. */

/** An error as GraphQL answers it. */
export interface AnsweredError {
  message: string;
  path?: readonly (string | number)[];
  extensions?: { code?: string; errorId?: string };
}

/** An answer of the server that is an error, in its own words. */
export class MienError extends Error {
  override readonly name = 'MienError';
  /** One of those that the server documents, such as `BAD_INPUT`; `UNKNOWN`: it told none. */
  readonly code: string;
  /** Under which its log tells more, of an error that was not meant; null: there is no more to tell. */
  readonly errorId: string | null;
  /** Of the field that failed; empty: the request as a whole. */
  readonly path: readonly (string | number)[];

  constructor({ message, path, extensions }: AnsweredError) {
    super(message);
    this.code = extensions?.code ?? 'UNKNOWN';
    this.errorId = extensions?.errorId ?? null;
    this.path = path ?? [];
  }
}

/** The connection broke, or could not be made. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** The `code` of a `MienError`; empty: it is none. */
export function codeOf(error: unknown): string {
  return error instanceof MienError ? error.code : '';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
