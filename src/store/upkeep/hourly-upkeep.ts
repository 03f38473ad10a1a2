/** Runs the upkeep of the database by the hour, at one of its servers at a time. */
import type { Log } from '../../domain/log.ts';
import type { RecordClock } from '../../domain/record-clock.ts';
import { repeat } from '../../threads/repeat.ts';
import { settledWithin } from '../../threads/settled-within.ts';
import type { Partitions } from '../sql/partitions.ts';
import { DAY_MS } from '../sql/utc-days.ts';
import type { Retention } from './retention.ts';

const HOUR_MS = 3_600_000;
/** Longest wait for a step, which the end of the database cuts off then; what it did not finish is done after the next start. */
export const STOP_MS = 2_000;

export interface UpkeepDeps {
  retention: Retention;
  /** Of streams that have none of their own; null: everything of theirs is kept. */
  retentionHours: number | null;
  audit: { dropOlderThan(days: number): Promise<number> };
  /** Undefined: all entries of the audit are kept. */
  auditDays: number | undefined;
  vacuum(): Promise<void>;
  /** Tomorrow's are made, too: a commit that had to, after midnight, would wait while retention takes an old day away. */
  partitions: Pick<Partitions, 'ensure'>;
  clock: Pick<RecordClock, 'now'>;
  /** Unless another server of the database does it now. */
  doOnce(name: string, work: () => Promise<void>): Promise<boolean>;
  log: Pick<Log, 'info' | 'warn'> | undefined;
}

/** Now (but for `vacuum`, which a start has no need of) and every hour. @returns what stops it, after the step under way or in some seconds */
export function startUpkeep({
  retention,
  retentionHours,
  audit,
  auditDays,
  vacuum,
  doOnce,
  log,
  ...room
}: UpkeepDeps): () => Promise<void> {
  const stopping = new AbortController();
  const makeRoom = () => roomFor(room);
  const remove = async () => {
    const sessions = await retention.dropOrphans(stopping.signal);
    if (sessions > 0) log?.info({ sessions }, 'removed what was left of sessions that are gone');
    const expired = await retention.expire(retentionHours, { stopping: stopping.signal });
    if (expired.partitions + expired.sessions + expired.moments > 0) log?.info(expired, 'retention');
  };
  const expireAudit = async () => {
    if (auditDays === undefined) return;
    const entries = await audit.dropOlderThan(auditDays);
    if (entries > 0) log?.info({ entries }, 'entries of the audit are past their time, and deleted');
  };
  /** A step that fails keeps none of the others from being done. */
  const runInTurn = async (...steps: (() => Promise<void>)[]) => {
    for (const step of steps) {
      await step().catch((error: unknown) =>
        log?.warn({ err: error }, 'upkeep of the database failed; it will be tried again'),
      );
    }
  };
  const once = async (isFirst: boolean) => {
    await doOnce('upkeep', () => runInTurn(makeRoom, expireAudit, remove, ...(isFirst ? [] : [vacuum])));
  };
  const stop = repeat(HOUR_MS, (isFirst) => runInTurn(() => once(isFirst)));
  return async () => {
    stopping.abort();
    await settledWithin(stop(), STOP_MS);
  };
}

/** Today and tomorrow. */
function roomFor({ partitions, clock }: Pick<UpkeepDeps, 'partitions' | 'clock'>): Promise<void> {
  return partitions.ensure([clock.now(), clock.now() + DAY_MS]);
}

/** How long who was shown a stream may see it when it was tagged anew by another server, which could not say so; in milliseconds. */
const TAGS_MS = 2_000;

/** Reads the tags of streams again and again while other servers can change them, whether or not these say so. @returns what stops it */
export function keepTags(
  read: () => Promise<void>,
  lease: { readonly others: number },
  log: Pick<Log, 'warn'> | undefined,
): () => Promise<void> {
  let isFailing = false;
  return repeat(TAGS_MS, async (isFirst) => {
    try {
      if (!isFirst && lease.others > 0) await read();
      isFailing = false;
    } catch (error) {
      if (!isFailing)
        log?.warn(
          { err: error },
          'the tags of streams could not be read; it is tried again every two seconds',
        );
      isFailing = true;
    }
  });
}
