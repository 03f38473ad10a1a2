/** One process at a time per data directory. The lock dies with its process, however that dies. */
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kill, pid } from 'node:process';
import { MienError } from '../../errors.ts';

/** @returns what releases the lock. @throws MienError CONFLICT while another living process holds it */
export async function acquireDirectoryLock(dataDir: string): Promise<() => Promise<void>> {
  const path = join(dataDir, 'mien.lock');
  const mine = JSON.stringify({ pid: pid, born: await processStart(pid), nonce: crypto.randomUUID() });
  const draft = `${path}.${crypto.randomUUID()}`;
  await writeFile(draft, mine);
  try {
    while (!(await tryLink(draft, path))) await removeIfStale(path, dataDir);
  } finally {
    await unlink(draft);
  }
  return async () => {
    if ((await read(path)) === mine) await unlink(path);
  };
}

/** Linking either makes the whole file or fails: nobody ever reads half a lock. */
async function tryLink(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function removeIfStale(path: string, dataDir: string): Promise<void> {
  const held = await read(path);
  if (held === null) return;
  const holder = JSON.parse(held) as { pid: number; born: string | null };
  if (await isAlive(holder.pid, holder.born)) {
    throw new MienError(
      'CONFLICT',
      `Another mien (process ${holder.pid}) is using ${dataDir}. Stop it, give this one another data directory, or set DATABASE_URL so that both share a PostgreSQL server.`,
    );
  }
  // Two newcomers may see the same dead lock; moving it aside tells the second that it holds a living one.
  const aside = `${path}.${crypto.randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await read(aside)) !== held) await tryLink(aside, path);
  await unlink(aside);
}

async function isAlive(id: number, startedAt: string | null): Promise<boolean> {
  try {
    kill(id, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = await processStart(id);
  // Process ids are used again, above all in containers; their start tells them apart where the system says it.
  return startedAt === null || now === null || startedAt === now;
}

/** Linux: when the process started, in clock ticks since boot, with the boot's id. Elsewhere null. */
async function processStart(id: number): Promise<string | null> {
  const stat = await read(`/proc/${id}/stat`);
  const boot = await read('/proc/sys/kernel/random/boot_id');
  const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return ticks === undefined ? null : `${boot?.trim() ?? ''}/${ticks}`;
}

async function read(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}
