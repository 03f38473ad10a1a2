/** Runs the upkeep of the database by the hour. */
import type { Log } from '../../domain/log.ts';
import type { Retention } from './retention.ts';

const HOUR_MS = 3_600_000;

export interface UpkeepDeps {
  retention: Retention;
  /** Undefined: everything is kept. */
  retentionDays: number | undefined;
  vacuum(): Promise<void>;
  log: Pick<Log, 'info' | 'warn'> | undefined;
}

/** Now (but for `vacuum`, which a start has no need of) and every hour. @returns what stops it, after the step under way */
export function startUpkeep({ retention, retentionDays, vacuum, log }: UpkeepDeps): () => Promise<void> {
  const stopping = new AbortController();
  const remove = async () => {
    const sessions = await retention.dropOrphans(stopping.signal);
    if (sessions > 0) log?.info({ sessions }, 'removed what was left of sessions that are gone');
    if (retentionDays === undefined) return;
    const dropped = await retention.dropOlderThan(retentionDays);
    log?.info(dropped, 'retention');
  };
  const runInTurn = async (...steps: (() => Promise<void>)[]) => {
    try {
      for (const step of steps) await step();
    } catch (error) {
      log?.warn({ err: error }, 'upkeep of the database failed; it will be tried again');
    }
  };
  let running = runInTurn(remove);
  const timer = setInterval(() => {
    running = running.then(() => runInTurn(remove, vacuum));
  }, HOUR_MS);
  timer.unref();
  return async () => {
    stopping.abort();
    clearInterval(timer);
    await running;
  };
}
