import { describe, expect, it } from 'vitest';
import { createBackoff } from '../../src/threads/backoff.ts';
import { PendingRequests } from '../../src/threads/pending-requests.ts';
import { sleep } from '../../src/threads/sleep.ts';

describe('pending requests', () => {
  it('answers each request under its own number, once', async () => {
    const requests = new PendingRequests<string, string>();
    const first = requests.open('one');
    const second = requests.open('two');
    expect(requests.resolve(second.id, 'b')).toBe('two');
    expect(requests.reject(first.id, new Error('a'))).toBe('one');
    expect(requests.resolve(second.id, 'again')).toBeUndefined();
    await expect(second.answer).resolves.toBe('b');
    await expect(first.answer).rejects.toThrow('a');
    expect(requests.size).toBe(0);
  });

  it('rejects all that are pending when the other thread is gone, and takes new ones', async () => {
    const requests = new PendingRequests<number>();
    const lost = [requests.open(undefined), requests.open(undefined)];
    requests.rejectAll(() => new Error('gone'));
    for (const { answer } of lost) await expect(answer).rejects.toThrow('gone');
    const next = requests.open(undefined);
    requests.resolve(next.id, 7);
    await expect(next.answer).resolves.toBe(7);
  });

  it('settles when the requests that were made until then are answered, and no later ones', async () => {
    const requests = new PendingRequests<number, string>();
    const own = requests.open('a');
    requests.open('b');
    let settled = false;
    const waiting = requests
      .settled((note) => note === 'a')
      .then(() => {
        settled = true;
      });
    requests.open('a');
    await Promise.resolve();
    expect(settled).toBe(false);
    requests.resolve(own.id, 1);
    await waiting;
  });
});

describe('backoff', () => {
  it('doubles from the shortest pause to the longest, and begins anew once something worked', () => {
    const backoff = createBackoff({ shortest: 100, longest: 500 });
    expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([100, 200, 400, 500]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });
});

describe('sleep', () => {
  it('ends at once when its signal aborts, before it began or while it lasts', async () => {
    const stop = new AbortController();
    const began = performance.now();
    const sleeping = sleep(60_000, stop.signal);
    stop.abort();
    await sleeping;
    await sleep(60_000, stop.signal);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
