import { sleep } from './sleep.ts';

/** Resolves when `work` has settled, either way, or so many milliseconds are over, or `signal` aborts; never rejects. */
export async function settledWithin(
  work: Promise<unknown>,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<void> {
  const settled = new AbortController();
  const either = signal === undefined ? settled.signal : AbortSignal.any([settled.signal, signal]);
  await Promise.race([work.then(noop, noop), sleep(milliseconds, either)]);
  settled.abort();
}

function noop(): void {}
