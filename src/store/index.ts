/** The store: streams, sessions, moments and what they add up to, in PGlite or on a PostgreSQL server. */
import type { IngestStreamStore, SignInStore, TokenStore } from '../access/ports.ts';
import type { DropCounts } from '../domain/frame.ts';
import type { Log } from '../domain/log.ts';
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import type { FoundMoments, MomentSearch } from '../domain/moment-search.ts';
import type {
  GroupedSession,
  SessionsAggregateOptions,
  SessionsGroup,
} from '../domain/sessions-aggregate.ts';
import { type AuditEntries, createAuditEntries } from './access/audit-entries.ts';
import { createIngestStreamStore } from './access/ingest-streams.ts';
import { createSignInRepository } from './access/sign-in-repository.ts';
import { createTokenRepository } from './access/token-repository.ts';
import { GroupCommit, type GroupCommitConfig } from './commit/group-commit.ts';
import { LogWriter } from './commit/log-writer.ts';
import { createPrepareBatch } from './commit/prepare-batch.ts';
import { type Database, openDatabase } from './database.ts';
import { createErasures, type Erasures } from './erasure/erasures.ts';
import { createJobLease, createLease, forgetJobs, type Lease } from './lease/create-lease.ts';
import type { StoreClock } from './lease/database-clock.ts';
import { createModelRepository, type ModelRepository } from './model-repository.ts';
import { createOutputRepository, type OutputRepository } from './output-repository.ts';
import { type CatchUpQueries, createCatchUpQueries } from './read/catch-up-queries.ts';
import { createLogQueries, type LogQueries } from './read/commit-log.ts';
import { searchMoments } from './read/moment-search.ts';
import { createMomentQueries, type MomentQueries } from './read/moments.ts';
import { createRollupQueries, type RollupQueries } from './read/rollups.ts';
import { aggregateSessions } from './read/sessions/aggregate-sessions.ts';
import * as sealing from './secrets/seal-stored.ts';
import { createSecretKeys, type SecretKeys } from './secrets/secret-keys.ts';
import { createSessionRepository, type SessionRepository } from './session-repository.ts';
import { createPartitions, type Partitions } from './sql/partitions.ts';
import type { RollUp } from './sql/rollup-values.ts';
import { createStreamRepository, type StreamRepository } from './stream-repository.ts';
import { openStreamTags, readStreamTags, type StreamTags } from './stream-tags.ts';
import { keepTags } from './upkeep/hourly-upkeep.ts';
import { openUpkeep } from './upkeep/open-upkeep.ts';
import { resolveRetentionSetting } from './upkeep/resolve-retention-setting.ts';
import { createRetention, type Retention } from './upkeep/retention.ts';

export type { AuditEntries, StoredAuditEntry } from './access/audit-entries.ts';
export type { StoreMetrics } from './commit/write-batch.ts';
export { isAway } from './sql/database-errors.ts';
export { openTokenDatabase, type TokenDatabase } from './token-database.ts';

export interface StoreConfig extends Partial<GroupCommitConfig> {
  /** A PostgreSQL server; without it PGlite in `${dataDir}/pglite`. */
  databaseUrl?: string | undefined;
  dataDir: string;
  /** The timeline's per-second sums. */
  rollUp: RollUp;
  /**
   * Hours after which recordings of streams that have no retention of their own are deleted, at start and then every hour;
   * DEFAULT: as was decided when the database was made. Null or undefined: they are kept.
   */
  retentionHours?: number | null | 'DEFAULT' | undefined;
  /** Days after which entries of the audit are deleted; without it they are kept. */
  auditDays?: number | undefined;
  log?: Pick<Log, 'info' | 'warn' | 'error'> | undefined;
  /** Longest wait for the answer to a commit on a server, in milliseconds. */
  commitTimeoutMs?: number | undefined;
  /** Milliseconds that the lease lasts by which it runs sessions on a server, without being renewed: 5,000. */
  leaseMs?: number | undefined;
  /** They seal the secrets of sources, the first one from now on. None: a key in `${dataDir}/secret.key`. */
  secretKeys?: readonly string[] | undefined;
}

export interface MomentStore extends MomentQueries {
  /** Those that a filter lets through, from either end: see read/moment-search.ts. Unknown session: none. */
  search(sessionId: string, search: MomentSearch): Promise<FoundMoments>;
  /**
   * Resolves once durable. Stores `quantise(moment)`: publish that, not what you had. Repeating is harmless; the
   * order within a session is kept. Moments of a session that does not exist are refused.
   * @param previous the moment before it in its session; what it stands for is known now
   * @returns where it stands among all that is committed
   * @throws MienError STORE_UNAVAILABLE (not stored: the buffer is full), NOT_FOUND, CONFLICT (another server has taken it
   * over, or it has ended), BAD_INPUT, SHUTTING_DOWN
   */
  append(moment: Moment, events: readonly EpisodeEvent[], previous?: Moment): Promise<number>;
  /**
   * The end of a session, in order with its moments: events that close its episodes, frames dropped since the last one, and
   * where the source ended in seconds of media time; null: with the last moment.
   */
  finish(
    sessionId: string,
    events: readonly EpisodeEvent[],
    dropped: DropCounts,
    end?: number | null,
  ): Promise<number>;
}

