/** The last that a broker is told by an output. */
import { settledWithin } from '../../threads/settled-within.ts';
import type { Connection } from './connection.ts';
import type { Publication } from './topics.ts';

const GOODBYE_MS = 1_000;
/** For taking back what a broker keeps: so long, and so much longer for each topic. */
const TAKE_BACK_MS = 5_000;
const EACH_MS = 20;

/** That mien is gone. The server ends, and waits for a moment only: of a connection that breaks instead the broker tells the same. */
export async function sayGoodbye(connection: Connection, offline: Publication): Promise<void> {
  await settledWithin(connection.publish(offline), GOODBYE_MS);
}

/** @param late the server waits no longer @returns how many of them the broker has not taken */
export async function takeBack(
  connection: Connection,
  publications: readonly Publication[],
  late: AbortSignal,
): Promise<number> {
  const milliseconds = TAKE_BACK_MS + EACH_MS * publications.length;
  const end = AbortSignal.any([AbortSignal.timeout(milliseconds), late]);
  let left = publications.length;
  const tries = publications.map(async (publication) => {
    await connection.publish(publication, end);
    left--;
  });
  await settledWithin(Promise.allSettled(tries), milliseconds, late);
  return left;
}
