/**
 * Checkpoints of the embedded database, of which PGlite makes none before it is closed: without them its log grows for as long
 * as it is open, and all of it is replayed after a crash. With each, the sizes of the files are noted.
 */
import { settledWithin } from '../../threads/settled-within.ts';
import { mayShrinkFiles, noteFileSizes, withdrawFileSizes } from './file-sizes.ts';
import type { Mutex } from './mutex.ts';
import type { PgliteClient } from './pglite-client.ts';

/** What takes statements. */
export type StatementClient = Pick<PgliteClient, 'query' | 'execute' | 'runScript'>;

export interface CheckpointTimes {
  /** Between two checkpoints; as PostgreSQL's `checkpoint_timeout`. */
  everyMs: number;
  /** From one look whether the note was withdrawn to the next. */
  lookMs: number;
}

const TIMES: CheckpointTimes = { everyMs: 300_000, lookMs: 5_000 };
/** Longest wait for a checkpoint under way when the database is closed. */
const STOP_MS = 2_000;
/** May hold statements of any kind. */
const SCRIPT = '';
const CHECKPOINT = { sql: 'CHECKPOINT', args: [], argTypes: [] };

export interface Checkpoints {
  /** The same database; the note of its files' sizes is withdrawn before statements that it may not outlive. */
  client: StatementClient;
  start(): void;
  /** After the one under way, or in some seconds. */
  stop(): Promise<void>;
}

/**
 * @param mutex held by everybody who asks the database something, for as long as a transaction lasts
 * @param onTrouble a checkpoint failed; it is tried again
 */
export function createCheckpoints(
  client: PgliteClient,
  directory: string,
  mutex: Mutex,
  onTrouble: (error: unknown) => void,
  { everyMs, lookMs }: CheckpointTimes = TIMES,
): Checkpoints {
  let due = Number.NEGATIVE_INFINITY;
  const beforeStatement = async (sql: string) => {
    if (!mayShrinkFiles(sql)) return;
    due = Number.NEGATIVE_INFINITY;
    await withdrawFileSizes(directory);
  };
  const look = async () => {
    if (performance.now() < due) return;
    try {
      await mutex.runExclusive(async () => {
        due = performance.now() + everyMs;
        await noteFileSizes(directory, () => client.execute(CHECKPOINT));
      });
    } catch (error) {
      onTrouble(error);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  let looking = Promise.resolve();
  return {
    client: watched(client, beforeStatement),
    start() {
      timer = setInterval(() => {
        looking = looking.then(look);
      }, lookMs);
      timer.unref();
    },
    stop() {
      clearInterval(timer);
      return settledWithin(looking, STOP_MS);
    },
  };
}

function watched(client: PgliteClient, beforeStatement: (sql: string) => Promise<void>): StatementClient {
  return {
    query: (query) => beforeStatement(query.sql).then(() => client.query(query)),
    execute: (query) => beforeStatement(query.sql).then(() => client.execute(query)),
    runScript: (script) => beforeStatement(SCRIPT).then(() => client.runScript(script)),
  };
}
