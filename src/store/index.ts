/** The store: streams, sessions, moments and what they add up to, in PGlite or on a PostgreSQL server. */
import type { DropCounts } from '../domain/frame.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import type { RollUp } from './commit/encode-batch.ts';
import { GroupCommit, type GroupCommitConfig } from './commit/group-commit.ts';
import { createPrepareCommit } from './commit/prepare-commit.ts';
import { type Database, openDatabase } from './database.ts';
import { createModelRepository, type ModelRepository } from './model-repository.ts';
import { createMomentQueries, type MomentQueries } from './read/moments.ts';
import { createRollupQueries, type RollupQueries } from './read/rollups.ts';
import { createSessionRepository, type SessionRepository } from './session-repository.ts';
import { createPartitions } from './sql/partitions.ts';
import { createStreamRepository, type StreamRepository } from './stream-repository.ts';
import { createRetention, type Retention } from './upkeep/retention.ts';
import { startUpkeep } from './upkeep/schedule.ts';

export type { StoreMetrics } from './commit/write-batch.ts';

export interface StoreConfig extends Partial<GroupCommitConfig> {
  /** A PostgreSQL server; without it PGlite in `${dataDir}/pglite`. */
  databaseUrl?: string | undefined;
  dataDir: string;
  /** The timeline's per-second sums. */
  rollUp: RollUp;
  /** Drop what is older, at start and then every hour. Without it everything is kept. */
  retentionDays?: number | undefined;
}

export interface MomentStore extends MomentQueries {
  /**
   * Resolves once durable. Stores `quantise(moment)`: publish that, not what you had. Repeating is harmless; the
   * order within a session is kept. Moments of a session that does not exist are refused.
   * @throws MienError STORE_UNAVAILABLE (not stored: the buffer is full), NOT_FOUND, BAD_INPUT, SHUTTING_DOWN
   */
  append(moment: Moment, events: readonly EpisodeEvent[]): Promise<void>;
  /** The end of a session, in order with its moments: events that close its episodes, frames dropped since the last one. */
  finish(sessionId: string, events: readonly EpisodeEvent[], dropped: DropCounts): Promise<void>;
}

export interface Store extends Retention {
  streams: StreamRepository;
  sessions: SessionRepository;
  models: ModelRepository;
  moments: MomentStore;
  rollups: RollupQueries;
  /** For the API, whose queries are made of its schema. */
  prisma: Database['prisma'];
  /** For tests that count statements. */
  onQuery: Database['onQuery'];
  /** A cheap question to the database. @throws what it answers */
  ping(): Promise<void>;
  /** Writes what waits (for some seconds at most), then disconnects. */
  close(): Promise<void>;
}

/**
 * Migrates the database, then opens it.
 * @throws MienError CONFIG_INVALID when a newer mien prepared it; CONFLICT when another process holds the directory
 */
export async function openStore({ rollUp, retentionDays, ...config }: StoreConfig): Promise<Store> {
  const { prisma, runPrepared, onQuery, vacuum, close } = await openDatabase(config);
  const partitions = createPartitions(prisma);
  const { commitIntervalMs = 50, commitMax = 64, bufferMax = 10_000, metrics, log } = config;
  const prepare = createPrepareCommit({ prisma, runPrepared, partitions, rollUp });
  const commits = new GroupCommit(prepare, { commitIntervalMs, commitMax, bufferMax, metrics, log });
  const retention = createRetention(prisma, partitions.forget);
  await partitions.ensure([Date.now()]);
  const stopUpkeep = startUpkeep({ retention, retentionDays, vacuum, log });
  return {
    streams: createStreamRepository(prisma),
    sessions: createSessionRepository(prisma),
    models: createModelRepository(prisma),
    moments: {
      ...createMomentQueries(prisma),
      append: (moment, events) => commits.add({ moment, events }),
      finish: (sessionId, events, dropped) => commits.add({ sessionId, events, dropped }),
    },
    rollups: createRollupQueries(prisma),
    ...retention,
    prisma,
    onQuery,
    async ping() {
      await prisma.$queryRawUnsafe('SELECT 1');
    },
    async close() {
      await stopUpkeep();
      await commits.close();
      await close();
    },
  };
}
