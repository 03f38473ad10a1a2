/** What looks after the database while a store is open. */
import { settledWithin } from '../../threads/settled-within.ts';
import type { PrismaClient } from '../generated/client.ts';
import { STOP_MS, startUpkeep, type UpkeepDeps } from './hourly-upkeep.ts';
import { tellUnlikeSettings } from './unlike-settings.ts';

interface Kept {
  prisma: PrismaClient;
  vacuum: UpkeepDeps['vacuum'];
}

interface KeepingOptions extends Pick<UpkeepDeps, 'retentionHours'>, Partial<Pick<UpkeepDeps, 'log'>> {
  auditDays?: number | undefined;
  /** By settings, as servers do and commands do not. */
  deletes: boolean;
}

/** @param lease nobody else can have a database open that is exclusive @returns what stops it */
export function openUpkeep(
  { prisma, vacuum }: Kept,
  { name, isExclusive }: { readonly name: string; readonly isExclusive: boolean },
  by: Pick<UpkeepDeps, 'retention' | 'partitions' | 'audit' | 'doOnce' | 'clock'>,
  { retentionHours, auditDays, deletes, log }: KeepingOptions,
): () => Promise<void> {
  const stop = startUpkeep({ ...by, vacuum, retentionHours, auditDays, log });
  const settings = { name, retentionHours, auditDays: auditDays ?? null };
  const stopComparing = deletes && !isExclusive ? tellUnlikeSettings(prisma, settings, log) : null;
  return async () => {
    await settledWithin(Promise.all([stop(), stopComparing?.()]), STOP_MS);
  };
}
