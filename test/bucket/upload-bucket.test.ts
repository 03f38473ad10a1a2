/** Uploads in a bucket, at a storage that checks signatures: what lies there, what is swept, and what is told when it refuses. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import type { UploadBucket } from '../../src/bucket/index.ts';
import { beforeEachBucket, openBucket } from '../helpers/bucket.ts';
import type { S3Server } from '../helpers/s3-server.ts';

const MB = 2 ** 20;
const HOUR = 3_600_000;
const token = (letter: string) => letter.repeat(32);

let s3: S3Server;
let bucket: UploadBucket;
beforeEachBucket((opened) => ({ s3, bucket } = opened));

/** In pieces that fit no part. */
async function* pieces(bytes: Buffer, length = 700_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

const names = () => [...s3.objects.keys()].sort();

describe('an upload in one request', () => {
  it('goes there in parts, is seen when it is finished, and can be read by ranges', async () => {
    const video = randomBytes(12 * MB + 17);
    const staged = bucket.stage(token('a'), 20 * MB);
    await staged.write(pieces(video));
    expect(names()).toEqual([]);
    expect(await bucket.used()).toBe(video.length);
    const [{ parts } = { parts: new Map() }] = s3.multiparts.values();
    expect([...parts.values()].map(({ length }) => length)).toEqual([5 * MB, 5 * MB, 2 * MB + 17]);
    await staged.finish();
    expect(names()).toEqual([`mien/${token('a')}`]);
    expect(s3.objects.get(`mien/${token('a')}`)!.bytes.equals(video)).toBe(true);
    expect(await bucket.used()).toBe(video.length);
    const { size, etag } = (await bucket.find(token('a')))!;
    expect(size).toBe(video.length);
    const middle = await bucket.read(token('a'), { first: 5 * MB - 2, last: 5 * MB + 1, etag });
    expect((await buffer(middle!)).equals(video.subarray(5 * MB - 2, 5 * MB + 2))).toBe(true);
    expect(await bucket.read(token('a'), { first: 0, last: 1, etag: '"another"' })).toBeNull();
    expect(await bucket.find(token('b'))).toBeNull();
  });

  it('that is given up leaves nothing behind', async () => {
    const staged = bucket.stage(token('a'), 20 * MB);
    await staged.write(pieces(randomBytes(6 * MB)));
    await staged.discard();
    expect([names(), s3.multiparts.size, await bucket.used()]).toEqual([[], 0, 0]);
  });

  it('of the largest that may be has no more parts than may be', async () => {
    const staged = bucket.stage(token('a'), 60_000 * MB);
    await staged.write(pieces(randomBytes(7 * MB)));
    const [{ parts } = { parts: new Map() }] = s3.multiparts.values();
    expect([...parts.values()].map(({ length }) => length)).toEqual([6 * MB, MB]);
  });
});

describe('an upload that is gone on with', () => {
  const video = randomBytes(11 * MB);

  it('has what was too short for a part beside it, and is finished with its last byte', async () => {
    s3.pageSize = 1;
    await bucket.resumable.begin(token('a'), video.length, { metadata: { filename: 'a' } });
    const ends = [MB, 7 * MB, 7 * MB + 1, video.length];
    for (const [i, end] of ends.entries()) {
      const body = Readable.from(pieces(video.subarray(ends[i - 1] ?? 0, end)));
      expect(await bucket.resumable.append(token('a'), ends[i - 1] ?? 0, body)).toBe(end);
      if (end === video.length) break;
      const found = await bucket.resumable.find(token('a'));
      expect(found).toMatchObject({
        size: video.length,
        offset: end,
        about: { metadata: { filename: 'a' } },
      });
      expect(await bucket.used()).toBe(end);
      expect(names().filter((name) => name.includes('.rest-')).length).toBe(1);
    }
    expect(names()).toEqual([`mien/${token('a')}`]);
    expect(s3.objects.get(`mien/${token('a')}`)!.bytes.equals(video)).toBe(true);
    expect(await bucket.resumable.find(token('a'))).toBeNull();
  });

  it('keeps what came of a request that broke off, and counts no rest that a crash left behind', async () => {
    await bucket.resumable.begin(token('a'), video.length, {});
    async function* broken() {
      yield video.subarray(0, 6 * MB);
      throw new Error('cut');
    }
    await expect(bucket.resumable.append(token('a'), 0, Readable.from(broken()))).rejects.toThrow('cut');
    expect(await bucket.resumable.find(token('a'))).toMatchObject({ offset: 6 * MB });
    // Its part came, and the server ended before it had taken the rest away.
    s3.objects.set(`mien/unfinished/${token('a')}.rest-0`, { bytes: Buffer.alloc(9), modified: new Date() });
    expect(await bucket.resumable.find(token('a'))).toMatchObject({ offset: 6 * MB });
    const more = Readable.from(pieces(video.subarray(6 * MB)));
    expect(await bucket.resumable.append(token('a'), 6 * MB, more)).toBe(video.length);
    // Neither a rest nor a part of it outlasts what is erased under its token.
    expect(names()).toEqual([`mien/${token('a')}`]);
    expect(s3.objects.get(`mien/${token('a')}`)!.bytes.equals(video)).toBe(true);
  });

  it('of which all is there, and no name, is finished when it is asked for', async () => {
    await bucket.resumable.begin(token('a'), 3, {});
    s3.objects.set(`mien/unfinished/${token('a')}.rest-0`, {
      bytes: Buffer.from('abc'),
      modified: new Date(),
    });
    await bucket.resumable.finish(token('a'));
    expect(names()).toEqual([`mien/${token('a')}`]);
  });

  it('that is removed leaves nothing behind', async () => {
    await bucket.resumable.begin(token('a'), video.length, {});
    await bucket.resumable.append(token('a'), 0, Readable.from(pieces(video.subarray(0, 6 * MB))));
    await bucket.resumable.remove(token('a'));
    expect([names(), s3.multiparts.size]).toEqual([[], 0]);
  });
});

it('what nobody goes on with is swept, and what grows or is whole is not', async () => {
  await bucket.resumable.begin(token('a'), 20 * MB, {});
  await bucket.resumable.append(token('a'), 0, Readable.from([Buffer.alloc(6 * MB)]));
  await bucket.resumable.begin(token('b'), 20 * MB, {});
  await bucket.resumable.append(token('b'), 0, Readable.from([Buffer.alloc(5 * MB)]));
  const other = openBucket(s3);
  await other.stage(token('c'), 20 * MB).write(pieces(Buffer.alloc(6 * MB)));
  other.close();
  await bucket.stage(token('d'), 20 * MB).write(pieces(Buffer.alloc(6 * MB)));
  await bucket.put(token('e'), Buffer.from('whole'));
  const now = Date.now();
  expect(await bucket.sweepUnfinished(now + 23 * HOUR, 24 * HOUR)).toBe(0);
  // A part came to one of them meanwhile; its server is the one that sweeps.
  [...s3.multiparts.values()].find(({ key }) => key.endsWith(token('b')))!.grown = new Date(now + 20 * HOUR);
  expect(await bucket.sweepUnfinished(now + 25 * HOUR, 24 * HOUR)).toBe(2);
  expect([...s3.multiparts.values()].map(({ key }) => key)).toEqual([
    `mien/${token('b')}`,
    `mien/${token('d')}`,
  ]);
  expect(names()).toEqual([`mien/${token('e')}`, `mien/unfinished/${token('b')}.json`]);
});

it('marks tell of whose streams use an upload, and go with it', async () => {
  s3.pageSize = 1;
  for (const letter of ['a', 'b']) await bucket.put(token(letter), Buffer.from(letter));
  await bucket.mark(token('a'), '1-2');
  await bucket.mark(token('a'), '3-4');
  await bucket.unmark(token('b'), '1-2');
  const listed = await bucket.list();
  expect(listed.map(({ token: name, marks }) => [name, [...marks.keys()]])).toEqual([
    [token('a'), ['1-2', '3-4']],
    [token('b'), []],
  ]);
  expect([await bucket.isMarked(token('a')), await bucket.isMarked(token('b'))]).toEqual([true, false]);
  await bucket.remove(token('a'));
  await bucket.remove(token('a'));
  expect(names()).toEqual([`mien/${token('b')}`]);
});

it('what others lay into the bucket is left alone, and is not counted', async () => {
  for (const name of [`${token('a')}`, 'mien/readme.txt', 'other/b', 'mien/unfinished/x.json'])
    s3.objects.set(name, { bytes: Buffer.alloc(9), modified: new Date(0) });
  expect([await bucket.used(), await bucket.list()]).toEqual([0, []]);
  expect(await bucket.sweepUnfinished(Date.now(), HOUR)).toBe(0);
  expect(s3.objects.size).toBe(4);
});

it('what others laid there is no upload, whoever names it, and is not deleted as one', async () => {
  s3.objects.set('mien/backup.mp4', { bytes: Buffer.alloc(9), modified: new Date(0) });
  expect(await bucket.find('backup.mp4')).toBeNull();
  await bucket.remove('backup.mp4');
  expect(names()).toEqual(['mien/backup.mp4']);
});

it('what is kept of a request that broke off when another had brought the rest goes with the upload', async () => {
  await bucket.put(token('a'), Buffer.from('whole'));
  const rest = { bytes: Buffer.from('wh'), modified: new Date() };
  s3.objects.set(`mien/unfinished/${token('a')}.rest-3`, rest);
  await bucket.remove(token('a'));
  expect(names()).toEqual([]);
});

it('what breaks off while it is read is worded as what cannot be read at all', async () => {
  await bucket.put(token('a'), Buffer.alloc(MB));
  const { etag } = (await bucket.find(token('a')))!;
  s3.fault = () => 'cut';
  const body = await bucket.read(token('a'), { first: 0, last: MB - 1, etag });
  await expect(buffer(body!)).rejects.toMatchObject({ code: 'UPLOADS_UNAVAILABLE' });
});

it('of storage that does not look at ranges nothing is taken for one, but where it is all that there is', async () => {
  await bucket.put(token('a'), Buffer.from('video'));
  const { etag } = (await bucket.find(token('a')))!;
  s3.fault = () => 'whole';
  const all = await bucket.read(token('a'), { first: 0, last: 4, etag });
  expect((await buffer(all!)).toString()).toBe('video');
  for (const [first, last] of [
    [1, 4],
    [0, 3],
  ] as const) {
    const reading = bucket.read(token('a'), { first, last, etag });
    await expect(reading).rejects.toMatchObject({ code: 'UPLOADS_UNAVAILABLE' });
    await expect(reading).rejects.toThrow('does not send the range that was asked for');
  }
});

it('an address is presigned by the clock of the storage, as its answers tell it', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 2 * HOUR });
  try {
    await bucket.find(token('a'));
    const signed = (await bucket.presign(token('a'))).searchParams.get('X-Amz-Date')!;
    vi.useRealTimers();
    const hour = (date: Date) => date.toISOString().replaceAll(/[-:]/g, '').slice(0, 11);
    expect([hour(new Date()), hour(new Date(Date.now() - 60_000))]).toContain(signed.slice(0, 11));
  } finally {
    vi.useRealTimers();
  }
});

