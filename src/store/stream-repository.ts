/** Registered streams. */
import type { SourceInput } from '../domain/frame.ts';
import type { StreamRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import type { Prisma, PrismaClient, Stream } from './generated/client.ts';
import { isId } from './ids.ts';
import { removeStream } from './upkeep/removal.ts';

export type StreamInput = Omit<StreamRecord, 'id' | 'createdAt' | 'shouldRun'> & { shouldRun?: boolean };

export interface StreamBook {
  create(input: StreamInput): Promise<StreamRecord>;
  get(id: string): Promise<StreamRecord | null>;
  /** In the order of registration. @param page.after the id of the last one seen; default: all, from the start */
  list(page?: { first?: number; after?: string }): Promise<StreamRecord[]>;
  /** @throws MienError NOT_FOUND */
  update(id: string, changes: Partial<StreamInput>): Promise<StreamRecord>;
  /** @throws MienError NOT_FOUND */
  setShouldRun(id: string, shouldRun: boolean): Promise<void>;
  /** One more crash of the server that came soon after its start. Returns how many in a row. @throws MienError NOT_FOUND */
  countCrash(id: string): Promise<number>;
  /** There was none, after all. Harmless when the stream is gone. */
  forgetCrashes(id: string): Promise<void>;
  /** Those registered under this name. */
  byName(name: string): Promise<StreamRecord[]>;
  /** Those that should be running. */
  thatShouldRun(): Promise<StreamRecord[]>;
  /** Those whose source is this upload. */
  byUpload(token: string): Promise<StreamRecord[]>;
  /** With all that was recorded from it, or not at all. @throws MienError NOT_FOUND */
  remove(id: string): Promise<void>;
}

export function createStreams(prisma: PrismaClient): StreamBook {
  async function update(id: string, changes: Partial<StreamInput>): Promise<StreamRecord> {
    const [row] = isId(id) ? await prisma.stream.updateManyAndReturn({ where: { id }, data: changes }) : [];
    if (row === undefined) throw notFound(id);
    return record(row);
  }
  async function where(filter: Prisma.StreamWhereInput): Promise<StreamRecord[]> {
    return (await prisma.stream.findMany({ where: filter, orderBy: { ordinal: 'asc' } })).map(record);
  }
  return {
    update,
    async setShouldRun(id, shouldRun) {
      await update(id, { shouldRun });
    },
    async countCrash(id) {
      const data = { crashes: { increment: 1 } };
      const [row] = isId(id) ? await prisma.stream.updateManyAndReturn({ where: { id }, data }) : [];
      if (row === undefined) throw notFound(id);
      return row.crashes;
    },
    async forgetCrashes(id) {
      if (isId(id))
        await prisma.stream.updateMany({ where: { id, crashes: { gt: 0 } }, data: { crashes: 0 } });
    },
    byName: (name) => where({ name }),
    thatShouldRun: () => where({ shouldRun: true }),
    byUpload: (token) => where({ source: { equals: { type: 'upload', token } } }),
    async create(input) {
      return record(await prisma.stream.create({ data: input }));
    },
    async get(id) {
      const row = isId(id) ? await prisma.stream.findUnique({ where: { id } }) : null;
      return row && record(row);
    },
    async list({ first, after } = {}) {
      const cursor = after === undefined ? null : await ordinalOf(prisma, after);
      const rows = await prisma.stream.findMany({
        ...(cursor === null ? {} : { where: { ordinal: { gt: cursor } } }),
        ...(first === undefined ? {} : { take: first }),
        orderBy: { ordinal: 'asc' },
      });
      return rows.map(record);
    },
    async remove(id) {
      if (!isId(id)) throw notFound(id);
      if (!(await removeStream(prisma, id))) throw notFound(id);
    },
  };
}

async function ordinalOf(prisma: PrismaClient, id: string): Promise<number> {
  const row = isId(id) ? await prisma.stream.findUnique({ where: { id }, select: { ordinal: true } }) : null;
  if (row === null)
    throw new MienError('CURSOR_INVALID', 'The cursor names no stream. Start again without it.');
  return row.ordinal;
}

function record({ ordinal: _ordinal, crashes: _crashes, source, ...row }: Stream): StreamRecord {
  return { ...row, source: source as SourceInput };
}

function notFound(id: string): MienError {
  return new MienError('NOT_FOUND', `There is no stream ${id}.`);
}
