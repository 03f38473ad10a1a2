/** Registered streams. */
import type { Tags } from '../domain/access.ts';
import type { DetectSize } from '../domain/detect-size.ts';
import { isId } from '../domain/id-format.ts';
import type { RecordClock } from '../domain/record-clock.ts';
import { LIVE_STATES, type StreamChange, type StreamRecord } from '../domain/stream.ts';
import { type CrashCounts, createCrashCounts } from './crash-counts.ts';
import type { Prisma, PrismaClient, Stream } from './generated/client.ts';
import type { Lease } from './lease/lease.ts';
import { openSource, type StoredSource, sealSource } from './secrets/sealed-source.ts';
import type { SecretKeys } from './secrets/secret-keys.ts';
import { streamStartOrder } from './stream-start-order.ts';
import { readStreamTags, type StreamTags } from './stream-tags.ts';
import { noSuchStream, updateStream } from './update-stream.ts';
import { removeStream } from './upkeep/removal.ts';

/** Any number that no other program is likely to lock in the same database. */
const NAMES = 624_361_300;
export interface StreamInput extends Omit<StreamRecord, 'id' | 'createdAt' | 'shouldRun'> {
  /** From now on: it waits for this server, until a session of it is created or the server is gone. False where left out. */
  shouldRun?: boolean;
}

type IsTaken = (namesakes: StreamRecord[]) => boolean;

export interface StreamRepository extends CrashCounts {
  create(input: StreamInput): Promise<StreamRecord>;
  /**
   * The same, unless it is taken; whoever creates one of the same name meanwhile waits.
   * @param isTaken told those of this name
   * @returns null where it is
   */
  createUnless(input: StreamInput, isTaken: IsTaken): Promise<StreamRecord | null>;
  get(id: string): Promise<StreamRecord | null>;
  /** Of one that is stored, without a wait; null when there is none. `readTags`: another server may have changed them, or (null) any. */
  tagsOf(id: string): Tags | null;
  readTags(id: string | null): Promise<void>;
  isEmpty(): Promise<boolean>;
  /** @throws MienError NOT_FOUND */
  setShouldRun(id: string, shouldRun: boolean): Promise<void>;
  /** @throws MienError NOT_FOUND */
  update(id: string, change: StreamChange): Promise<StreamRecord>;
  /** Those registered under this name, in the order of registration. */
  byName(name: string): Promise<StreamRecord[]>;
  /**
   * Those that should be running, have no live session, and wait for no other server; in the order of registration. Where there are
   * other servers, first those of which this one is to begin with, then those of which others are, from the other end.
   */
  thatShouldRun(): Promise<StreamRecord[]>;
  /** They wait for this server from now on, until they are started or it is gone. */
  hold(ids: readonly string[]): Promise<void>;
  /**
   * How many streams fall to this server, if all that should run are shared out evenly; Infinity: it is alone; null: nobody else
   * can have the database open.
   */
  share(): Promise<number | null>;
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
  lease: Pick<Lease, 'hold' | 'others' | 'isExclusive'>,
  clock: Pick<RecordClock, 'now'>,
): StreamRepository {
  const findAll = (where: Prisma.StreamWhereInput) => findStreams(prisma, keys, where);
  const create = async (input: StreamInput, isTaken: IsTaken) => {
    const heldBy = input.shouldRun ? await lease.hold() : null;
    const data = { ...input, heldBy, createdAt: new Date(clock.now()) };
    const row = await createRow(prisma, keys, data, isTaken);
    const record = row && (await toRecord(row, keys));
    if (record) known.set(record.id, record.tags);
    return record;
  };
  return {
    ...createCrashCounts(prisma),
    ...createDesired(prisma, keys, lease),
    ...createChanges(prisma, keys, known),
    create: async (input) => (await create(input, () => false))!,
    createUnless: create,
    async get(id) {
      const row = isId(id) ? await prisma.stream.findUnique({ where: { id } }) : null;
      return row && toRecord(row, keys);
    },
    ...{ tagsOf: (id) => known.get(id) ?? null, readTags: (id) => readStreamTags(prisma, known, id) },
    isEmpty: async () => (await prisma.stream.findFirst({ select: { id: true } })) === null,
    byName: (name) => findAll({ name }),
    byUpload: (token) => findAll({ source: { path: ['token'], equals: token } }),
    async remove(id) {
      const removed = isId(id) && (await removeStream(prisma, id));
      known.delete(id);
      if (!removed) throw noSuchStream(id);
    },
  };
}

async function createRow(
  prisma: PrismaClient,
  keys: SecretKeys,
  input: StreamInput & { heldBy: string | null; createdAt: Date },
  isTaken: IsTaken,
): Promise<Stream | null> {
  const source = await sealSource(input.source, keys);
  return prisma.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${NAMES}::int, hashtext(${input.name}))`;
    const namesakes = await findStreams(tx, keys, { name: input.name });
    return isTaken(namesakes) ? null : tx.stream.create({ data: { ...input, source } });
  });
}

async function findStreams(
  prisma: Prisma.TransactionClient,
  keys: SecretKeys,
  where: Prisma.StreamWhereInput,
): Promise<StreamRecord[]> {
  const rows = await prisma.stream.findMany({ where, orderBy: { ordinal: 'asc' } });
  return Promise.all(rows.map((row) => toRecord(row, keys)));
}

function createDesired(
  prisma: PrismaClient,
  keys: SecretKeys,
  lease: Pick<Lease, 'hold' | 'others' | 'isExclusive'>,
): Pick<StreamRepository, 'thatShouldRun' | 'hold' | 'share'> {
  return {
    async thatShouldRun() {
      const own = await lease.hold();
      const workers = (await prisma.worker.findMany({ select: { id: true } })).map(({ id }) => id);
      const wanted = await findStreams(prisma, keys, {
        shouldRun: true,
        sessions: { none: { state: { in: [...LIVE_STATES] } } },
        OR: [{ heldBy: null }, { heldBy: { notIn: workers.filter((id) => id !== own) } }],
      });
      return streamStartOrder(own, workers, wanted);
    },
    async hold(ids) {
      if (ids.length === 0) return;
      const heldBy = await lease.hold();
      await prisma.stream.updateMany({ where: { id: { in: [...ids] } }, data: { heldBy } });
    },
    async share() {
      if (lease.isExclusive) return null;
      if (lease.others === 0) return Number.POSITIVE_INFINITY;
      const wanted = await prisma.stream.count({ where: { shouldRun: true } });
      return Math.ceil(wanted / (lease.others + 1));
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
      await updateStream(prisma, id, { shouldRun });
    },
    async update(id, change) {
      const record = await toRecord(await updateStream(prisma, id, change), keys);
      known.set(id, record.tags);
      return record;
    },
  };
}

async function toRecord(
  {
    ordinal: _1,
    crashes: _2,
    ingestHash: _3,
    ingestExpiresAt: _4,
    heldBy: _5,
    source,
    detectSize,
    tags,
    ...row
  }: Stream,
  keys: SecretKeys,
): Promise<StreamRecord> {
  return {
    ...row,
    detectSize: detectSize as DetectSize,
    tags: tags as Tags,
    source: await openSource(source as StoredSource, keys),
  };
}
