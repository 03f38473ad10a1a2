/** Tokens in memory, for tests without a database. */
import { randomUUID } from 'node:crypto';
import type { NewToken, TokenRecord, TokenStore } from '../../src/access/ports.ts';
import { makeToken } from '../../src/access/token-format.ts';
import { MienError } from '../../src/errors.ts';

export interface MemoryTokens extends TokenStore {
  /** How often it was asked what there is. */
  asked: number;
  /** While set, every question fails with it. */
  failure: Error | null;
  /** While set, every question waits for it. */
  stall: Promise<void> | null;
  /** Makes one. @returns its secret, and its id */
  add(token?: Partial<NewToken>): Promise<{ secret: string; id: string }>;
}

export function memoryTokens(): MemoryTokens {
  let rows: TokenRecord[] = [];
  const answer = async <T>(value: () => T): Promise<T> => {
    store.asked += 1;
    await store.stall;
    if (store.failure) throw store.failure;
    return value();
  };
  const store: MemoryTokens = {
    asked: 0,
    failure: null,
    stall: null,
    counts: async () =>
      answer(() => ({ made: rows.length, revoked: rows.filter(({ revokedAt }) => revokedAt).length })),
    live: async (now) =>
      answer(() => rows.filter(({ revokedAt, expiresAt }) => !revokedAt && !(expiresAt && expiresAt <= now))),
    async create(token) {
      const row = { ...token, id: randomUUID(), createdAt: new Date(), revokedAt: null };
      rows.push(row);
      return row;
    },
    async revoke(id) {
      const row = rows.find((one) => one.id === id);
      if (row === undefined) throw new MienError('NOT_FOUND', 'There is no such token.');
      const revoked = { ...row, revokedAt: row.revokedAt ?? new Date() };
      rows = rows.map((one) => (one === row ? revoked : one));
      return revoked;
    },
    async add(token = {}) {
      const { secret, prefix, hash } = makeToken();
      const { id } = await store.create({
        ...{ name: 'wall display', role: 'VIEWER', streams: null, createdBy: 'a test', expiresAt: null },
        ...token,
        ...{ prefix, hash },
      });
      return { secret, id };
    },
  };
  return store;
}
