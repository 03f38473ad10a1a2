/**
 * The keys that seal secrets in the database: given by `MIEN_SECRET_KEY`, or kept in a file of the data directory that
 * only its owner may read. The first one seals; the others are older, and only open.
 */
import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createSyncedDirectory, syncDirectory } from '../pglite/fsync-files.ts';

export interface SecretKey {
  /** Tells which key sealed something, and nothing of the key. */
  id: string;
  bytes: Buffer;
}

export interface SecretKeys {
  /** What there is; empty where nothing was sealed yet, or the key is lost. */
  all(): Promise<readonly SecretKey[]>;
  /** The key that seals; in a file it is made when it is needed first. */
  sealing(): Promise<SecretKey>;
  /** Puts a new key before the others; does nothing where keys are given from outside. */
  addNew(): Promise<void>;
  /** Forgets all but the sealing one; does nothing where keys are given from outside. */
  dropOld(): Promise<void>;
}

export function createSecretKeys(given: readonly string[], dataDir: string): SecretKeys {
  return given.length > 0 ? givenKeys(given) : keysInFile(join(dataDir, 'secret.key'));
}

function givenKeys(texts: readonly string[]): SecretKeys {
  const keys = texts.map(toKey);
  return {
    all: async () => keys,
    sealing: async () => keys[0]!,
    addNew: async () => {},
    dropOld: async () => {},
  };
}

/** Read each time: another server of the same database, or the command that rotates, may have changed it meanwhile. */
function keysInFile(path: string): SecretKeys {
  const read = () => readLines(path);
  const write = (lines: string[]) => placeFile(path, `${lines.join('\n')}\n`, rename);
  return {
    all: async () => (await read()).map(toKey),
    async sealing() {
      const lines = await read();
      if (lines.length > 0) return toKey(lines[0]!);
      // Of those who need it at once one makes it, and all use that one.
      await placeFile(path, `${newKey()}\n`, linkIfFree);
      return toKey((await read())[0]!);
    },
    addNew: async () => write([newKey(), ...(await read())]),
    dropOld: async () => write((await read()).slice(0, 1)),
  };
}

function newKey(): string {
  return randomBytes(32).toString('base64');
}

function toKey(text: string): SecretKey {
  return {
    id: createHash('sha256').update(derive(text, 'id')).digest('base64url').slice(0, 8),
    bytes: derive(text, 'sources'),
  };
}

/** Of keys with enough chance in them; passwords would want a slow function. */
function derive(text: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', text, 'mien', purpose, 32));
}

async function readLines(path: string): Promise<string[]> {
  try {
    return (await readFile(path, 'utf8')).split('\n').filter((line) => line.trim() !== '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** What it seals is lost with it, so that it is on the disk before it is used. */
async function placeFile(
  path: string,
  text: string,
  place: (draft: string, path: string) => Promise<void>,
): Promise<void> {
  await createSyncedDirectory(dirname(path));
  const draft = `${path}.${crypto.randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await place(draft, path);
  await syncDirectory(dirname(path));
}

async function linkIfFree(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
}
