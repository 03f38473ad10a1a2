/**
 * One process at a time per directory, of data or of results, in whatever container or on whatever host it runs. The lock
 * is a file that its holder touches every two seconds: where process ids mean the same to holder and newcomer, they tell
 * at once whether the holder lives; elsewhere only the beats do.
 */
import { createHash } from 'node:crypto';
import { link, mkdir, readFile, rmdir, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MienError } from '../../errors.ts';
import { asProcess, describeHolder } from './lock-holder.ts';

export interface LockTimes {
  /** Between two touches by the holder. */
  beatMs: number;
  /** A lock that was not touched for so long has no holder. Longer than any stall of a disk that one can live with. */
  deadMs: number;
}

export interface LockWatcher {
  /** Another process has taken the lock, because this one was halted for longer than `deadMs`: write no more. */
  onLost(): void;
  /** The lock cannot be touched; it is tried again. */
  onTrouble(error: unknown): void;
  /** There is a lock whose holder cannot be asked after: it is watched for `deadMs` at most. */
  onWait(): void;
  /** What is told when another holds it. @param who as `process 12` */
  inUse(who: string): string;
}

const TIMES: LockTimes = { beatMs: 2_000, deadMs: 10_000 };
const LOOKS_PER_WAIT = 20;

/** @returns what releases the lock. @throws MienError CONFLICT while another living process holds it */
export async function acquireDirectoryLock(
  directory: string,
  watcher: LockWatcher,
  times: LockTimes = TIMES,
): Promise<() => Promise<void>> {
  const path = join(directory, 'mien.lock');
  const mine = JSON.stringify({ ...(await describeHolder()), nonce: crypto.randomUUID() });
  while (!(await tryPlace(path, mine))) await removeIfStale(path, watcher, times);
  const stopBeating = keepBeating(path, mine, watcher, times.beatMs);
  return async () => {
    await stopBeating();
    if ((await read(path)) === mine) await unlink(path);
  };
}

/** Linking either makes the whole file or fails: nobody reads half a lock, except where a file system has no links. */
async function tryPlace(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${crypto.randomUUID()}`;
  await writeFile(draft, text);
  try {
    await link(draft, path).catch((error: unknown) => {
      if (codeOf(error) === 'EEXIST') throw error;
      // Half a lock names nobody, and is watched like one of another host.
      return writeFile(path, text, { flag: 'wx' });
    });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

/** @returns what stops it, after the touch under way */
function keepBeating(path: string, mine: string, watcher: LockWatcher, beatMs: number): () => Promise<void> {
  let beating = Promise.resolve();
  const timer = setInterval(() => {
    beating = beating
      .then(() => beat(path, mine))
      .then((isMine) => {
        if (isMine) return;
        clearInterval(timer);
        watcher.onLost();
      }, watcher.onTrouble);
  }, beatMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await beating;
  };
}

/** @returns whether the lock is still ours. One that was deleted by hand is put back. */
async function beat(path: string, mine: string): Promise<boolean> {
  const held = await read(path);
  if (held === null) return tryPlace(path, mine);
  if (held !== mine) return false;
  const now = new Date();
  await utimes(path, now, now);
  return true;
}

/** Returns when it is worth trying again. @throws MienError CONFLICT when the holder lives */
async function removeIfStale(path: string, watcher: LockWatcher, { deadMs }: LockTimes): Promise<void> {
  const held = await read(path);
  if (held === null) return;
  const holder = await asProcess(held);
  if (holder === null) watcher.onWait();
  if (holder?.lives ?? (await changesWithin(path, held, deadMs))) {
    const who = holder === null ? 'in another container or on another host' : `process ${holder.id}`;
    throw new MienError('CONFLICT', watcher.inUse(who));
  }
  // Of those who found the same dead lock one may remove it; the others would remove the lock of that one.
  const claim = `${path}.${createHash('sha256').update(held).digest('hex').slice(0, 16)}`;
  if (!(await tryClaim(claim))) {
    // Whoever claims it needs a moment only, or has died in it.
    if (!(await changesWithin(path, held, deadMs))) await rmdir(claim).catch(() => {});
    return;
  }
  try {
    if ((await read(path)) === held) await unlink(path);
  } finally {
    await rmdir(claim);
  }
}

async function tryClaim(claim: string): Promise<boolean> {
  try {
    await mkdir(claim);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Whether somebody touches, changes or removes the lock meanwhile. Compares no clocks: those of two hosts differ. */
async function changesWithin(path: string, held: string, waitMs: number): Promise<boolean> {
  const before = await touchedAt(path);
  for (let look = 0; look < LOOKS_PER_WAIT; look++) {
    await sleep(waitMs / LOOKS_PER_WAIT);
    if ((await touchedAt(path)) !== before || (await read(path)) !== held) return true;
  }
  return false;
}

async function touchedAt(path: string): Promise<bigint | null> {
  try {
    return (await stat(path, { bigint: true })).mtimeNs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** @returns null where there is none */
async function read(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
