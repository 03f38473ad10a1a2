/** Whether the server can do its work now: `/ready`. */
import { statfs } from 'node:fs/promises';
import { MienError } from '../../errors.ts';
import { sleep } from '../../threads/sleep.ts';

export interface ReadinessLimits {
  /** Longest wait for the database. */
  answerMs: number;
  /** After so long another question is asked: a connection may have died without a word. */
  againMs: number;
  /** Room that the data directory needs: for a segment of the embedded database's log, and for an upload's beginning. */
  freeBytes: number;
}

const LIMITS: ReadinessLimits = { answerMs: 2_000, againMs: 30_000, freeBytes: 2 ** 24 };

/** @returns what rejects with MienError SHUTTING_DOWN or STORE_UNAVAILABLE, in a few seconds at most */
export function createReadiness(
  { dataDir }: { dataDir: string },
  store: { ping(): Promise<void> },
  streamManager: { readonly closing: boolean },
  { answerMs, againMs, freeBytes }: ReadinessLimits = LIMITS,
): () => Promise<void> {
  /** Shared by all who ask meanwhile: a database that stalls is asked once in a while. */
  let pinging: { answer: Promise<void>; since: number } | null = null;
  const ping = () => {
    const now = performance.now();
    if (pinging !== null && now - pinging.since < againMs) return pinging.answer;
    const asked = { answer: store.ping().finally(() => forget()), since: now };
    const forget = () => {
      if (pinging === asked) pinging = null;
    };
    pinging = asked;
    return asked.answer;
  };
  return async () => {
    if (streamManager.closing) throw new MienError('SHUTTING_DOWN', 'mien is shutting down');
    const over = new AbortController();
    const late = sleep(answerMs, over.signal).then(() =>
      Promise.reject(new Error(`no answer in ${answerMs} ms`)),
    );
    try {
      await Promise.race([ping(), late]);
    } catch (cause) {
      throw new MienError('STORE_UNAVAILABLE', 'the database does not answer', { cause });
    } finally {
      late.catch(() => {});
      over.abort();
    }
    await assertRoom(dataDir, freeBytes);
  };
}

async function assertRoom(dataDir: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir).catch((cause: unknown) => {
    throw new MienError('STORE_UNAVAILABLE', 'the data directory cannot be read', { cause });
  });
  if (bavail * bsize >= needed) return;
  throw new MienError('STORE_UNAVAILABLE', 'the disk of the data directory is full');
}
