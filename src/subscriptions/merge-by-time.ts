/** Several sessions as one timeline: their stored moments in the order of wall time, each session's own order kept. */
import type { Moment } from '../domain/moment.ts';

export interface PagedSession<Key> {
  key: Key;
  /** When its first moment can be, in milliseconds since the epoch; it is not read before that is reached. */
  startedAt: number;
  /** No page is empty. */
  pages(): AsyncIterator<Moment[], undefined>;
}

interface Head<Key> {
  key: Key;
  pages: AsyncIterator<Moment[], undefined>;
  moments: Moment[];
  /** The next of `moments`. */
  at: number;
}

/** Runs of moments of one session, each as long as no other session comes before. */
export async function* mergeByTime<Key>(
  sessions: readonly PagedSession<Key>[],
): AsyncGenerator<{ key: Key; run: Moment[] }, undefined> {
  const waiting = [...sessions].sort((a, b) => a.startedAt - b.startedAt);
  let heads: Head<Key>[] = [];
  for (;;) {
    heads.sort((a, b) => timeOf(a) - timeOf(b));
    const [first, second] = heads;
    const next = waiting[0];
    if (next && (first === undefined || next.startedAt <= timeOf(first))) {
      waiting.shift();
      heads.push(...(await openFirstPage(next)));
      continue;
    }
    if (first === undefined) return;
    const until = Math.min(second ? timeOf(second) : Infinity, next?.startedAt ?? Infinity);
    yield { key: first.key, run: takeUntil(first, until) };
    if (first.at === first.moments.length && !(await turnPage(first))) {
      heads = heads.filter((head) => head !== first);
    }
  }
}

async function openFirstPage<Key>({ key, pages }: PagedSession<Key>): Promise<Head<Key>[]> {
  const head: Head<Key> = { key, pages: pages(), moments: [], at: 0 };
  return (await turnPage(head)) ? [head] : [];
}

/** Whether there is another page. */
async function turnPage(head: Head<unknown>): Promise<boolean> {
  const { done, value } = await head.pages.next();
  if (done) return false;
  head.moments = value;
  head.at = 0;
  return true;
}

/** At least one, so that it always goes on. */
function takeUntil(head: Head<unknown>, until: number): Moment[] {
  const from = head.at++;
  while (head.at < head.moments.length && timeOf(head) <= until) head.at++;
  return head.moments.slice(from, head.at);
}

function timeOf({ moments, at }: Head<unknown>): number {
  return moments[at]!.wallTime;
}
