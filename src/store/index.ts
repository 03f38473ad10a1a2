/** The store: streams, sessions, moments and what they add up to, in PGlite or on a PostgreSQL server. */
import type { DropCounts } from '../domain/frame.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import { createPrepare } from './commit/commit-statement.ts';
import type { RollUp } from './commit/encode-batch.ts';
import { type BatchConfig, type Batcher, createBatcher } from './commit/group-commit.ts';
import { type Database, openDatabase } from './database.ts';
import { createModels, type ModelBook } from './model-repository.ts';
import { createEpisodes, type EpisodeReads } from './read/episodes.ts';
import { createMomentReads, type MomentReads } from './read/moments.ts';
import { createRollups, type RollupReads } from './read/rollups.ts';
import { createSessions, type SessionBook } from './session-repository.ts';
import { createStreams, type StreamBook } from './stream-repository.ts';
import { createPartitions } from './upkeep/partitions.ts';
import { createRetention, type Retention, startUpkeep } from './upkeep/retention.ts';

export type { RollUp } from './commit/encode-batch.ts';
export type { StoreMetrics } from './commit/group-commit.ts';
export type { PrismaClient } from './generated/client.ts';
export type { ModelBook, ModelInfo } from './model-repository.ts';
export type { EpisodeReads, TrackRecord } from './read/episodes.ts';
export type { MomentReads } from './read/moments.ts';
export type { AggregateOptions, RollupReads } from './read/rollups.ts';
export type { SessionBook } from './session-repository.ts';
export type { StreamBook, StreamInput } from './stream-repository.ts';
export type { Retention } from './upkeep/retention.ts';

export interface StoreConfig extends Partial<BatchConfig> {
  /** A PostgreSQL server; without it PGlite in `${dataDir}/pglite`. */
  databaseUrl?: string | undefined;
  dataDir: string;
  /** The timeline's per-second sums. */
  rollUp: RollUp;
  /** Drop what is older, at start and then every hour. Without it everything is kept. */
  retentionDays?: number | undefined;
}

export interface MomentStore extends MomentReads {
  /**
   * Resolves once durable. Stores `quantise(moment)`: publish that, not what you had. Repeating is harmless; the
   * order within a session is kept. Moments of a session that does not exist are refused.
   * @throws MienError STORE_UNAVAILABLE (not stored: the buffer is full), NOT_FOUND, BAD_INPUT, SHUTTING_DOWN
   */
  append(moment: Moment, events: readonly EpisodeEvent[]): Promise<void>;
  /** The end of a session, in order with its moments: events that close its episodes, frames dropped since the last one. */
  finish(sessionId: string, events: readonly EpisodeEvent[], dropped: DropCounts): Promise<void>;
}

export interface Store extends EpisodeReads, Retention, Pick<Database, 'prisma' | 'onQuery'> {
  streams: StreamBook;
  sessions: SessionBook;
  models: ModelBook;
  moments: MomentStore;
  rollups: RollupReads;
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
  const { prisma, write, onQuery, tidy, close } = await openDatabase(config);
  const partitions = createPartitions(prisma);
  const { commitIntervalMs = 50, commitMax = 64, bufferMax = 10_000, metrics, log } = config;
  const prepare = createPrepare(prisma, { write, partitions, rollUp });
  const batcher = createBatcher(prepare, { commitIntervalMs, commitMax, bufferMax, metrics, log });
  const retention = createRetention(prisma, partitions.forget);
  await partitions.ensure([Date.now()]);
  const stopUpkeep = startUpkeep({ retention, days: retentionDays, tidy, log });
  return {
    prisma,
    onQuery,
    streams: createStreams(prisma),
    sessions: createSessions(prisma),
    models: createModels(prisma),
    moments: { ...createMomentReads(prisma), ...createSink(batcher) },
    rollups: createRollups(prisma),
    ...createEpisodes(prisma),
    ...retention,
    async ping() {
      await prisma.$queryRawUnsafe('SELECT 1');
    },
    async close() {
      await stopUpkeep();
      await batcher.close();
      await close();
    },
  };
}

function createSink(batcher: Batcher): Pick<MomentStore, 'append' | 'finish'> {
  return {
    append: (moment, events) => batcher.add({ moment, events }),
    finish: (sessionId, events, dropped) => batcher.add({ sessionId, events, dropped }),
  };
}
