/** Makes commits ready, and mends what a commit may meet: rows stored before, sessions removed, partitions dropped. */
import type { PrismaClient } from '../generated/client.ts';
import { isDuplicate, isNoPartition } from '../sql/database-errors.ts';
import type { RunPrepared } from '../sql/parameters.ts';
import type { Partitions } from '../sql/partitions.ts';
import type { RollUp } from '../sql/rollup-values.ts';
import { type Batch, onlySessions, sessionIdsOf } from './batch.ts';
import { COMMIT } from './commit-statement.ts';
import { encodeBatch } from './encode-batch.ts';
import type { LogWriter } from './log-writer.ts';

/**
 * Writes what was prepared; may be called again after it threw.
 * @returns the sessions that no longer exist: nothing of theirs was written
 * @throws what the database said
 */
export type Commit = () => Promise<Set<string>>;

/** Computes at once, so that it can be done while the database writes the batch before. */
export type PrepareCommit = (batch: Batch) => Commit;

export interface CommitDeps {
  prisma: PrismaClient;
  runPrepared: RunPrepared;
  partitions: Partitions;
  rollUp: RollUp;
  writer: Pick<LogWriter, 'keepFresh'>;
}

export function createPrepareCommit(deps: CommitDeps): PrepareCommit {
  return (batch) => {
    const insert = prepareInsert(deps, batch);
    return async () => {
      try {
        return await insert();
      } catch (error) {
        if (isNoPartition(error)) {
          deps.partitions.forget();
          return insert();
        }
        if (isDuplicate(error)) return prepareInsert(deps, await withoutStored(deps.prisma, batch))();
        throw error;
      }
    };
  };
}

/** A session that was removed keeps the whole statement from writing: then the others are written without it. */
function prepareInsert(deps: CommitDeps, batch: Batch): Commit {
  const { sessionIds, parameters } = encodeBatch(batch, deps.rollUp);
  return async () => {
    await deps.writer.keepFresh();
    await deps.partitions.ensure(batch.appended.map(({ moment }) => moment.wallTime));
    const written = await deps.runPrepared(COMMIT, parameters);
    if (written.length === sessionIds.length) return new Set();
    const existing = await existingSessions(deps.prisma, batch);
    const gone = sessionIds.filter((id) => !existing.has(id));
    const goneToo = await prepareInsert(deps, onlySessions(batch, existing))();
    return new Set([...gone, ...goneToo]);
  };
}

async function existingSessions(prisma: PrismaClient, batch: Batch): Promise<Set<string>> {
  const rows = await prisma.session.findMany({
    where: { id: { in: sessionIdsOf(batch) } },
    select: { id: true },
  });
  return new Set(rows.map(({ id }) => id));
}

/** What a repeated batch holds that was not stored the first time, each moment once. */
async function withoutStored(prisma: PrismaClient, { appended, ends }: Batch): Promise<Batch> {
  const stored = await prisma.$queryRawUnsafe<{ key: string }[]>(
    `SELECT m.session_id || ' ' || m.seq AS key FROM moment m
      JOIN unnest($1::text::uuid[], $2::text::int[]) AS k (session_id, seq) USING (session_id, seq)`,
    `{${appended.map(({ moment }) => moment.sessionId).join()}}`,
    `{${appended.map(({ moment }) => moment.seq).join()}}`,
  );
  const seen = new Set(stored.map(({ key }) => key));
  const fresh = appended.filter(({ moment: { sessionId, seq } }) => {
    const key = `${sessionId} ${seq}`;
    const first = !seen.has(key);
    seen.add(key);
    return first;
  });
  return { appended: fresh, ends };
}
