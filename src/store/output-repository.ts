/** Outputs: other programs that are told what happens. */
import { isId } from '../domain/ids.ts';
import type {
  NewOutput,
  OutputChange,
  OutputKind,
  OutputRecord,
  OutputRule,
  OutputTopic,
  PresentStream,
} from '../domain/output.ts';
import { MienError } from '../errors.ts';
import type { Output, Prisma, PrismaClient } from './generated/client.ts';
import { openTarget, sealTarget } from './secrets/sealed-target.ts';
import type { SecretKeys } from './secrets/secret-keys.ts';
import { writeAlone } from './shared-topics.ts';

const MOST_STREAMS = 1000;

export type OutputRepository = ReturnType<typeof createOutputRepository>;

/** @param keys seal where it goes */
export function createOutputRepository(prisma: PrismaClient, keys: SecretKeys) {
  return { ...readingOf(prisma, keys), ...writingOf(prisma, keys) };
}

function readingOf(prisma: PrismaClient, keys: SecretKeys) {
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
    /** All streams, or one, with their newest sessions; a thousand at most. */
    present: (streamId: string | null) => readPresent(prisma, streamId),
  };
}

function writingOf(prisma: PrismaClient, keys: SecretKeys) {
  return {
    /** @throws MienError NOT_FOUND: its stream is not there; CONFLICT: another one has its topics */
    async create({ target, rules, topics, ...output }: NewOutput) {
      const where = { ...(await sealTarget(target, keys)) };
      const { streamId } = output;
      if (streamId !== null && !(await prisma.stream.findUnique({ where: { id: streamId } })))
        throw new MienError('NOT_FOUND', `There is no stream ${streamId}.`);
      const data = { ...output, ...where, kind: target.kind, topics: [...topics], rules: toJson(rules) };
      const create = (tx: Prisma.TransactionClient) => tx.output.create({ data });
      return toRecord(await writeAlone(prisma, create, () => true), keys);
    },
    /**
     * @param change.stopped why mien turns it off by itself; null: it is to work again
     * @throws MienError NOT_FOUND; CONFLICT: another one has its topics; never where it is turned off
     */
    async update(
      id: string,
      { target, rules, topics, ...change }: OutputChange & { stopped?: string | null },
    ) {
      const data: Prisma.OutputUpdateManyMutationInput = {
        ...change,
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
    /** @throws MienError NOT_FOUND */
    async remove(id: string) {
      const { count } = isId(id) ? await prisma.output.deleteMany({ where: { id } }) : { count: 0 };
      if (count === 0) throw notFound(id);
    },
  };
}

async function readPresent(prisma: PrismaClient, streamId: string | null): Promise<PresentStream[]> {
  const rows = await prisma.stream.findMany({
    ...(streamId !== null && { where: { id: streamId } }),
    select: { id: true, name: true, sessions: { orderBy: { ordinal: 'desc' }, take: 1 } },
    ...{ orderBy: { ordinal: 'asc' }, take: MOST_STREAMS },
  });
  return rows.map(({ id, name, sessions }) => ({ stream: { id, name }, session: sessions[0] ?? null }));
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
