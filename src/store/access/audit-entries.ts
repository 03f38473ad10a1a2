/** The entries of the audit: added, read in their order, and deleted when they are older than their retention. */
import { type AuditRecord, SYSTEM_ACTOR } from '../../domain/audit.ts';
import type { AuditEntry, Prisma, PrismaClient } from '../generated/client.ts';
import { DAY_MS, dayOf } from '../sql/utc-days.ts';

/** Rows that one transaction deletes: it holds up all commits of the embedded database meanwhile. */
const SLICE = 5_000;
/** Names and values come from outside: longer ones are cut. */
const LONGEST_TEXT = 500;

/** A row as it was stored. */
export type StoredAuditEntry = AuditEntry;

export interface AuditEntries {
  /** All of them or none; the database gives the time. */
  append(records: readonly AuditRecord[]): Promise<void>;
  /** In the order of storing. @param from, to when they were stored; `to` excluded */
  page(
    range: { from: Date | null; to: Date | null },
    after: number,
    first: number,
  ): Promise<StoredAuditEntry[]>;
  /**
   * Deletes those of days that ended `days` or more ago (UTC, by the database's clock); an entry tells how many.
   * @returns how many
   */
  dropOlderThan(days: number, slice?: number): Promise<number>;
}

export function createAuditEntries(prisma: PrismaClient): AuditEntries {
  return {
    async append(records) {
      await prisma.auditEntry.createMany({ data: records.map(toRow) });
    },
    page: ({ from, to }, after, first) =>
      prisma.auditEntry.findMany({
        where: { ordinal: { gt: after }, at: { ...(from && { gte: from }), ...(to && { lt: to }) } },
        orderBy: { ordinal: 'asc' },
        take: first,
      }),
    dropOlderThan: (days, slice = SLICE) => dropOlderThan(prisma, days, slice),
  };
}

async function dropOlderThan(prisma: PrismaClient, days: number, slice: number): Promise<number> {
  let dropped = 0;
  for (let last = slice; last === slice; dropped += last)
    last = await prisma.$transaction((tx) => dropSlice(tx, days, slice));
  return dropped;
}

/** The one statement that the trigger of the table lets through; see the migration. */
async function dropSlice(tx: Prisma.TransactionClient, days: number, slice: number): Promise<number> {
  const [clock] = await tx.$queryRaw<{ now: Date }[]>`SELECT now() AS now`;
  const before = new Date((dayOf(clock!.now.getTime()) - days) * DAY_MS).toISOString();
  await tx.$queryRaw`SELECT set_config('mien.audit_expires_before', ${before}, true)`;
  const entries = await tx.$executeRaw`DELETE FROM audit_entry WHERE ordinal IN (
    SELECT ordinal FROM audit_entry WHERE at < ${before}::timestamptz ORDER BY at LIMIT ${slice})`;
  if (entries > 0) await tx.auditEntry.create({ data: toRow(expired(entries, before)) });
  return entries;
}

function expired(entries: number, before: string): AuditRecord {
  return {
    requester: { principal: SYSTEM_ACTOR, address: null },
    action: 'EXPIRE_AUDIT',
    target: { type: 'AUDIT', id: null, name: null },
    outcome: 'OK',
    detail: { entries, before },
    count: 1,
    since: null,
  };
}

function toRow(record: AuditRecord): Prisma.AuditEntryCreateManyInput {
  const { requester, action, outcome, target = null, code = null, detail = {}, count, since } = record;
  const { principal, address } = requester;
  return {
    ...{ actorKind: principal.kind, actorId: storable(principal.id), actorName: storable(principal.name) },
    ...{ address, action, outcome, code, count, since },
    targetType: target?.type ?? null,
    targetId: target?.id == null ? null : storable(target.id),
    targetName: target?.name == null ? null : storable(target.name),
    detail: Object.fromEntries(
      Object.entries(detail).map(([key, value]) => [
        key,
        typeof value === 'string' ? storable(value) : value,
      ]),
    ),
  };
}

/** PostgreSQL holds no NUL, and JSON no half of a surrogate pair. */
function storable(text: string): string {
  return Buffer.from(text.slice(0, LONGEST_TEXT)).toString().replaceAll('\0', '\u{FFFD}');
}
