/** Makes commits ready, and mends what a commit may meet: rows stored before, sessions removed or taken over, partitions dropped. */
import { LIVE_STATES } from '../../domain/stream.ts';
import { MienError } from '../../errors.ts';
import type { PrismaClient } from '../generated/client.ts';
import { isDuplicate, isNoPartition } from '../sql/database-errors.ts';
import type { Partitions } from '../sql/partitions.ts';
import type { RollUp } from '../sql/rollup-values.ts';
import type { RunPrepared } from '../sql/run-prepared.ts';
import { takenOver } from '../sql/taken-over.ts';
import { type Batch, onlySessions } from './batch.ts';
import { COMMIT } from './commit-statement.ts';
import { encodeBatch } from './encode-batch.ts';
import type { LogWriter } from './log-writer.ts';

/** Who runs no session. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** By session, why nothing of it was written. */
export type Refused = ReadonlyMap<string, MienError>;

/**
 * Writes what was prepared; may be called again after it threw.
 * @throws what the database said
 */
export type Commit = () => Promise<Refused>;

/** Computes at once, so that it can be done while the database writes the batch before. */
export type PrepareBatch = (batch: Batch) => Commit;

export interface CommitDeps {
  prisma: PrismaClient;
  runPrepared: RunPrepared;
  partitions: Partitions;
  rollUp: RollUp;
  writer: Pick<LogWriter, 'keepFresh'>;
  /** Of the worker whose sessions may be written; null: none are yet. */
  lease: { readonly id: string | null };
}

export function createPrepareBatch(deps: CommitDeps): PrepareBatch {
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

/** A session that was removed or taken over keeps the whole statement from writing: then the others are written without it. */
function prepareInsert(deps: CommitDeps, batch: Batch): Commit {
  const { sessionIds, parameters } = encodeBatch(batch, deps.rollUp);
  return async () => {
    await deps.writer.keepFresh();
    await deps.partitions.ensure(batch.appended.map(({ moment }) => moment.wallTime));
    const workerId = deps.lease.id ?? NOBODY;
    const written = await deps.runPrepared(COMMIT, [...parameters, workerId]);
    if (written.length === sessionIds.length) return new Map();
    const refused = await findRefused(deps.prisma, sessionIds, workerId);
    const others = new Set(sessionIds.filter((id) => !refused.has(id)));
    const refusedToo = await prepareInsert(deps, onlySessions(batch, others))();
    return new Map([...refused, ...refusedToo]);
  };
}

async function findRefused(prisma: PrismaClient, sessionIds: string[], workerId: string): Promise<Refused> {
  const rows = await prisma.session.findMany({
    where: { id: { in: sessionIds } },
    select: { id: true, state: true, workerId: true },
  });
  const found = new Map(rows.map((row) => [row.id, row]));
  const refused = new Map<string, MienError>();
  for (const id of sessionIds) {
    const row = found.get(id);
    if (row === undefined) refused.set(id, new MienError('NOT_FOUND', `There is no session ${id} any more.`));
    else if (row.workerId !== workerId) refused.set(id, takenOver(id));
    else if (!LIVE_STATES.includes(row.state))
      refused.set(id, new MienError('CONFLICT', `Session ${id} has ended: it takes no moment any more.`));
  }
  return refused;
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
