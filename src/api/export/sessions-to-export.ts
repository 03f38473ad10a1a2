/** Which sessions an export is of, a few at a time: there may be more than memory holds. */
import type { Tags } from '../../domain/access.ts';
import type { FrameSize } from '../../domain/frame.ts';
import { isLive, LIVE_STATES } from '../../domain/stream.ts';
import { MienError } from '../../errors.ts';
import type { Prisma, PrismaClient } from '../../store/generated/client.ts';
import { sessionWhere } from '../../store/read/criteria.ts';
import type { ExportedSession } from '../../tables/session-tables.ts';
import type { ExportRequest } from './export-request.ts';

/** A session as its rows tell of it, and how far it had come when it was asked for. */
export interface SessionToExport extends ExportedSession {
  /** Of its first frame; boxes and landmarks are fractions of it. Null: there is none yet. */
  size: FrameSize | null;
  /** Names of the model's action units. */
  actionUnits: readonly string[];
  /** Whether it goes on: then nobody knows yet how long its newest moment stands. */
  isRunning: boolean;
  /** `seq` of the newest moment; -1: there is none. */
  lastSeq: number;
  /** Media time in seconds at which its source began and ended, so far; null: there is no moment yet. */
  mediaStart: number | null;
  mediaEnd: number | null;
}

export interface SessionsToExport {
  /** In the order of their ids, which is that of their creation. */
  batches(): AsyncIterable<readonly SessionToExport[]>;
  /** Keys of the tags that have a column. */
  tagKeys: readonly string[];
  /** Names of the action units that have one. */
  actionUnits: readonly string[];
  /** How many they are. */
  count: number;
}

/** Sessions that are read at a time. */
const BATCH = 100;
/** Sessions of which only the tags are read at a time. */
const BATCH_OF_TAGS = 1000;

/**
 * What is not shown to who asks is not there: neither as a session nor as a tag.
 * @param prisma a client that reads nothing which is hidden from them
 * @throws MienError NOT_FOUND
 */
export async function findSessions(request: ExportRequest, prisma: PrismaClient): Promise<SessionsToExport> {
  return request.sessionId === null
    ? findMany(request, prisma)
    : findOne(request.sessionId, request.tagColumns, prisma);
}

async function findOne(
  id: string,
  tagColumns: readonly string[] | null,
  prisma: PrismaClient,
): Promise<SessionsToExport> {
  const found = await prisma.session.findUnique({ where: { id }, include: INCLUDED });
  if (found === null) {
    throw new MienError('NOT_FOUND', `There is no session ${id}; ask \`sessions\` for those there are.`);
  }
  const session = toExport(found);
  return {
    async *batches() {
      yield [session];
    },
    tagKeys: tagColumns ?? Object.keys(session.tags).sort(),
    actionUnits: session.actionUnits,
    count: 1,
  };
}

async function findMany(
  { filter, after, tagColumns }: ExportRequest,
  prisma: PrismaClient,
): Promise<SessionsToExport> {
  const all = { AND: [sessionWhere(filter), await createdUntilNow(prisma)] };
  // An export that goes on has the columns that it began with.
  const { keys, count } = await tagsOf(all, prisma);
  const left = { AND: [all, behind(after)] };
  const actionUnits = await allActionUnits(prisma);
  // What runs goes on while others are written: of it is told what there is now.
  const running = await prisma.session.findMany({
    where: { AND: [left, { state: { in: [...LIVE_STATES] } }] },
    select: { id: true, state: true, lastSeq: true, mediaEnd: true },
  });
  const runningById = new Map(running.map((session) => [session.id, session]));
  return {
    async *batches() {
      for await (const batch of pagesById(BATCH, (page) =>
        prisma.session.findMany({ ...page(left), include: INCLUDED }),
      )) {
        yield batch.map((found) =>
          sameUnits(toExport({ ...found, ...runningById.get(found.id) }), actionUnits),
        );
      }
    },
    ...{ tagKeys: tagColumns ?? keys, actionUnits, count },
  };
}

/** By their order, since servers whose clocks differ began them. */
async function createdUntilNow(prisma: PrismaClient): Promise<Prisma.SessionWhereInput> {
  const { _max } = await prisma.session.aggregate({ _max: { ordinal: true } });
  return { ordinal: { lte: _max.ordinal ?? 0 } };
}

/** The session of the place, too, unless all of it came. */
function behind(after: ExportRequest['after']): Prisma.SessionWhereInput {
  if (after?.session == null) return {};
  return { id: after.key === null ? { gt: after.session } : { gte: after.session } };
}

async function tagsOf(
  where: Prisma.SessionWhereInput,
  prisma: PrismaClient,
): Promise<{ keys: string[]; count: number }> {
  const keys = new Set<string>();
  let count = 0;
  const read = (page: Page) => prisma.session.findMany({ ...page(where), select: { id: true, tags: true } });
  for await (const batch of pagesById(BATCH_OF_TAGS, read)) {
    count += batch.length;
    for (const { tags } of batch) for (const key of Object.keys(tags as Tags)) keys.add(key);
  }
  return { keys: [...keys].sort(), count };
}

/** Of every model that ever scored here, so that a table has the same columns whatever it is of. */
async function allActionUnits(prisma: PrismaClient): Promise<string[]> {
  const models = await prisma.model.findMany({ orderBy: { id: 'asc' }, select: { actionUnits: true } });
  return [...new Set(models.flatMap(({ actionUnits }) => actionUnits))];
}

type Page = (where: Prisma.SessionWhereInput) => {
  where: Prisma.SessionWhereInput;
  orderBy: { id: 'asc' };
  take: number;
};

async function* pagesById<Row extends { id: string }>(
  take: number,
  read: (page: Page) => Promise<Row[]>,
): AsyncGenerator<Row[], undefined> {
  for (let last: string | null = null; ; ) {
    const behindLast: Prisma.SessionWhereInput = last === null ? {} : { id: { gt: last } };
    const rows: Row[] = await read((where) => ({
      where: { AND: [where, behindLast] },
      ...{ orderBy: { id: 'asc' }, take },
    }));
    if (rows.length > 0) yield rows;
    last = rows.at(-1)?.id ?? null;
    if (rows.length < take) return;
  }
}

const INCLUDED = {
  stream: { select: { name: true } },
  model: { select: { actionUnits: true } },
} satisfies Prisma.SessionInclude;

function toExport(found: Prisma.SessionGetPayload<{ include: typeof INCLUDED }>): SessionToExport {
  const { id, streamId, frameWidth: width, frameHeight: height, lastSeq, mediaStart, mediaEnd } = found;
  return {
    ...{ id, streamId, streamName: found.stream.name, tags: found.tags as Tags },
    size: width === null || height === null ? null : { width, height },
    actionUnits: found.model.actionUnits,
    isRunning: isLive(found),
    ...{ lastSeq, mediaStart, mediaEnd },
  };
}

/** The same list as the table's, where it says the same: cells are then found by their place instead of their name. */
function sameUnits(session: SessionToExport, actionUnits: readonly string[]): SessionToExport {
  return session.actionUnits.join() === actionUnits.join() ? { ...session, actionUnits } : session;
}
