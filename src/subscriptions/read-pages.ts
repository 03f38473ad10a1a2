/** Stored moments, page by page: the next page is read while one is in use, so that neither waits for the other. */
import type { Moment } from '../domain/moment.ts';
import type { MomentHistory } from './ports.ts';

const PAGE_SIZE = 200;

/** Those of a session behind `after`, up to `last`, as far as they are stored. No page is empty. */
export async function* readPages(
  history: Pick<MomentHistory, 'page'>,
  sessionId: string,
  after: number,
  last = Number.POSITIVE_INFINITY,
): AsyncGenerator<Moment[], undefined> {
  const read = (from: number) => history.page(sessionId, from, Math.min(PAGE_SIZE, last - from));
  let nextPage = read(after);
  for (;;) {
    const page = await nextPage;
    const end = page.at(-1)?.seq;
    if (end === undefined) return;
    if (page.length < PAGE_SIZE || end >= last) {
      yield page;
      return;
    }
    nextPage = read(end);
    // Whoever stops reading never asks for it; whoever goes on hears of a failure then.
    nextPage.catch(() => {});
    yield page;
  }
}
