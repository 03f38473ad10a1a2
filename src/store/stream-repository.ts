/** Registered streams. */
import type { Tags } from '../domain/access.ts';
import type { DetectSize } from '../domain/detect-size.ts';
import { isId } from '../domain/ids.ts';
import type { StreamChange, StreamRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import type { Prisma, PrismaClient, Stream } from './generated/client.ts';
import { openSource, type StoredSource, sealSource } from './secrets/sealed-source.ts';
import type { SecretKeys } from './secrets/secret-keys.ts';
import type { StreamTags } from './stream-tags.ts';
import { removeStream } from './upkeep/removal.ts';

export type StreamInput = Omit<StreamRecord, 'id' | 'createdAt' | 'shouldRun'>;

export interface StreamRepository {
  /** It should not run until a session is created. */
  create(input: StreamInput): Promise<StreamRecord>;
  get(id: string): Promise<StreamRecord | null>;
  /** Of one that is stored, without a wait; null when there is none. */
  tagsOf(id: string): Tags | null;
  isEmpty(): Promise<boolean>;
  /** @throws MienError NOT_FOUND */
  setShouldRun(id: string, shouldRun: boolean): Promise<void>;
  /** @throws MienError NOT_FOUND */
  update(id: string, change: StreamChange): Promise<StreamRecord>;
  /** One more crash of the server that came soon after its start. Returns how many in a row. @throws MienError NOT_FOUND */
  countCrash(id: string): Promise<number>;
  /** How many so far; 0 when the stream is gone. */
  crashesOf(id: string): Promise<number>;
  /** There was none, after all. Harmless when the stream is gone. */
  forgetCrashes(id: string): Promise<void>;
  /** Those registered under this name, in the order of registration. */
  byName(name: string): Promise<StreamRecord[]>;
  /** Those that should be running, in the order of registration. */
  thatShouldRun(): Promise<StreamRecord[]>;
  /** Those whose source is this upload, in the order of registration. */
  byUpload(token: string): Promise<StreamRecord[]>;
  /** With all that was recorded from it. One that failed can be asked for again. @throws MienError NOT_FOUND */
  remove(id: string): Promise<void>;
}

/**
 * @param keys seal the secrets of addresses
 * @param known the tags of all streams that are stored, kept current here
 */
export function createStreamRepository(
  prisma: PrismaClient,
  keys: SecretKeys,
  known: StreamTags,
): StreamRepository {
  async function findAll(where: Prisma.StreamWhereInput): Promise<StreamRecord[]> {
    const rows = await prisma.stream.findMany({ where, orderBy: { ordinal: 'asc' } });
    return Promise.all(rows.map((row) => toRecord(row, keys)));
  }
  return {
    ...createCrashCounts(prisma),
    ...createChanges(prisma, keys, known),
    async create(input) {
      const source = await sealSource(input.source, keys);
      const record = await toRecord(await prisma.stream.create({ data: { ...input, source } }), keys);
      known.set(record.id, record.tags);
      return record;
    },
    async get(id) {
      const row = isId(id) ? await prisma.stream.findUnique({ where: { id } }) : null;
      return row && toRecord(row, keys);
    },
    tagsOf: (id) => known.get(id) ?? null,
    async isEmpty() {
      return (await prisma.stream.findFirst({ select: { id: true } })) === null;
    },
    byName: (name) => findAll({ name }),
    thatShouldRun: () => findAll({ shouldRun: true }),
    byUpload: (token) => findAll({ source: { path: ['token'], equals: token } }),
    async remove(id) {
      const removed = isId(id) && (await removeStream(prisma, id));
      known.delete(id);
      if (!removed) throw notFound(id);
    },
  };
}

function createChanges(
  prisma: PrismaClient,
  keys: SecretKeys,
  known: StreamTags,
): Pick<StreamRepository, 'setShouldRun' | 'update'> {
  return {
    async setShouldRun(id, shouldRun) {
      await update(prisma, id, { shouldRun });
    },
    async update(id, change) {
      const record = await toRecord(await update(prisma, id, change), keys);
      known.set(id, record.tags);
      return record;
    },
  };
}

function createCrashCounts(
  prisma: PrismaClient,
): Pick<StreamRepository, 'countCrash' | 'crashesOf' | 'forgetCrashes'> {
  return {
    async countCrash(id) {
      return (await update(prisma, id, { crashes: { increment: 1 } })).crashes;
    },
    async crashesOf(id) {
      const row = isId(id)
        ? await prisma.stream.findUnique({ where: { id }, select: { crashes: true } })
        : null;
      return row?.crashes ?? 0;
    },
    async forgetCrashes(id) {
      if (isId(id))
        await prisma.stream.updateMany({ where: { id, crashes: { gt: 0 } }, data: { crashes: 0 } });
    },
  };
}

/** @throws MienError NOT_FOUND */
async function update(
  prisma: PrismaClient,
  id: string,
  data: Prisma.StreamUpdateManyMutationInput,
): Promise<Stream> {
  const [row] = isId(id) ? await prisma.stream.updateManyAndReturn({ where: { id }, data }) : [];
  if (row === undefined) throw notFound(id);
  return row;
}

async function toRecord(
  { ordinal: _ordinal, crashes: _crashes, source, detectSize, tags, ...row }: Stream,
  keys: SecretKeys,
): Promise<StreamRecord> {
  return {
    ...row,
    detectSize: detectSize as DetectSize,
    tags: tags as Tags,
    source: await openSource(source as StoredSource, keys),
  };
}

function notFound(id: string): MienError {
  return new MienError('NOT_FOUND', `There is no stream ${id}.`);
}
