/**
 * PGlite whose commits wait for the disk. By itself it starts PostgreSQL with fsync off, and its files do not know
 * the call: what was committed would survive the end of the process, but not of the power.
 */
import fs from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import { cannotSync, type SyncedInodes, syncTree } from './fsync-files.ts';

/** Only plain `fsync` leaves PGlite: the default, fdatasync, ends in a function that does nothing. */
const SETTINGS = ['-c', 'fsync=on', '-c', 'wal_sync_method=fsync'];
const UNKNOWN_PGLITE =
  'PGlite commits without waiting for the disk, so that a power cut would lose data: this version of it is not ' +
  'the one that mien was made for. Install the version in package.json, or set DATABASE_URL.';
const NO_FSYNC =
  'Node lets no process call fsync under --permission, and the embedded database would lose data in a power cut ' +
  'without it. Set DATABASE_URL, or start mien without --permission.';

/**
 * Opens the database in `directory` after syncing all of it: a mien before this one may have made it, or a copy. Creates
 * it where there is none; see createDatabaseDirectory for creating it durably.
 * @param settings further arguments for PostgreSQL
 * @throws Error when a commit does not reach the disk, as after an update of PGlite that changed its insides
 */
export async function openDurable(directory: string, settings: readonly string[]): Promise<PGlite> {
  const files = new SyncingNodeFS(
    directory,
    fs.existsSync(directory) ? await syncTree(directory) : new Map(),
  );
  const startParams = [...PGlite.defaultStartParams, ...SETTINGS, ...settings];
  const db = await PGlite.create({ fs: files, startParams });
  files.opened();
  const before = files.syncCount;
  await db.query(`SELECT pg_logical_emit_message(true, 'mien', 'does a commit reach the disk?')`);
  if (files.syncCount > before) return db;
  await db.close();
  throw new Error(files.isRefused ? NO_FSYNC : UNKNOWN_PGLITE);
}

type Init = NodeFS['init'];
type Postgres = Parameters<NonNullable<Parameters<Init>[1]['preRun']>[number]>[0];

/** What is used of Emscripten's files on Node's; it would call `fsync` if it had one. */
interface NodeFiles {
  stream_ops: { fsync?(stream: OpenFile): number };
  /** Turns Node's errors into those that PostgreSQL reads. */
  tryFSOperation(operation: () => void): void;
}

interface OpenFile {
  nfd: number;
}

class SyncingNodeFS extends NodeFS {
  /** Syncs so far. */
  syncCount = 0;
  /** Whether Node itself refused one; PostgreSQL is told of an error of the disk, and goes on. */
  isRefused = false;
  readonly #syncedBefore: SyncedInodes;

  /** @param syncedBefore the files that were synced before PostgreSQL started, and have not changed where they say the same */
  constructor(directory: string, syncedBefore: SyncedInodes) {
    super(directory);
    this.#syncedBefore = syncedBefore;
  }

  /** PostgreSQL runs: from now on each of its syncs is done. */
  opened(): void {
    this.#syncedBefore.clear();
  }

  override async init(...given: Parameters<Init>): ReturnType<Init> {
    const { emscriptenOpts } = await super.init(...given);
    const preRun = [...(emscriptenOpts.preRun ?? []), (postgres: Postgres) => this.#install(postgres)];
    return { emscriptenOpts: { ...emscriptenOpts, preRun } };
  }

  #install({ NODEFS }: Postgres): void {
    const files = NODEFS as unknown as Partial<NodeFiles> | undefined;
    if (!files?.stream_ops || !files.tryFSOperation) throw new Error(UNKNOWN_PGLITE);
    files.stream_ops.fsync = ({ nfd }) => {
      files.tryFSOperation!(() => this.#sync(nfd));
      return 0;
    };
  }

  #sync(file: number): void {
    const stats = fs.fstatSync(file, { bigint: true });
    // Before a recovery PostgreSQL syncs each of a thousand files, twice, one after the other: for seconds.
    if (this.#syncedBefore.get(stats.ino) === stats.ctimeNs) return;
    try {
      fs.fsyncSync(file);
      this.syncCount++;
    } catch (error) {
      this.isRefused ||= error instanceof Error && 'code' in error && error.code === 'ERR_ACCESS_DENIED';
      if (!stats.isDirectory() || !cannotSync(error)) throw error;
    }
  }
}
