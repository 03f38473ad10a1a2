/** Outputs: other programs that are told what happens. */
import { isDeepStrictEqual } from 'node:util';
import { isId } from '../domain/id-format.ts';
import type {
  NewOutput,
  OutputChange,
  OutputKind,
  OutputRecord,
  OutputRule,
  OutputTopic,
  PresentStream,
} from '../domain/output.ts';
import type { RecordClock } from '../domain/record-clock.ts';
import { isLive } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import type { Output, Prisma, PrismaClient } from './generated/client.ts';
import type { Lease } from './lease/lease.ts';
import { openTarget, sealTarget } from './secrets/sealed-target.ts';
import type { SecretKeys } from './secrets/secret-keys.ts';
import { writeAlone } from './shared-topics.ts';
import { listRemoved } from './upkeep/removed-stream-records.ts';

const STREAMS_AT_A_TIME = 1000;

export type OutputRepository = ReturnType<typeof createOutputRepository>;

/** @param keys seal where it goes */
export function createOutputRepository(
  prisma: PrismaClient,
  keys: SecretKeys,
  lease: Pick<Lease, 'id'>,
  clock: Pick<RecordClock, 'now'>,
) {
  return {
    ...{ ...readingOf(prisma, keys, lease), ...writingOf(prisma, keys, clock) },
    /** Streams that were removed lately, and which of them this run of a server tells of. */
    removed: (server: string) => listRemoved(prisma, server, lease.id),
  };
}

function readingOf(prisma: PrismaClient, keys: SecretKeys, lease: Pick<Lease, 'id'>) {
  return {
    async get(id: string) {
      const row = isId(id) ? await prisma.output.findUnique({ where: { id } }) : null;
      return row && toRecord(row, keys);
    },
    count: (): Promise<number> => prisma.output.count(),
    /** Those that are turned on, in the order of their creation. */
    async enabled() {
      const rows = await prisma.output.findMany({ where: { enabled: true }, orderBy: { ordinal: 'asc' } });
      return Promise.all(rows.map((row) => toRecord(row, keys)));
    },
    /** All streams, or one, with their newest sessions. */
    present: (streamId: string | null) => readPresent(prisma, streamId, lease.id),
  };
}

function writingOf(prisma: PrismaClient, keys: SecretKeys, clock: Pick<RecordClock, 'now'>) {
  return {
    /** @throws MienError NOT_FOUND: its stream is not there; CONFLICT: another one has its topics */
    async create({ target, rules, topics, ...output }: NewOutput) {
      const where = { ...(await sealTarget(target, keys)) };
      const { streamId } = output;
      if (streamId !== null && !(await prisma.stream.findUnique({ where: { id: streamId } })))
        throw new MienError('NOT_FOUND', `There is no stream ${streamId}.`);
      const told = { ...output, ...where, kind: target.kind, topics: [...topics], rules: toJson(rules) };
      const data = { ...told, createdAt: new Date(clock.now()) };
      const create = (tx: Prisma.TransactionClient) => tx.output.create({ data });
      return toRecord(await writeAlone(prisma, create, () => true), keys);
    },
    /**
     * One that mien had turned off works again.
     * @throws MienError NOT_FOUND; CONFLICT: another one has its topics; never where it is turned off
     */
    async update(id: string, { target, rules, topics, ...change }: OutputChange) {
      const data: Prisma.OutputUpdateManyMutationInput = {
        ...{ ...change, stopped: null },
        ...(target && (await sealTarget(target, keys))),
        ...(topics && { topics: [...topics] }),
        ...(rules && { rules: toJson(rules) }),
      };
      const write = async (tx: Prisma.TransactionClient) => {
        const [row] = isId(id) ? await tx.output.updateManyAndReturn({ where: { id }, data }) : [];
        if (row === undefined) throw notFound(id);
        return row;
      };
      return toRecord(await writeAlone(prisma, write, (row) => row.enabled || target !== undefined), keys);
    },
    /** Mien turns it off by itself. @returns null: it goes elsewhere meanwhile, is off, or removed, and stays as it is */
    stop: (output: Pick<OutputRecord, 'id' | 'target'>, why: string) => stopOutput(prisma, keys, output, why),
    /** @throws MienError NOT_FOUND */
    async remove(id: string) {
      const { count } = isId(id) ? await prisma.output.deleteMany({ where: { id } }) : { count: 0 };
      if (count === 0) throw notFound(id);
    },
  };
}

/** Of several servers whose receiver wants no more one turns it off; where somebody gave it another address, none does. */
function stopOutput(
  prisma: PrismaClient,
  keys: SecretKeys,
  { id, target }: Pick<OutputRecord, 'id' | 'target'>,
  stopped: string,
): Promise<OutputRecord | null> {
  return prisma.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT 1 FROM output WHERE id = ${id}::uuid FOR UPDATE`;
    const row = await tx.output.findUnique({ where: { id, enabled: true } });
    if (row === null || !isDeepStrictEqual(await openTarget(row.sealed, keys), target)) return null;
    return toRecord(await tx.output.update({ where: { id }, data: { enabled: false, stopped } }), keys);
  });
}

/** A page of streams at a time, and of each stream one session: it may have thousands. */
async function readPresent(
  prisma: PrismaClient,
  streamId: string | null,
  ownWorker: string | null,
): Promise<PresentStream[]> {
  const present: PresentStream[] = [];
  const select = { id: true, name: true, ordinal: true };
  for (let after = 0; ; ) {
    const where = streamId === null ? { ordinal: { gt: after } } : { id: streamId };
    const streams = await prisma.stream.findMany({
      ...{ where, select, orderBy: { ordinal: 'asc' }, take: STREAMS_AT_A_TIME },
    });
    const newest = await newestSessions(
      prisma,
      streams.map(({ id }) => id),
    );
    for (const { id, name } of streams) {
      const session = newest.get(id) ?? null;
      const isElsewhere = session !== null && isLive(session) && session.workerId !== ownWorker;
      present.push({ stream: { id, name }, session, isElsewhere });
    }
    if (streamId !== null || streams.length < STREAMS_AT_A_TIME) return present;
    after = streams.at(-1)!.ordinal;
  }
}

/** By the ids of their streams. */
async function newestSessions(prisma: PrismaClient, streamIds: string[]) {
  const found = await prisma.$queryRawUnsafe<{ id: string }[]>(
    `SELECT n.id::text FROM unnest($1::uuid[]) AS asked (id) CROSS JOIN LATERAL
      (SELECT id FROM session WHERE stream_id = asked.id ORDER BY ordinal DESC LIMIT 1) AS n`,
    streamIds,
  );
  const rows = await prisma.session.findMany({ where: { id: { in: found.map(({ id }) => id) } } });
  return new Map(rows.map((row) => [row.streamId, row]));
}

function toJson(rules: readonly OutputRule[]): Prisma.InputJsonValue {
  return rules.map((rule) => ({ ...rule }));
}

async function toRecord(
  { id, name, streamId, enabled, allowPrivate, stopped, ...row }: Output,
  keys: SecretKeys,
): Promise<OutputRecord> {
  return {
    ...{ id, name, streamId, enabled, allowPrivate, stopped },
    kind: row.kind as OutputKind,
    target: await openTarget(row.sealed, keys),
    topics: row.topics as OutputTopic[],
    rules: row.rules as unknown as OutputRule[],
  };
}

function notFound(id: string): MienError {
  return new MienError('NOT_FOUND', `There is no output ${JSON.stringify(id.slice(0, 100))}.`);
}
