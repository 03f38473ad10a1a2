import { expect, it } from 'vitest';
import { createReadiness } from '../../src/cli/serve/readiness.ts';

const LIMITS = { answerMs: 50, againMs: 30_000, freeBytes: 1 };
const PLACE = { dataDir: '.' };
const OPEN = { closing: false };

it('a server is ready while its database answers and its disk has room', async () => {
  await createReadiness(PLACE, { ping: async () => {} }, OPEN, LIMITS)();
});

it('a database that stalls is told in time, and asked once for all who want to know', async () => {
  let asked = 0;
  const store = { ping: () => new Promise<void>(() => void asked++) };
  const ready = createReadiness(PLACE, store, OPEN, LIMITS);
  const told = await Promise.allSettled([ready(), ready(), ready()]);
  for (const { status, ...rest } of told) {
    expect(status).toBe('rejected');
    expect(rest).toMatchObject({
      reason: { code: 'STORE_UNAVAILABLE', message: 'the database does not answer' },
    });
  }
  expect(asked).toBe(1);
});

it('a connection that died without a word is not waited for for ever', async () => {
  const answers = [new Promise<void>(() => {}), Promise.resolve()];
  const ready = createReadiness(PLACE, { ping: () => answers.shift()! }, OPEN, { ...LIMITS, againMs: 10 });
  await expect(ready()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await ready();
});

it('a full disk, a data directory that is gone, and a server that ends are not ready', async () => {
  const store = { ping: async () => {} };
  const full = createReadiness(PLACE, store, OPEN, { ...LIMITS, freeBytes: Number.MAX_SAFE_INTEGER });
  await expect(full()).rejects.toMatchObject({ message: 'the disk of the data directory is full' });
  const gone = createReadiness({ dataDir: './not-there' }, store, OPEN, LIMITS);
  await expect(gone()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(createReadiness(PLACE, store, { closing: true }, LIMITS)()).rejects.toMatchObject({
    code: 'SHUTTING_DOWN',
  });
});
