/** Who is signed in to the dashboard: rows that end with signing out, or with their time. */
import type { SignInStore } from '../../access/ports.ts';
import { ROLES, type Tags } from '../../domain/access.ts';
import type { RecordClock } from '../../domain/record-clock.ts';
import type { SignIn } from '../../domain/sign-in.ts';
import { Prisma, type PrismaClient, type SignIn as SignInRow } from '../generated/client.ts';

const KINDS = ['TOKEN', 'OIDC'] as const;

export function createSignInRepository(prisma: PrismaClient, clock: Pick<RecordClock, 'now'>): SignInStore {
  return {
    async create(hash, { kind, id: principalId, name, role, streams, expiresAt }) {
      const createdAt = new Date(clock.now());
      await prisma.signIn.deleteMany({ where: { expiresAt: { lt: createdAt } } });
      const row = { kind, principalId, name, role, streams: streams ?? Prisma.DbNull, createdAt, expiresAt };
      const { id } = await prisma.signIn.create({ data: { hash: Buffer.from(hash), ...row } });
      return id;
    },
    async byHash(hash) {
      const row = await prisma.signIn.findUnique({ where: { hash: Buffer.from(hash) } });
      return row && toSignIn(row);
    },
    async byIds(ids) {
      const rows = await prisma.signIn.findMany({ where: { id: { in: [...ids] } } });
      return rows.flatMap((row) => toSignIn(row) ?? []);
    },
    async end(hash) {
      const where = { hash: Buffer.from(hash) };
      const row = await prisma.signIn.findUnique({ where });
      const { count } = await prisma.signIn.deleteMany({ where });
      return count > 0 && row !== null ? toSignIn(row) : null;
    },
  };
}

/** @returns null for a row that a newer mien wrote, of a kind or role that this one does not know */
function toSignIn({ id, principalId, name, streams, expiresAt, ...row }: SignInRow): SignIn | null {
  const kind = KINDS.find((known) => known === row.kind);
  const role = ROLES.find((known) => known === row.role);
  if (kind === undefined || role === undefined) return null;
  return { id, principal: { kind, id: principalId, name, role, streams: toTags(streams), expiresAt } };
}

/** @returns null: all streams */
function toTags(stored: Prisma.JsonValue): Tags | null {
  if (stored === null || typeof stored !== 'object' || Array.isArray(stored)) return null;
  return Object.fromEntries(Object.entries(stored).map(([key, value]) => [key, String(value)]));
}
