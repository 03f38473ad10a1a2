/** COPY over a plain connection: the fastest that PostgreSQL takes rows, and gives them. */
import type { Client, Connection, Submittable } from 'pg';

/** Gives what `COPY … TO STDOUT` sends. */
export function copyOut(client: Client, sql: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    client.query(
      asQuery({
        submit: (connection) => void connection.query(sql),
        handleCopyData: ({ chunk }: { chunk: Buffer }) => void chunks.push(Buffer.from(chunk)), // its memory is used again
        handleReadyForQuery: () => resolve(Buffer.concat(chunks)),
        handleError: reject,
      }),
    );
  });
}

/** Sends `rows` to `COPY … FROM STDIN`. */
export function copyIn(client: Client, sql: string, rows: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(
      asQuery({
        submit: (connection) => void connection.query(sql),
        handleCopyInResponse(connection: Connection & CopyConnection) {
          for (let at = 0; at < rows.length; at += CHUNK)
            connection.sendCopyFromChunk(rows.subarray(at, at + CHUNK));
          connection.endCopyFrom();
        },
        handleReadyForQuery: () => resolve(),
        handleError: reject,
      }),
    );
  });
}

const CHUNK = 64 * 1024;

interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

interface Handlers {
  submit(connection: Connection): void;
  handleReadyForQuery(): void;
  handleError(error: Error): void;
  [handler: string]: unknown;
}

/** What pg's client calls on a query of one's own; those that do not matter here do nothing. */
function asQuery(handlers: Handlers): Submittable {
  const nothing = () => {};
  return {
    handleRowDescription: nothing,
    handleDataRow: nothing,
    handlePortalSuspended: nothing,
    handleEmptyQuery: nothing,
    handleCommandComplete: nothing,
    handleCopyInResponse: nothing,
    handleCopyData: nothing,
    ...handlers,
  } as unknown as Submittable;
}