it('an address that is presigned is read without keys, and only that', async () => {
  await bucket.put(token('a'), Buffer.from('frames'));
  const address = await bucket.presign(token('a'));
  expect(await (await fetch(address)).text()).toBe('frames');
  expect((await fetch(address, { method: 'DELETE' })).status).toBe(403);
  address.pathname = address.pathname.replace('aaaa', 'bbbb');
  expect((await fetch(address)).status).toBe(403);
});

describe('the check at the start', () => {
  it('leaves nothing behind', async () => {
    await bucket.check();
    expect([names(), s3.multiparts.size]).toEqual([[], 0]);
    expect(s3.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'DELETE']);
  });

  const sentenceOf = async (checked: UploadBucket) => {
    const error = await checked.check().then(
      () => new Error('nothing was refused'),
      (reason: Error) => reason,
    );
    checked.close();
    return error;
  };

  it.each<[string, () => UploadBucket, string]>([
    [
      'a bucket that is not there',
      () => openBucket(s3, { MIEN_UPLOADS: 's3://nowhere' }),
      'has no bucket nowhere; create it',
    ],
    [
      'rights that are missing',
      () => {
        s3.fault = ({ method }) => (method === 'POST' ? 403 : undefined);
        return openBucket(s3);
      },
      'grant them s3:ListBucket',
    ],
    [
      'storage that is overloaded',
      () => {
        s3.fault = () => 503;
        return openBucket(s3);
      },
      'answered 503; look after it',
    ],
    [
      'a port where nobody listens',
      () => openBucket(s3, { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }),
      'refuses connections; check that the storage runs',
    ],
    [
      'another protocol',
      () => openBucket(s3, { AWS_ENDPOINT_URL: s3.endpoint.replace('http', 'https') }),
      'does not speak TLS on this port',
    ],
  ])('tells of %s what to do', async (_, open, sentence) => {
    const error = await sentenceOf(open());
    expect(error).toMatchObject({ code: 'UPLOADS_UNAVAILABLE' });
    expect(error.message).toContain('The storage of uploads, s3://');
    expect(error.message).toContain(sentence);
  });

  it('tells of wrong keys, and of none, what to do', async () => {
    const secret = process.env.AWS_SECRET_ACCESS_KEY!;
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
    expect((await sentenceOf(openBucket(s3))).message).toContain(
      'refuses the keys; correct AWS_ACCESS_KEY_ID',
    );
    process.env.AWS_SECRET_ACCESS_KEY = secret;
  });
});

it('tells whether old versions are kept, where the keys may ask', async () => {
  const told: (boolean | null)[] = [];
  for (s3.versioning of [null, 'Enabled', 'Suspended'] as const) told.push(await bucket.keepsVersions());
  s3.versioning = null;
  s3.fault = ({ query }) => (query.has('versioning') ? 403 : undefined);
  told.push(await bucket.keepsVersions());
  // What was kept before is still there while they are suspended.
  expect(told).toEqual([false, true, true, null]);
});

it('what closing cuts off is told to be that', async () => {
  const checking = bucket.check();
  bucket.close();
  await expect(checking).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
});
