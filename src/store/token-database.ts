/** The database as commands on tokens need it: nothing is recorded, deleted or looked after meanwhile. */
import type { RecordClock } from '../domain/record-clock.ts';
import { type AuditEntries, createAuditEntries } from './access/audit-entries.ts';
import { createTokenRepository, type TokenRepository } from './access/token-repository.ts';
import { type DatabaseConfig, openDatabase } from './database.ts';

export interface TokenDatabase {
  tokens: TokenRepository;
  audit: AuditEntries;
  clock: Pick<RecordClock, 'now'>;
  close(): Promise<void>;
}

/** Migrates the database, then opens it. @throws MienError as `openStore` does */
export async function openTokenDatabase(config: DatabaseConfig): Promise<TokenDatabase> {
  const { prisma, clock, close } = await openDatabase(config);
  return { tokens: createTokenRepository(prisma, clock), audit: createAuditEntries(prisma), clock, close };
}
