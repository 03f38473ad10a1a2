/** Uploads in a bucket are decoded as files are, through a server of ours that asks for ranges by addresses which nobody else hears. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { UploadBucket } from '../../src/bucket/index.ts';
import type { Frame, SourceInput } from '../../src/domain/frame.ts';
import type { Ingest } from '../../src/ingest/index.ts';
import { openObjectProxy } from '../../src/ingest/network/http/object-proxy.ts';
import { giveKeys, openBucket } from '../helpers/bucket.ts';
import { openS3Server, type S3Server } from '../helpers/s3-server.ts';
import { ingestAt, never, open, read, refusal, risesAlways, times } from './harness.ts';
import { counting, frameNumber, type MediaDir, MPEG4, mediaDir } from './media.ts';

const token = (letter: string) => letter.repeat(32);
const upload = (letter: string): SourceInput => ({ type: 'upload', token: token(letter) });

/** A part of a JPEG by which it has to be turned by 90 degrees. */
const EXIF = Buffer.concat([
  Buffer.from('Exif\0\0MM\0*\0\0\0\x08\0\x01', 'latin1'),
  Buffer.from([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]),
]);
const ON_ITS_SIDE = Buffer.concat([Buffer.from([0xff, 0xe1, 0, EXIF.length + 2]), EXIF]);

let media: MediaDir;
let s3: S3Server;
let bucket: UploadBucket;
let takeBack: () => void;
let stored: Ingest;
let local: Ingest;
const log: string[] = [];
beforeAll(async () => {
  media = await mediaDir();
  s3 = await openS3Server();
  takeBack = giveKeys(s3);
  bucket = openBucket(s3);
  // The storage is at a loopback address, which sources may not reach.
  stored = ingestAt(media.path, { bucket, onLog: (line) => log.push(line), connectSeconds: 2 });
  local = ingestAt(media.path);
  await media.make(`${counting({ seconds: 4 })} ${MPEG4} clip.mp4`);
  await media.make(`${counting({ seconds: 4 })} ${MPEG4} clip.mkv`);
  await lay('a', await readFile(media.at('clip.mp4')));
});
afterAll(async () => {
  await stored.close();
  await local.close();
  bucket.close();
  takeBack();
  await s3.close();
  await media.remove();
});
afterEach(() => {
  s3.fault = () => undefined;
  s3.requests.length = 0;
});

/** In the bucket, and in the directory. */
async function lay(letter: string, bytes: Buffer): Promise<void> {
  await bucket.put(token(letter), bytes);
  await writeFile(media.at(token(letter)), bytes);
}

const seen = (frames: readonly Frame[]) =>
  frames.map(({ mediaTime, pixels }) => [mediaTime, Math.round(frameNumber(pixels))]);

