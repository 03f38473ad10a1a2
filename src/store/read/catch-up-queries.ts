/** What is committed by now, for a server that may not have heard of all of it. */
import { type ErasureStep, type ErasureTarget, erasedSteps } from '../../domain/erasure.ts';
import { isId } from '../../domain/id-format.ts';
import { LIVE_STATES, type SessionRecord } from '../../domain/stream.ts';
import type { Prisma } from '../generated/client.ts';

export interface CatchUpQueries {
  /**
   * Of these streams (null: of all) the sessions that are live, or began or ended since, and these sessions, in the order of their
   * creation; `newest`: the greatest `seq` that was ever committed, -1 without any.
   */
  sessions(of: {
    streamIds: readonly string[] | null;
    sessionIds: readonly string[];
    since: Date;
  }): Promise<{ session: SessionRecord; newest: number }[]>;
  /** The newest position of each writer that has committed. */
  positions(): Promise<number[]>;
  /** Which of these streams are not there. */
  goneOf(streamIds: readonly string[]): Promise<string[]>;
  /** What was erased since: what servers that were not told may have on its way to subscribers. */
  erasedSince(since: Date): Promise<ErasureStep[]>;
  /** By which this server runs sessions; null: by none yet. */
  worker(): string | null;
  /** Those of other servers, as long as they hold a lease. */
  otherWorkers(): Promise<string[]>;
  /** By which servers on this database know each other from those on any other; it lasts as long as the database. */
  databaseId(): Promise<string>;
}

export function createCatchUpQueries(
  prisma: Prisma.TransactionClient,
  lease: { readonly id: string | null },
): CatchUpQueries {
  return {
    async sessions({ streamIds, sessionIds, since }) {
      const ofStreams = streamIds === null ? {} : { streamId: { in: streamIds.filter(isId) } };
      const isRecent = [{ startedAt: { gte: since } }, { endedAt: { gte: since } }];
      const rows = await prisma.session.findMany({
        where: {
          OR: [
            { id: { in: sessionIds.filter(isId) } },
            { ...ofStreams, OR: [{ state: { in: [...LIVE_STATES] } }, ...isRecent] },
          ],
        },
        orderBy: { ordinal: 'asc' },
        select: { ...RECORD, lastSeq: true },
      });
      return rows.map(({ lastSeq, ...session }) => ({ session, newest: lastSeq }));
    },
    async positions() {
      const writers = await prisma.writer.findMany({
        where: { newest: { gt: 0 } },
        select: { newest: true },
      });
      return writers.map(({ newest }) => Number(newest));
    },
    async goneOf(streamIds) {
      if (streamIds.length === 0) return [];
      const where = { id: { in: streamIds.filter(isId) } };
      const there = new Set(
        (await prisma.stream.findMany({ where, select: { id: true } })).map(({ id }) => id),
      );
      return streamIds.filter((id) => !there.has(id));
    },
    ...{ worker: () => lease.id, otherWorkers: () => otherWorkers(prisma, lease.id) },
    erasedSince: (since) => erasedSince(prisma, since),
    databaseId: () => databaseId(prisma),
  };
}

async function erasedSince(prisma: Prisma.TransactionClient, since: Date): Promise<ErasureStep[]> {
  const erasures = await prisma.erasure.findMany({
    where: { finishedAt: { gte: since } },
    select: { sessionIds: true, target: true },
  });
  return erasures.flatMap(({ sessionIds, target }) =>
    erasedSteps(sessionIds, target as unknown as ErasureTarget),
  );
}

async function otherWorkers(prisma: Prisma.TransactionClient, own: string | null): Promise<string[]> {
  const rows = await prisma.$queryRawUnsafe<{ id: string }[]>(
    'SELECT id::text FROM worker WHERE expires_at > clock_timestamp()',
  );
  return rows.map(({ id }) => id).filter((id) => id !== own);
}

/** Of the cluster, and of the database in it: an address may have several names. */
async function databaseId(prisma: Prisma.TransactionClient): Promise<string> {
  const [row] = await prisma.$queryRawUnsafe<{ cluster: string; database: string }[]>(
    `SELECT (SELECT system_identifier FROM pg_control_system())::text AS cluster,
      (SELECT oid FROM pg_database WHERE datname = current_database())::text AS database`,
  );
  return `${row!.cluster}-${row!.database}`;
}

const RECORD = {
  ...({ id: true, streamId: true, state: true, failure: true } as const),
  ...({ modelId: true, startedAt: true, endedAt: true } as const),
};
