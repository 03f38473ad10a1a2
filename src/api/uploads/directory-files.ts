/** Uploads in a directory: finished ones under their token, others under names that no token can have. */
import { createWriteStream } from 'node:fs';
import { chmod, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { FileStore } from '@tus/file-store';
import { statIfThere } from '../../stat-if-there.ts';
import type { ResumableFiles, StagedUpload, UploadFiles } from './upload-files.ts';

/** Of one request, and lost with it. */
const PART = '.part-';
/** Of the tus protocol, and gone on with by later requests. */
const RESUMABLE = '.tus-';
/** A part grows, or its body is cut off as too slow. */
const WRITABLE = 0o200;
const PART_ABANDONED_MS = 10 * 60_000;
const RESUMABLE_ABANDONED_MS = 24 * 3_600_000;

/** @param directory is there */
export function openDirectoryFiles(directory: string): UploadFiles {
  const finished = (token: string) => join(directory, token);
  return {
    stage: (token) => stage(directory, token),
    resumable: resumableIn(directory),
    size: async (token) => (await statIfThere(finished(token)))?.size ?? null,
    /** One that was taken is read-only. */
    async discard(token) {
      const mode = (await statIfThere(finished(token)))?.mode ?? WRITABLE;
      if ((mode & WRITABLE) === 0) return false;
      await rm(finished(token), { force: true });
      return true;
    },
    used: () => bytesIn(directory),
    sweep: (now = Date.now()) => sweep(directory, now),
  };
}

function stage(directory: string, token: string): StagedUpload {
  const path = join(directory, PART + token);
  return {
    write: (body, limit) => pipeline(body, limit, createWriteStream(path, { flags: 'wx', mode: 0o600 })),
    finish: () => finish(directory, path, token),
    discard: () => rm(path, { force: true }),
  };
}

function resumableIn(directory: string): ResumableFiles {
  const idOf = (token: string) => RESUMABLE + token;
  return {
    ...{ store: new PrivateFileStore({ directory }), idOf },
    async finish(token) {
      const path = join(directory, idOf(token));
      await finish(directory, path, token);
      await rm(`${path}.json`, { force: true });
    },
  };
}

async function finish(directory: string, path: string, token: string): Promise<void> {
  try {
    await rename(path, join(directory, token));
  } catch (error) {
    // Whoever asked after it meanwhile may have finished it.
    if ((await statIfThere(join(directory, token))) === null) throw error;
  }
}

/** Readable by the server's user only. */
class PrivateFileStore extends FileStore {
  override async create(...args: Parameters<FileStore['create']>): ReturnType<FileStore['create']> {
    const created = await super.create(...args);
    await chmod(join(this.directory, created.id), 0o600);
    return created;
  }
}

async function bytesIn(directory: string): Promise<number> {
  let bytes = 0;
  // One after the other: of very many files, all at once would hold up everything else.
  for (const name of await readdir(directory)) bytes += (await statIfThere(join(directory, name)))?.size ?? 0;
  return bytes;
}

async function sweep(directory: string, now: number): Promise<number> {
  let deleted = 0;
  for (const name of await readdir(directory)) {
    const patience = patienceWith(name);
    if (patience === null) continue;
    const path = join(directory, name);
    const found = await statIfThere(path);
    // What an upload is about lies beside it, and is as old as its beginning.
    const data = name.endsWith('.json') ? await statIfThere(path.slice(0, -'.json'.length)) : null;
    if (found === null || now - Math.max(found.mtimeMs, data?.mtimeMs ?? 0) <= patience) continue;
    await rm(path, { force: true });
    deleted += 1;
  }
  return deleted;
}

/** Null for what is not for us to delete. */
function patienceWith(name: string): number | null {
  if (name.startsWith(PART)) return PART_ABANDONED_MS;
  return name.startsWith(RESUMABLE) ? RESUMABLE_ABANDONED_MS : null;
}