export interface Store extends Retention, sealing.SourceSealing {
  /** Hours after which recordings are deleted where their stream says nothing; null: they are kept. */
  readonly retentionHours: number | null;
  streams: StreamRepository;
  sessions: SessionRepository;
  models: ModelRepository;
  signIns: SignInStore;
  ingestStreams: IngestStreamStore;
  moments: MomentStore;
  log: LogQueries;
  newest: CatchUpQueries;
  rollups: RollupQueries;
  /** Several sessions in groups, from rollups; @throws MienError BAD_INPUT */
  aggregateSessions(
    sessions: readonly GroupedSession[],
    options: SessionsAggregateOptions,
  ): Promise<SessionsGroup[]>;
  erasures: Erasures;
  audit: AuditEntries;
  tokens: TokenStore;
  outputs: OutputRepository;
  /** By which it runs sessions. */
  lease: Pick<Lease, 'name' | 'watch' | 'age' | 'others' | 'takenOver' | 'close'>;
  /** By which what is recorded has its times. */
  clock: Pick<StoreClock, 'now' | 'isShared' | 'offset'>;
  /** For the API, whose queries are made of its schema. */
  prisma: Database['prisma'];
  /** For tests that count statements. */
  onQuery: Database['onQuery'];
  /** Seals all secrets with the newest key. Other servers on the same database must be stopped. */
  rotateSecrets(): Promise<sealing.Sealed>;
  /** A cheap question to the database. @throws what it answers */
  ping(): Promise<void>;
  /** Writes what waits (for some seconds at most), then disconnects. */
  close(): Promise<void>;
}

/**
 * Migrates the database, then opens it.
 * @throws MienError CONFIG_INVALID when a newer mien prepared it; CONFLICT when another process holds the directory
 */
export async function openStore(config: StoreConfig): Promise<Store> {
  const database = await openDatabase(config);
  try {
    const partitions = createPartitions(database.prisma);
    await forgetJobs(database);
    const keys = createSecretKeys(config.secretKeys ?? [], config.dataDir);
    await partitions.ensure([database.clock.now()]);
    sealing.tellSealed(await sealing.sealStored(database.prisma, keys, 'clear'), config.log);
    const retentionHours = await resolveRetentionSetting(database.prisma, config.retentionHours);
    const tags = await openStreamTags(database.prisma);
    const writer = await LogWriter.open(database.prisma, database.clock);
    const deletes = config.retentionHours !== undefined;
    return openOn(database, tags, partitions, keys, writer, { ...config, retentionHours, deletes });
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** `deletes`: by settings, as servers do and commands do not. */
type Opening = StoreConfig & { retentionHours: number | null; deletes: boolean };

function openOn(
  database: Database,
  tags: StreamTags,
  partitions: Partitions,
  keys: SecretKeys,
  writer: LogWriter,
  { rollUp, retentionHours, leaseMs, ...config }: Opening,
): Store {
  const { prisma, runPrepared, onQuery, scrub, dropPartition, clock, close } = database;
  const { commitIntervalMs = 20, commitMax = 64, bufferMax = 10_000, metrics, follow, log } = config;
  const [lease, doOnce] = [createLease(database, { leaseMs, log, clock }), createJobLease(prisma)];
  const prepare = createPrepareBatch({ ...{ prisma, runPrepared, partitions, rollUp, writer }, lease });
  const commits = new GroupCommit(prepare, { commitIntervalMs, commitMax, bufferMax, metrics, follow, log });
  const retention = createRetention(prisma, dropPartition, partitions.forget);
  const [erasures, audit] = [createErasures({ prisma, rollUp, scrub, doOnce }), createAuditEntries(prisma)];
  const stopTags = keepTags(() => readStreamTags(prisma, tags, null), lease, log);
  const by = { retention, partitions, audit, doOnce, clock };
  const stopUpkeep = openUpkeep(database, lease, by, { ...config, retentionHours });
  return {
    streams: createStreamRepository(prisma, keys, tags, lease, clock),
    ...{ sessions: createSessionRepository(prisma, lease, clock), models: createModelRepository(prisma) },
    moments: createMomentStore(database, commits, writer),
    ...{ log: createLogQueries(prisma), newest: createCatchUpQueries(prisma, lease) },
    rollups: createRollupQueries(prisma, rollUp),
    aggregateSessions: (...asked) => aggregateSessions(prisma, ...asked),
    ...{ erasures, audit, ...retention, retentionHours },
    ...accessStores(prisma, clock),
    outputs: createOutputRepository(prisma, keys, lease, clock),
    ...{ lease, clock, prisma, onQuery, ...sealing.createSourceSealing(keys) },
    rotateSecrets: () => sealing.rotateKeys(prisma, keys),
    ping: async () => void (await prisma.$queryRawUnsafe('SELECT 1')),
    async close() {
      erasures.stop();
      await Promise.all([stopTags(), stopUpkeep()]);
      await commits.close();
      await lease.close();
      await close();
    },
  };
}

function accessStores(prisma: Database['prisma'], clock: StoreClock) {
  const [tokens, signIns] = [createTokenRepository(prisma, clock), createSignInRepository(prisma, clock)];
  return { tokens, signIns, ingestStreams: createIngestStreamStore(prisma) };
}

function createMomentStore(database: Database, commits: GroupCommit, writer: LogWriter): MomentStore {
  const { prisma, readBytes } = database;
  return {
    ...createMomentQueries(prisma, readBytes),
    search: (sessionId, search) => searchMoments(prisma, sessionId, search),
    async append(moment, events, previous) {
      const position = writer.next();
      await commits.add({ position, moment, events, previous });
      return position;
    },
    async finish(sessionId, events, dropped, end = null) {
      const position = writer.next();
      await commits.add({ position, sessionId, events, dropped, end });
      return position;
    },
  };
}
