/** Registered streams. */
import type { SourceInput } from '../domain/frame.ts';
import { isId } from '../domain/ids.ts';
import type { StreamRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import type { Prisma, PrismaClient, Stream } from './generated/client.ts';
import { removeStream } from './upkeep/removal.ts';

export type StreamInput = Omit<StreamRecord, 'id' | 'createdAt' | 'shouldRun'>;

export interface StreamRepository {
  /** It should not run until `setShouldRun` says so. */
  create(input: StreamInput): Promise<StreamRecord>;
  get(id: string): Promise<StreamRecord | null>;
  isEmpty(): Promise<boolean>;
  /** @throws MienError NOT_FOUND */
  setShouldRun(id: string, shouldRun: boolean): Promise<void>;
  /** One more crash of the server that came soon after its start. Returns how many in a row. @throws MienError NOT_FOUND */
  countCrash(id: string): Promise<number>;
  /** There was none, after all. Harmless when the stream is gone. */
  forgetCrashes(id: string): Promise<void>;
  /** Those registered under this name, in the order of registration. */
  byName(name: string): Promise<StreamRecord[]>;
  /** Those that should be running, in the order of registration. */
  thatShouldRun(): Promise<StreamRecord[]>;
  /** Those whose source is this upload, in the order of registration. */
  byUpload(token: string): Promise<StreamRecord[]>;
  /** With all that was recorded from it, or not at all. @throws MienError NOT_FOUND */
  remove(id: string): Promise<void>;
}

export function createStreamRepository(prisma: PrismaClient): StreamRepository {
  async function findAll(where: Prisma.StreamWhereInput): Promise<StreamRecord[]> {
    return (await prisma.stream.findMany({ where, orderBy: { ordinal: 'asc' } })).map(toRecord);
  }
  async function update(id: string, data: Prisma.StreamUpdateManyMutationInput): Promise<Stream> {
    const [row] = isId(id) ? await prisma.stream.updateManyAndReturn({ where: { id }, data }) : [];
    if (row === undefined) throw notFound(id);
    return row;
  }
  return {
    async create(input) {
      return toRecord(await prisma.stream.create({ data: input }));
    },
    async get(id) {
      const row = isId(id) ? await prisma.stream.findUnique({ where: { id } }) : null;
      return row && toRecord(row);
    },
    async isEmpty() {
      return (await prisma.stream.findFirst({ select: { id: true } })) === null;
    },
    async setShouldRun(id, shouldRun) {
      await update(id, { shouldRun });
    },
    async countCrash(id) {
      return (await update(id, { crashes: { increment: 1 } })).crashes;
    },
    async forgetCrashes(id) {
      if (isId(id))
        await prisma.stream.updateMany({ where: { id, crashes: { gt: 0 } }, data: { crashes: 0 } });
    },
    byName: (name) => findAll({ name }),
    thatShouldRun: () => findAll({ shouldRun: true }),
    byUpload: (token) => findAll({ source: { equals: { type: 'upload', token } } }),
    async remove(id) {
      if (!isId(id) || !(await removeStream(prisma, id))) throw notFound(id);
    },
  };
}

function toRecord({ ordinal: _ordinal, crashes: _crashes, source, ...row }: Stream): StreamRecord {
  return { ...row, source: source as SourceInput };
}

function notFound(id: string): MienError {
  return new MienError('NOT_FOUND', `There is no stream ${id}.`);
}
