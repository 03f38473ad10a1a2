/** Tokens by which people and programs show who they are. */
import type { NewToken, TokenRecord, TokenStore } from '../../access/ports.ts';
import type { Tags } from '../../domain/access.ts';
import { isId } from '../../domain/id-format.ts';
import type { RecordClock } from '../../domain/record-clock.ts';
import { MienError } from '../../errors.ts';
import { type AccessToken, Prisma, type PrismaClient } from '../generated/client.ts';

export interface TokenRepository extends TokenStore {
  /** All that were ever made, in that order. */
  all(): Promise<readonly TokenRecord[]>;
}

export function createTokenRepository(
  prisma: PrismaClient,
  clock: Pick<RecordClock, 'now'>,
): TokenRepository {
  return {
    all: async () => (await prisma.accessToken.findMany({ orderBy: { ordinal: 'asc' } })).map(toRecord),
    async counts() {
      const { _count } = await prisma.accessToken.aggregate({ _count: { _all: true, revokedAt: true } });
      return { made: _count._all, revoked: _count.revokedAt };
    },
    async live(now) {
      const where = { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
      return (await prisma.accessToken.findMany({ where, orderBy: { ordinal: 'asc' } })).map(toRecord);
    },
    async create(token) {
      return toRecord(
        await prisma.accessToken.create({ data: { ...toRow(token), createdAt: new Date(clock.now()) } }),
      );
    },
    async revoke(id) {
      if (!isId(id)) throw notFound(id);
      await prisma.accessToken.updateMany({
        where: { id, revokedAt: null },
        data: { revokedAt: new Date(clock.now()) },
      });
      const row = await prisma.accessToken.findUnique({ where: { id } });
      if (row === null) throw notFound(id);
      return toRecord(row);
    },
  };
}

function toRow({ streams, hash, ...token }: NewToken): Prisma.AccessTokenCreateInput {
  return { ...token, hash: new Uint8Array(hash), streams: streams === null ? Prisma.DbNull : { ...streams } };
}

function toRecord({ ordinal: _ordinal, streams, ...row }: AccessToken): TokenRecord {
  return { ...row, streams: streams as Tags | null };
}

function notFound(id: string): MienError {
  return new MienError('NOT_FOUND', `There is no token ${JSON.stringify(id.slice(0, 100))}.`);
}
