/**
 * The services as they are for somebody who is shown only the streams with some tags: whatever else there is, for them it is
 * not there. They are told of it neither by an answer nor by a refusal.
 */
import { seesTags, type Tags } from '../../domain/access.ts';
import { tagsInWords } from '../../domain/tags.ts';
import { MienError, type MienErrorCode } from '../../errors.ts';
import type { PrismaClient } from '../../store/generated/client.ts';
import type { Outputs } from './output-port.ts';
import type { Eraser, ListMediaFiles, Load, Sessions, StreamManager, Subscriptions } from './ports.ts';
import type { IngestAddresses } from './push-port.ts';
import { tagScopedDatabase } from './tag-scoped-database.ts';

interface Limitable {
  prisma: PrismaClient;
  subscriptions: Subscriptions;
  streamManager: StreamManager;
  ingestAddresses: IngestAddresses;
  sessions: Sessions;
  mediaFiles: ListMediaFiles;
  eraser: Eraser;
  load: Load;
  outputs: Outputs;
}

export function tagScopedServices<Services extends Limitable>(services: Services, tags: Tags): Services {
  const prisma = tagScopedDatabase(services.prisma, tags);
  return {
    ...services,
    prisma,
    subscriptions: shownEvents(services.subscriptions, tags),
    streamManager: shownStreams(services.streamManager, prisma, tags),
    ingestAddresses: shownAddresses(services.ingestAddresses, prisma),
    sessions: shownSessions(services.sessions, prisma),
    // Names of files may tell of others’ streams.
    mediaFiles: async () => {
      throw forTheUnlimited();
    },
    eraser: shownEraser(services.eraser, prisma),
    load: shownLoad(services.load, prisma),
    outputs: shownOutputs(services.outputs, prisma),
  };
}

function shownEvents(all: Subscriptions, tags: Tags): Subscriptions {
  return {
    moments: (filter) => all.moments({ ...filter, tags }),
    status: (filter) => all.status({ ...filter, tags }),
    episodes: (filter) => all.episodes({ ...filter, tags }),
    aggregates: (filter) => all.aggregates({ ...filter, tags }),
    cursorOfNow: (of, scope) => all.cursorOfNow(of, { ...scope, tags }),
  };
}

/** Starts, stops and removes what is shown; registers what will be. */
function shownStreams(all: StreamManager, prisma: PrismaClient, tags: Tags): StreamManager {
  const assertShown = (id: string) => assertStreamShown(prisma, id);
  return {
    async register(stream, options) {
      if (!seesTags({ streams: tags }, stream.tags)) throw withoutItsTags(tags);
      return withoutTotals(() => all.register(stream, { ...options, shown: tags }));
    },
    async change(id, change, options) {
      await assertShown(id);
      if (change.tags && !seesTags({ streams: tags }, change.tags)) throw withoutItsTags(tags);
      return all.change(id, change, { ...options, shown: tags });
    },
    async start(id, words) {
      await assertShown(id);
      return withoutTotals(() => all.start(id, words));
    },
    async stop(id) {
      await assertShown(id);
      return all.stop(id);
    },
    async remove(id) {
      await assertShown(id);
      await all.remove(id);
    },
  };
}

function shownAddresses(all: IngestAddresses, prisma: PrismaClient): IngestAddresses {
  return {
    assertInFuture: all.assertInFuture,
    async renew(id, expiresAt) {
      await assertStreamShown(prisma, id);
      return all.renew(id, expiresAt);
    },
  };
}

async function assertStreamShown(prisma: PrismaClient, id: string): Promise<void> {
  const found = await prisma.stream.findUnique({ where: { id }, select: { id: true } });
  if (found === null) throw new MienError('NOT_FOUND', `There is no stream ${id}.`);
}

function shownSessions(all: Sessions, prisma: PrismaClient): Sessions {
  return {
    async describe(id, words) {
      await assertSessionShown(prisma, id);
      return all.describe(id, words);
    },
    async mark(id, markers) {
      await assertSessionShown(prisma, id);
      return all.mark(id, markers);
    },
    async unmark(id, choices) {
      await assertSessionShown(prisma, id);
      return all.unmark(id, choices);
    },
  };
}

/** Removes sessions that are shown; all else that is erased is for those who are shown all. */
function shownEraser(all: Eraser, prisma: PrismaClient): Eraser {
  return {
    async erase(order) {
      const { request } = order;
      if (request.type !== 'SESSION' || !request.keepSource) throw forTheUnlimited();
      await assertSessionShown(prisma, request.sessionId);
      return all.erase(order);
    },
  };
}

async function assertSessionShown(prisma: PrismaClient, id: string): Promise<void> {
  const found = await prisma.session.findUnique({ where: { id }, select: { id: true } });
  if (found === null) throw new MienError('NOT_FOUND', `There is no session ${id}.`);
}

/** What all streams together ask for would tell of those that are not shown. */
const WITHOUT_TOTALS: Partial<Record<MienErrorCode, string>> = {
  OVER_CAPACITY:
    'This machine has not the time for this stream, which was not started, because MIEN_OVERCOMMIT is false: lower its `frameRate`, or stop another one.',
  TOO_MANY_STREAMS: 'There can be no more streams: remove one, or have MIEN_MAX_STREAMS raised.',
};

async function withoutTotals<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const sentence = error instanceof MienError ? WITHOUT_TOTALS[error.code] : undefined;
    throw error instanceof MienError && sentence !== undefined ? new MienError(error.code, sentence) : error;
  }
}

function shownLoad(all: Load, prisma: PrismaClient): Load {
  return {
    effectiveFrameRate: (id) => all.effectiveFrameRate(id),
    isOverloaded: (id) => all.isOverloaded(id),
    warnings: (id) => all.warnings(id, { totals: false }),
    async capacity() {
      const streams = await prisma.stream.findMany({ select: { id: true } });
      return all.capacity(new Set(streams.map(({ id }) => id)));
    },
  };
}

/** Outputs of streams that are shown; those of all streams are for those who are shown all. */
function shownOutputs(all: Outputs, prisma: PrismaClient): Outputs {
  const assertShown = async (id: string) => {
    const found = await prisma.output.findUnique({ where: { id }, select: { id: true } });
    if (found === null) throw new MienError('NOT_FOUND', `There is no output "${id}".`);
  };
  return {
    async add(output) {
      if (output.streamId === null) throw forTheUnlimited();
      await assertStreamShown(prisma, output.streamId);
      return all.add(output);
    },
    async change(id, changeOf) {
      await assertShown(id);
      return all.change(id, changeOf);
    },
    async remove(id) {
      await assertShown(id);
      await all.remove(id);
    },
    async test(id) {
      await assertShown(id);
      return all.test(id);
    },
    status: (id) => all.status(id),
  };
}

function forTheUnlimited(): MienError {
  return new MienError('FORBIDDEN', 'This is for those who are shown all streams.');
}

function withoutItsTags(tags: Tags): MienError {
  return new MienError(
    'FORBIDDEN',
    `You are shown the streams tagged ${tagsInWords(tags)} only: give this one these \`tags\`, too.`,
  );
}
