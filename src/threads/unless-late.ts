import { sleep } from './sleep.ts';

/** What the work comes to, unless that takes longer: it may go on then, and nobody hears of it. @param late what is thrown then */
export async function unlessLate<T>(work: Promise<T>, milliseconds: number, late: () => Error): Promise<T> {
  const over = new AbortController();
  const tooLate = sleep(milliseconds, over.signal).then(() => Promise.reject(late()));
  tooLate.catch(() => {}); // where the work is done before
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    over.abort();
  }
}
