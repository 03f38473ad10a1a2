/** Uploads in a bucket go with the last stream that uses one, or after a day; what cannot be deleted is tried again, and told. */
import { afterEach, expect, test, vi } from 'vitest';
import type { UploadBucket } from '../../src/bucket/index.ts';
import { createBucketRetention } from '../../src/cli/serve/bucket-retention.ts';
import { tellBucket } from '../../src/cli/serve/upload-places.ts';
import { beforeEachBucket } from '../helpers/bucket.ts';
import type { S3Server } from '../helpers/s3-server.ts';
import { INPUT, TestManager } from '../sessions/test-manager.ts';

const HOUR = 3_600_000;
const token = (letter: string) => letter.repeat(32);

let s3: S3Server;
let bucket: UploadBucket;
beforeEachBucket((opened) => ({ s3, bucket } = opened));
afterEach(() => vi.useRealTimers());

const log = () => ({ info: vi.fn(), warn: vi.fn() });
const put = (letter: string, hoursAgo: number) =>
  s3.objects.set(`mien/${token(letter)}`, {
    bytes: Buffer.from('video'),
    modified: new Date(Date.now() - hoursAgo * HOUR),
  });
const left = () =>
  [...s3.objects.keys()]
    .filter((name) => !name.includes('taken'))
    .map((name) => name['mien/'.length])
    .sort();

function open(isTaken: (name: string) => Promise<boolean>, database = '1-1', logged = log()) {
  return createBucketRetention({ bucket, database, isTaken, log: logged as never });
}

test('what no stream took within a day is deleted, at the start and when asked', async () => {
  put('a', 25);
  put('b', 23);
  s3.objects.set('mien/readme', { bytes: Buffer.from('x'), modified: new Date(0) });
  const uploads = open(async () => false);
  await uploads.close();
  expect(left()).toEqual(['b', 'r']);
  expect(await uploads.sweep(Date.now() + 2 * HOUR)).toBe(1);
  expect(left()).toEqual(['r']);
});

test('what a stream of any database uses stays; what was removed half does not', async () => {
  put('a', 25);
  put('b', 25);
  put('c', 25);
  await bucket.mark(token('a'), '1-1');
  await bucket.mark(token('b'), '2-2');
  await bucket.mark(token('c'), '1-1');
  const own = open(async (name) => name === token('a'));
  await own.close();
  expect(left()).toEqual(['a', 'b', 'c']);
  expect(await own.sweep(Date.now() + 2 * HOUR)).toBe(1);
  expect(left()).toEqual(['a', 'b']);
  await own.release(token('a'));
  await own.release(token('a'));
  expect([...s3.objects.keys()].sort()).toEqual([`mien/${token('b')}`, `mien/taken/${token('b')}/2-2`]);
});

test('what a stream takes while the sweep asks whether one uses it stays', async () => {
  put('a', 25);
  const uploads = open(async (name) => {
    await bucket.mark(name, '1-1');
    return false;
  });
  await uploads.close();
  expect(left()).toEqual(['a']);
});

/** A server with one stream that uses an upload. */
async function serverWithUpload(logged: ReturnType<typeof log>) {
  put('a', 0);
  const isTaken = async (name: string): Promise<boolean> =>
    (await manager.store.repository.byUpload(name)).length > 0;
  const uploads = open(isTaken, '1-1', logged);
  const manager: TestManager = new TestManager({ uploads });
  const { id } = await manager.manager.register({
    ...INPUT,
    source: { type: 'upload', token: token('a') },
    autoStart: false,
  });
  return { id, manager, uploads };
}

test('a removed stream takes its upload along; a deletion that fails is told, and tried again each minute', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const logged = log();
  const { id, manager, uploads } = await serverWithUpload(logged);
  expect(await bucket.isMarked(token('a'))).toBe(true);
  s3.fault = ({ method }) => (method === 'DELETE' ? 403 : undefined);
  await manager.manager.remove(id);
  expect(left()).toEqual(['a']);
  await vi.advanceTimersByTimeAsync(60_000);
  await vi.waitFor(() => expect(logged.warn).toHaveBeenCalled());
  expect(logged.warn.mock.calls.at(-1)).toEqual([
    { reason: expect.stringContaining('does not let these keys do that'), uploads: 1 },
    expect.stringContaining('could not be deleted'),
  ]);
  expect(left()).toEqual(['a']);
  s3.fault = () => undefined;
  await vi.advanceTimersByTimeAsync(60_000);
  await vi.waitFor(() => expect(s3.objects.size).toBe(0));
  await uploads.close();
  expect(logged.info).toHaveBeenCalledWith(
    { uploads: 1 },
    expect.stringContaining('could not be deleted before'),
  );
});

test('what is wrong with a bucket is told at the start, and that it keeps what is erased', async () => {
  const told = async () => {
    const logged = log();
    await tellBucket({ bucket }, logged);
    return [logged.info.mock.calls.length, logged.warn.mock.calls.map(([, sentence]) => String(sentence))];
  };
  expect(await told()).toEqual([1, []]);
  s3.versioning = 'Enabled';
  expect(await told()).toEqual([1, [expect.stringContaining('keeps old versions of what is deleted')]]);
  s3.versioning = null;
  s3.fault = () => 403;
  expect(await told()).toEqual([0, [expect.stringContaining('grant them s3:ListBucket')]]);
  s3.fault = () => undefined;
  const telling = told();
  bucket.close();
  expect(await telling).toEqual([0, []]);
});

test('a bucket that is away keeps no server from starting', async () => {
  await s3.away();
  const logged = log();
  await open(async () => false, '1-1', logged).close();
  expect(logged.warn).toHaveBeenCalledWith(
    { reason: expect.stringContaining('refuses connections') },
    expect.stringContaining('it will be tried again'),
  );
  await s3.back();
});
