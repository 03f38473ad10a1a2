/** Servers of one database delete what is old by their own settings, whichever comes first: that these are unlike is told. */
import { randomUUID } from 'node:crypto';
import type { Log } from '../../domain/log.ts';
import { repeat } from '../../threads/repeat.ts';
import type { PrismaClient } from '../generated/client.ts';

export interface KeepingSettings {
  /** Its host and process. */
  name: string;
  /** Null: recordings of streams that say nothing are kept. */
  retentionHours: number | null;
  /** Null: entries of the audit are kept. */
  auditDays: number | null;
}

const EVERY_MS = 60_000;
/** Who was not seen for so long is gone. */
const GONE = `seen_at < clock_timestamp() - interval '3 minutes'`;

/** $1 id, $2 name, $3 hours, $4 days. Says what this one has, and asks what others do. */
const TELL = `WITH gone AS (DELETE FROM server WHERE id <> $1::uuid AND ${GONE}), own AS (
  INSERT INTO server (id, name, retention_hours, audit_days, seen_at) VALUES ($1::uuid, $2, $3::int, $4::int, clock_timestamp())
  ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at)
SELECT name, retention_hours AS "retentionHours", audit_days AS "auditDays" FROM server
WHERE id <> $1::uuid AND NOT ${GONE} AND (retention_hours IS DISTINCT FROM $3::int OR audit_days IS DISTINCT FROM $4::int)
ORDER BY name`;
const END = 'DELETE FROM server WHERE id = $1::uuid';

/** Now, and every minute. @returns what stops it */
export function tellUnlikeSettings(
  prisma: PrismaClient,
  own: KeepingSettings,
  log: Pick<Log, 'info' | 'warn'> | undefined,
  everyMs = EVERY_MS,
): () => Promise<void> {
  const id = randomUUID();
  let told = '';
  const look = async () => {
    const values = [id, own.name, own.retentionHours, own.auditDays];
    const unlike = await prisma.$queryRawUnsafe<KeepingSettings[]>(TELL, ...values);
    const others = unlike.map((one) => `at ${one.name} ${inWords(one)}`).join('; ');
    if (others === told) return;
    told = others;
    if (others === '') log?.info({}, 'all servers of this database keep what is recorded for the same time');
    else log?.warn({ own, others: unlike }, sentenceOf(own, others));
  };
  const stop = repeat(everyMs, () =>
    look().catch((error: unknown) =>
      log?.warn({ err: error }, 'could not compare the settings of the servers; it is tried again'),
    ),
  );
  return async () => {
    await stop();
    await prisma
      .$executeRawUnsafe(END, id)
      .catch((error: unknown) =>
        log?.warn({ err: error }, 'this server is taken to be there for some minutes more'),
      );
  };
}

function sentenceOf(own: KeepingSettings, others: string): string {
  return `servers of this database keep what is recorded for unlike times, and whichever comes first each hour deletes by its own: here ${inWords(own)}; ${others}. Give all of them the same MIEN_RETENTION and MIEN_AUDIT_DAYS`;
}

function inWords({ retentionHours, auditDays }: KeepingSettings): string {
  const [recordings, audit] = [
    retentionHours === null ? 'for good' : `${retentionHours} h`,
    auditDays === null ? 'for good' : `${auditDays} days`,
  ];
  return `recordings ${recordings}, the audit ${audit}`;
}
