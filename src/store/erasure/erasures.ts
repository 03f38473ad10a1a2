/**
 * Erasures, from their request to the last row. An erasure is written down before its first row is deleted, with the steps that
 * are to be done; each step is struck out in the transaction that ends it. So whatever ends the process, another server, or
 * the next start, goes on where it stood, and does nothing twice: one at a time works at each.
 */
import {
  type ErasureOrder,
  type ErasureStep,
  type ErasureTarget,
  erasedSteps,
  type LiveSession,
} from '../../domain/erasure.ts';
import { MienError } from '../../errors.ts';
import type { Prisma, PrismaClient } from '../generated/client.ts';
import { listPartitions, PARTITIONED_TABLES, partitionName } from '../sql/partitions.ts';
import type { RollUp } from '../sql/rollup-values.ts';
import { removeStream } from '../upkeep/removal.ts';
import { eraseSession } from './erase-session.ts';
import { eraseStretch } from './erase-stretch.ts';
import { eraseTrack } from './erase-track.ts';
import { liveAmongWhole, planErasure } from './plan-erasure.ts';
import { deleteCounted, type ErasureWork, type Transaction } from './sliced-deletes.ts';

/** Moments that one transaction deletes. */
const SLICE = 2_000;

/** What does not lie in the database, or has to be told. Each may be called again for what is gone. */
export interface ErasureHands {
  /** Instead of deleting it from the database alone: whoever runs it stops first. */
  removeStream?(id: string): Promise<void>;
  removeUpload(token: string): Promise<void>;
}

export interface Erasures {
  /**
   * Writes down what is to be erased.
   * @param stop of sessions that run and go as a whole @returns the id of the record, and what is to be done
   * @throws MienError NOT_FOUND, CONFLICT, and what `stop` throws: nothing was written then
   */
  begin(
    order: ErasureOrder,
    stop: (sessions: readonly LiveSession[]) => Promise<void>,
  ): Promise<{ id: string; steps: ErasureStep[] }>;
  /**
   * Does what is left to do, down to the files of the database.
   * @returns whether nothing is left; else another server does it now
   * @throws what the database said: it can be called again
   */
  run(id: string, hands: ErasureHands): Promise<boolean>;
  /** Those that are not finished, whichever server began them, the oldest first; with what is to be let go of once they are. */
  unfinished(): Promise<{ id: string; steps: ErasureStep[] }[]>;
  /** Cuts off what runs, behind the slice under way; the next start goes on with it. */
  stop(): void;
}

interface ErasureDeps {
  prisma: PrismaClient;
  rollUp: RollUp;
  /** Lets no byte of deleted rows stay in the tables' files, as far as the database is ours. */
  scrub(partitions: readonly string[]): Promise<void>;
  /** Unless another server does it now. */
  doOnce(name: string, work: () => Promise<void>, options: { isRenewed: boolean }): Promise<boolean>;
  slice?: number;
}

export function createErasures(deps: ErasureDeps): Erasures {
  const { prisma } = deps;
  const end = new AbortController();
  const stopping = end.signal;
  return {
    async begin(order, stop) {
      const live = await liveAmongWhole(prisma, order.request);
      if (live.length > 0) await stop(live);
      return prisma.$transaction((tx) => writeDown(tx, order));
    },
    run(id, hands) {
      const work = { slice: SLICE, ...deps, stopping, id };
      return deps
        .doOnce(`erasure ${id}`, () => runSteps(work, hands), { isRenewed: true })
        .catch((error: unknown) => {
          if (error instanceof GoneOnElsewhere) return false;
          throw error;
        });
    },
    async unfinished() {
      const found = await prisma.erasure.findMany({
        where: { finishedAt: null },
        orderBy: { ordinal: 'asc' },
        select: { id: true, sessionIds: true, target: true },
      });
      return found.map(({ id, sessionIds, target }) => ({
        id,
        steps: erasedSteps(sessionIds, target as unknown as ErasureTarget),
      }));
    },
    stop: () => end.abort(new MienError('SHUTTING_DOWN', 'The store is closing.')),
  };
}