describe('an upload in a bucket', () => {
  it.each(['mp4', 'mkv'])(
    'is read as the file is, by ranges and presigned addresses alone: %s',
    async (ending) => {
      await lay('b', await readFile(media.at(`clip.${ending}`)));
      s3.requests.length = 0;
      expect(await stored.probe(upload('b'), never)).toEqual(await local.probe(upload('b'), never));
      const frames = await read(stored, upload('b'));
      expect(frames.length).toBe(40);
      expect(seen(frames)).toEqual(seen(await read(local, upload('b'))));
      const gets = s3.requests.filter(({ method }) => method === 'GET');
      expect(gets.every(({ isPresigned, range }) => isPresigned && range !== undefined)).toBe(true);
      // What lies at the end is not read through to.
      expect(gets.some(({ range }) => !range!.startsWith('bytes=0-'))).toBe(ending === 'mp4');
    },
  );

  it('leaves its address in no line of the log', async () => {
    log.length = 0;
    await read(stored, upload('a'), { limit: 5 });
    expect(log.length).toBeGreaterThan(0);
    expect(log.join('\n')).not.toMatch(/X-Amz|Signature|videos\/mien/);
    expect(log.join('\n')).not.toContain(new URL(s3.endpoint).port);
  });

  it('is read on where its storage breaks off, with an address that is presigned anew', async () => {
    let cuts = 0;
    s3.fault = ({ isPresigned, query }) => {
      if (!isPresigned) return undefined;
      const signedAt = query
        .get('X-Amz-Date')!
        .replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
      // An address lasts for two seconds here, and the clip for four.
      if (Date.now() - Date.parse(signedAt) > 2_500) return 403;
      cuts += 1;
      return cuts % 2 === 0 ? 'cut' : undefined;
    };
    const frames = await read(stored, upload('a'), { realtime: true, frameRate: 5 });
    expect(frames.length).toBeGreaterThan(15);
    expect(risesAlways(frames)).toBe(true);
    expect(frames.at(-1)!.mediaTime).toBeGreaterThan(3.5);
    s3.fault = () => 'cut';
    const all = await read(stored, upload('a'));
    expect(seen(all)).toEqual(seen(await read(local, upload('a'))));
  });

  it('is played again and again', async () => {
    const frames = await read(stored, upload('a'), { loop: true, limit: 100 });
    expect(times(frames)).toEqual(times(await read(local, upload('a'), { loop: true, limit: 100 })));
    expect(frames.at(-1)!.loop!.pass).toBe(2);
  });

  it('is waited for where its storage is away for a while, and is whole then', async () => {
    const { frames } = await open(stored, upload('a'));
    const got: Frame[] = [];
    await s3.away();
    const back = setTimeout(() => void s3.back(), 2_000);
    for await (const frame of frames) got.push(frame);
    clearTimeout(back);
    if (!(await fetch(s3.endpoint).catch(() => null))) await s3.back();
    expect(got.length).toBe(40);
  });

  it('that is removed, or replaced, while it is read breaks off, and is told to be', async () => {
    for (const change of ['removed', 'replaced']) {
      await bucket.put(token('f'), randomBytes(8 * 2 ** 20));
      const found = (await bucket.find(token('f')))!;
      const gate = await openObjectProxy(
        { ...found, storage: bucket.name, presign: () => bucket.presign(token('f')) },
        2,
      );
      s3.fault = ({ isPresigned }) => (isPresigned ? 'cut' : undefined);
      const reading = await fetch(gate.url, { headers: { range: 'bytes=100-' } });
      expect([reading.status, reading.headers.get('content-range')]).toEqual([
        206,
        `bytes 100-${found.size - 1}/${found.size}`,
      ]);
      if (change === 'removed') await bucket.remove(token('f'));
      else await bucket.put(token('f'), randomBytes(8 * 2 ** 20));
      await expect(reading.arrayBuffer()).rejects.toThrow();
      expect(gate.networkError()?.message).toContain('it was removed, or replaced');
      // ffmpeg asks a few times more.
      await expect(fetch(gate.url).then((again) => again.arrayBuffer())).rejects.toThrow();
      gate.close();
    }
  });

  it('that is a HEIC picture, or one that stands on its side, is shown as a file is', async () => {
    await lay('6', await readFile(fileURLToPath(new URL('../fixtures/face.heic', import.meta.url))));
    await media.make('-f lavfi -i testsrc2=s=320x180:d=1 -frames:v 1 plain.jpg');
    const jpeg = await readFile(media.at('plain.jpg'));
    await lay('7', Buffer.concat([jpeg.subarray(0, 2), ON_ITS_SIDE, jpeg.subarray(2)]));
    for (const letter of ['6', '7']) {
      const [shown, ...more] = await read(stored, upload(letter));
      const [expected] = await read(local, upload(letter));
      expect(more).toEqual([]);
      expect([shown!.width, shown!.height]).toEqual([expected!.width, expected!.height]);
      expect(Buffer.compare(shown!.pixels, expected!.pixels)).toBe(0);
      if (letter === '7') expect(shown!.height).toBeGreaterThan(shown!.width);
    }
  });

  it('that is a playlist or a script is refused, as a file is', async () => {
    await lay('c', Buffer.from(`#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n${media.at('clip.mp4')}\n`));
    await lay('d', Buffer.from(`ffconcat version 1.0\nfile ${media.at('clip.mp4')}\n`));
    for (const letter of ['c', 'd']) {
      const refused = await refusal(stored.probe(upload(letter), never));
      expect(refused).toEqual(await refusal(local.probe(upload(letter), never)));
      expect(refused.code).toBe('SOURCE_NOT_VIDEO');
    }
  });

  it('is named by its token alone: what others laid beside it is not shown', async () => {
    s3.objects.set('mien/backup.mp4', s3.objects.get(`mien/${token('a')}`)!);
    expect(await refusal(stored.probe({ type: 'upload', token: 'backup.mp4' }, never))).toMatchObject({
      code: 'BAD_INPUT',
    });
  });

  it('that was removed is told to be', async () => {
    expect(await refusal(stored.probe(upload('e'), never))).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('Send the video again.'),
    });
  });

  it('cannot be opened while its storage is away, and says what to check', async () => {
    await s3.away();
    try {
      const { code, message } = await refusal(stored.probe(upload('a'), never));
      expect(code).toBe('UPLOADS_UNAVAILABLE');
      expect(message).toContain('refuses connections; check that the storage runs');
    } finally {
      await s3.back();
    }
  });

  it('is not followed to where its storage sends on', async () => {
    s3.fault = ({ isPresigned }) => (isPresigned ? { to: 'http://127.0.0.1:9/secret' } : undefined);
    const { code, message } = await refusal(stored.probe(upload('a'), never));
    expect(code).toBe('SOURCE_REFUSED');
    expect(message).toContain('127.0.0.1:9, where mien does not follow');
  });

  it('gives no other source a way to its storage', async () => {
    const refused = await refusal(stored.probe({ type: 'url', url: `${s3.endpoint}/videos/x.mp4` }, never));
    expect(refused.code).toBe('SOURCE_REFUSED');
  });
});
