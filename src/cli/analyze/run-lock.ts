/** One run at a time writes to a directory of results, in whatever container or on whatever host. */
import { MienError } from '../../errors.ts';
import { acquireDirectoryLock, type LockTimes } from '../../store/lock/directory-lock.ts';

export interface RunLock {
  /** Aborted when another run has taken the directory, because this one was halted for long; its reason says so. */
  lost: AbortSignal;
  release(): Promise<void>;
}

/** @param say tells the user a sentence. @throws MienError CONFLICT: another run writes to `directory` */
export async function lockRun(
  directory: string,
  say: (sentence: string) => void,
  times?: LockTimes,
): Promise<RunLock> {
  const lost = new AbortController();
  const watcher = {
    onLost() {
      const sentence = `Another mien has taken ${directory} over, because this one was halted for some seconds: it writes no more.`;
      lost.abort(new MienError('CONFLICT', sentence));
    },
    onTrouble: (error: unknown) =>
      say(`the lock of ${directory} cannot be touched: ${(error as Error).message}.`),
    onWait: () => say(`${directory} has a lock; looking for some seconds whether it is held.`),
    inUse: (who: string) =>
      `Another mien (${who}) writes to ${directory}: wait for it, or name another directory.`,
  };
  return { lost: lost.signal, release: await acquireDirectoryLock(directory, watcher, times) };
}