/** With the time of the database: Prisma's client would take it from this machine. */
async function writeDown(
  tx: Transaction,
  { request, requester: { kind, id, name }, reason }: ErasureOrder,
): Promise<{ id: string; steps: ErasureStep[] }> {
  const { sessionIds, steps } = await planErasure(tx, request);
  const who = { requesterKind: kind, requesterId: id, requesterName: name };
  const target = request.type === 'TAG' ? { type: request.type, key: request.key } : { ...request };
  const data = { ...who, reason, target, sessionIds, steps: toJson(steps) };
  const record = await tx.erasure.create({ data, select: { id: true } });
  await tx.$executeRaw`UPDATE erasure SET requested_at = now() WHERE id = ${record.id}::uuid`;
  return { id: record.id, steps };
}

/** This server stood still for so long that another has gone on: what is struck out stays so, and is counted once. */
class GoneOnElsewhere extends Error {}

type StepWork = ErasureWork & Pick<ErasureDeps, 'scrub'>;

async function runSteps(work: StepWork, hands: ErasureHands): Promise<void> {
  const { prisma, stopping, id } = work;
  for (let steps = await readSteps(prisma, id); steps.length > 0; steps = await readSteps(prisma, id)) {
    const [step, ...rest] = steps;
    stopping.throwIfAborted();
    await runStep(work, hands, step!, async (tx) => {
      const where = { id, steps: { equals: toJson(steps) } };
      const { count } = await tx.erasure.updateMany({ where, data: { steps: toJson(rest) } });
      if (count === 0) throw new GoneOnElsewhere();
    });
  }
  await prisma.$executeRaw`UPDATE erasure SET finished_at = now() WHERE id = ${id}::uuid AND finished_at IS NULL`;
}

type Done = (tx: Transaction) => Promise<void>;

async function runStep(work: StepWork, hands: ErasureHands, step: ErasureStep, done: Done): Promise<void> {
  switch (step.do) {
    case 'SESSION':
      return eraseSession(work, step.sessionId, done);
    case 'TRACK':
      return eraseTrack(work, step.sessionId, step.track, done);
    case 'STRETCH':
      return eraseStretch(work, step, done);
    case 'STREAM': {
      const isThere = (await work.prisma.stream.findUnique({ where: { id: step.streamId } })) !== null;
      if (isThere && hands.removeStream) await hands.removeStream(step.streamId);
      else if (isThere) await removeStream(work.prisma, step.streamId);
      return deleteCounted(work, (tx) => done(tx).then(() => ({ streams: isThere ? 1 : 0 })));
    }
    case 'UPLOAD':
      await hands.removeUpload(step.token);
      return deleteCounted(work, (tx) => done(tx).then(() => ({ uploads: 1 })));
    case 'FILES':
      await work.scrub(await partitionsOf(work.prisma, step.firstDay, step.lastDay));
      return deleteCounted(work, (tx) => done(tx).then(() => ({})));
  }
}

async function partitionsOf(prisma: PrismaClient, firstDay: number, lastDay: number): Promise<string[]> {
  const found = await Promise.all(
    PARTITIONED_TABLES.map(async (table) => {
      const [first, last] = [partitionName(table, firstDay), partitionName(table, lastDay)];
      return (await listPartitions(prisma, table)).filter((name) => name >= first && name <= last);
    }),
  );
  return found.flat();
}

async function readSteps(prisma: PrismaClient, id: string): Promise<ErasureStep[]> {
  const record = await prisma.erasure.findUniqueOrThrow({ where: { id }, select: { steps: true } });
  return record.steps as unknown as ErasureStep[];
}

function toJson(steps: readonly ErasureStep[]): Prisma.InputJsonArray {
  return steps.map((step) => ({ ...step }));
}
