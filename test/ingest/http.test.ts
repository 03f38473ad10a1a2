import { copyFile, readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ingestAt, never, open, read, refusal, risesAlways, times, url } from './harness.ts';
import { counting, hasNetworkFfmpeg, type MediaDir, MPEG4, mediaDir } from './media.ts';
import { files, mute, type Served, serve } from './servers.ts';

/** The one address that may be reached here; all else of 127.0.0.0/8 stands for the internal network. */
const PUBLIC = ['127.0.0.1/32'];
const INTERNAL = '127.0.0.2';

let media: MediaDir;
let web: Served;
/** Inside; nothing may ever arrive there. */
let internal: Served;
let ingest: ReturnType<typeof ingestAt>;
/** Asked for these, the server never answers. */
const silent = new Set(['/silence']);
const at = (path: string, host = '127.0.0.1', port = web.port) => url(`http://${host}:${port}/${path}`);
const probe = (path: string) => ingest.probe(at(path), never);

beforeAll(async () => {
  media = await mediaDir();
  await media.make(`${counting({ seconds: 2 })} ${MPEG4} -movflags faststart clip.mp4
    -c:v mpeg2video -g 15 -f hls -hls_time 1 -hls_list_size 0 vod.m3u8
    -c:v mpeg2video -g 15 -f mpegts plain.ts
    ${MPEG4} -f m4v raw.m4v
    -frames:v 1 -c:v mjpeg -f image2 -update 1 frame.jpg`);
  const serveFile = files(media.path);
  web = await serve((request, response) => {
    const to = /^\/to\/(.*)$/.exec(request.url ?? '')?.[1];
    if (to) return response.writeHead(302, { location: decodeURIComponent(to) }).end();
    if (request.url === '/camera') return void sendParts(response, media.at('frame.jpg'));
    if (silent.has(request.url ?? '')) return undefined;
    const [, how, name] =
      /^\/(whole|chunks|part|part-chunks|until-close)\/([\w.]+)$/.exec(request.url ?? '') ?? [];
    if (how && name) return void sendOnce(response, media.at(name), how);
    if (request.url === '/login') return response.writeHead(401).end();
    return serveFile(request, response);
  });
  internal = await serve(files(media.path), INTERNAL).catch(() => mute());
  ingest = ingestAt(media.path, { allowPrivateSources: PUBLIC, connectSeconds: 60 });
});
afterAll(async () => {
  await ingest.close();
  await Promise.all([web.close(), internal.close(), media.remove()]);
});

/** A picture ten times a second, until nobody listens. */
async function sendParts(response: ServerResponse, path: string): Promise<void> {
  const picture = await readFile(path);
  response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace;boundary=frame' });
  const head = `--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`;
  const timer = setInterval(
    () => response.write(Buffer.concat([Buffer.from(head), picture, Buffer.from('\r\n')])),
    100,
  );
  response.on('close', () => clearInterval(timer));
}

/** A file without ranges: with its length or in chunks, whole or broken off in the middle, or until the connection ends. */
async function sendOnce(response: ServerResponse, path: string, how: string): Promise<void> {
  const bytes = await readFile(path);
  if (how === 'until-close') response.useChunkedEncodingByDefault = false;
  const isSized = how === 'whole' || how === 'part';
  response.writeHead(200, isSized ? { 'content-length': bytes.length } : {});
  if (!how.startsWith('part')) return void response.end(bytes);
  response.write(bytes.subarray(0, Math.floor(bytes.length * 0.7)), () =>
    setTimeout(() => response.destroy(), 100),
  );
}

const inside = (path: string) => `http://${INTERNAL}:${internal.port}/${path}`;
const expectNothingInside = () => expect(internal.seen).toEqual([]);

describe.skipIf(!hasNetworkFfmpeg).concurrent('http', () => {
  test('a file by HTTP is read like a local one', async () => {
    expect(await probe('clip.mp4')).toMatchObject({ kind: 'http', live: false, duration: 2, width: 320 });
    const frames = await read(ingest, at('clip.mp4'), { frameRate: 5 });
    expect(times(frames)).toEqual([0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800]);
  });

  test('an HTTP redirect is followed to where it may lead', async () => {
    expect(await probe(`to/${encodeURIComponent('/clip.mp4')}`)).toMatchObject({ kind: 'http' });
  });

  test.each(['whole/plain.ts', 'whole/raw.m4v', 'chunks/plain.ts', 'chunks/raw.m4v'])(
    'a file without a duration, served without ranges as %s, ends with its body',
    async (path) => {
      const found = await probe(path);
      expect(found).toMatchObject({ kind: 'http', live: path.startsWith('chunks'), duration: null });
      expect((await read(ingest, at(path), { frameRate: 5 })).length).toBeGreaterThan(found.live ? 0 : 8);
    },
  );

  test.each(['part/plain.ts', 'part/raw.m4v', 'part-chunks/plain.ts', 'until-close/plain.ts'])(
    'a file without a duration whose end nobody told, served as %s, has failed',
    async (path) => {
      const found = await refusal(read(ingest, at(path), { frameRate: 5 }));
      expect(found).toMatchObject({ code: 'SOURCE_FAILED' });
      expect(found.message).toContain('broke off');
    },
  );

  test('a picture that ends with its connection is a picture', async () => {
    expect(await probe('until-close/frame.jpg')).toMatchObject({ kind: 'http', live: false });
    expect(await read(ingest, at('until-close/frame.jpg'))).toHaveLength(1);
  });

  test('MJPEG in parts, as cameras give it, is a live source', async () => {
    const found = await ingest.probe(at('camera'), never);
    expect(found).toMatchObject({ kind: 'http', live: true, codec: 'mjpeg', width: 320 });
    expect(await read(ingest, at('camera'), { limit: 3 })).toHaveLength(3);
  });

  test('HLS that has an end is a recording', async () => {
    expect(await probe('vod.m3u8')).toMatchObject({ kind: 'hls', live: false, width: 320 });
    const frames = await read(ingest, at('vod.m3u8'), { frameRate: 5 });
    expect(frames.length).toBeGreaterThanOrEqual(9);
    expect(risesAlways(frames)).toBe(true);
  });

  test('an HTTP source that is missing, wants a login, is silent, refuses or has no address is unreachable, each in its words', async () => {
    const closed = await mute();
    await closed.close();
    const segment = `#EXTINF:2,\nhttp://127.0.0.1:${closed.port}/x.ts`;
    await writeFile(media.at('gone.m3u8'), `#EXTM3U\n#EXT-X-TARGETDURATION:2\n${segment}\n#EXT-X-ENDLIST\n`);
    const hasty = ingestAt(media.path, { allowPrivateSources: PUBLIC, connectSeconds: 1 });
    const cases = [
      [ingest, at('none.mp4'), '404'],
      [ingest, at('login'), 'password'],
      [hasty, at('silence'), 'did not answer it within 1 s'],
      [ingest, at('x', '127.0.0.1', closed.port), 'refuses connections'],
      [ingest, at(`to/${encodeURIComponent(`http://127.0.0.1:${closed.port}/x`)}`), 'refuses connections'],
      [ingest, at('gone.m3u8'), 'refuses connections'],
      [ingest, url('http://no-such-host.invalid/x'), 'No address is known'],
    ] as const;
    const found = await Promise.all(cases.map(([by, source]) => refusal(by.probe(source, never))));
    for (const [i, [, , says]] of cases.entries()) expect(found[i]!.message).toContain(says);
    expect(new Set(found.map(({ code }) => code))).toEqual(new Set(['SOURCE_UNREACHABLE']));
  });

  test('of the words of a server that refuses, what cannot be read is left out', async () => {
    const rude = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(`HTTP/1.1 503 a\0\x1b[1mb${'!'.repeat(200)}\r\n\r\n`));
    });
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
    const { port } = rude.address() as AddressInfo;
    const { message } = await refusal(ingest.probe(at('x', '127.0.0.1', port), never));
    expect(message).toMatch(/^127\.0\.0\.1 answered 503 a\[1mb!{95}; /);
    await new Promise((resolve) => rude.close(resolve));
  });

  test('a source that is aborted before its server has answered is let go at once', async () => {
    const [controller, reason] = [new AbortController(), new Error('changed my mind')];
    const probing = ingest.probe(at('silence'), controller.signal);
    setTimeout(() => controller.abort(reason), 50);
    await expect(probing).rejects.toBe(reason);
    await copyFile(media.at('clip.mp4'), media.at('falls-silent.mp4'));
    const again = new AbortController();
    const { frames } = await open(ingest, at('falls-silent.mp4'), { signal: again.signal });
    silent.add('/falls-silent.mp4');
    setTimeout(() => again.abort(), 50);
    expect(await frames[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });

  test('a source that is replaced after it was looked at is an error, not an end', async () => {
    await copyFile(media.at('clip.mp4'), media.at('replaced.mp4'));
    const { frames } = await open(ingest, at('replaced.mp4'));
    await writeFile(media.at('replaced.mp4'), 'now something else');
    const first = frames[Symbol.asyncIterator]().next();
    expect(await refusal(first)).toMatchObject({ code: 'SOURCE_NOT_VIDEO' });
  });

  test('an HTTP source that is not video is told so', async () => {
    await writeFile(media.at('page.html'), '<html>hello</html>');
    expect(await refusal(probe('page.html'))).toMatchObject({ code: 'SOURCE_NOT_VIDEO' });
  });

  test('the password of a URL is kept out of messages and logs', async () => {
    await writeFile(media.at('page.html'), '<html>hello</html>');
    const log: string[] = [];
    const chatty = ingestAt(media.path, { allowPrivateSources: PUBLIC, onLog: (line) => log.push(line) });
    const messages: string[] = [];
    for (const path of ['none.mp4', 'page.html']) {
      const source = url(`http://me:hunter2@127.0.0.1:${web.port}/${path}?token=hunter2`);
      messages.push((await refusal(chatty.probe(source, never))).message);
    }
    expect(log.length).toBeGreaterThan(0);
    expect([...messages, ...log].join('\n')).not.toContain('hunter2');
  });
});

describe.skipIf(!hasNetworkFfmpeg).concurrent('what is inside stays out of reach', () => {
  const probeInside = (source: ReturnType<typeof url>) => refusal(ingest.probe(source, never));

  test('an internal address is refused in any spelling', async () => {
    const strict = ingestAt(media.path);
    const hosts = ['127.0.0.1', '127.1', '2130706433', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0'];
    const more = [
      '10.0.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '[fd00::1]',
      '[fe80::1]',
      'localhost',
    ];
    for (const host of [...hosts, ...more]) {
      const found = await refusal(strict.probe(at('clip.mp4', host), never));
      expect(found, host).toMatchObject({ code: 'SOURCE_REFUSED' });
    }
  });

  test('a host name is refused when any of its addresses is internal', async () => {
    const lookup = async (host: string) =>
      [host === 'both.test' ? '8.8.8.8' : '10.0.0.7', '10.0.0.7'].map((address) => ({ address, family: 4 }));
    const named = ingestAt(media.path, { lookup });
    for (const host of ['inside.test', 'both.test']) {
      expect(await refusal(named.probe(at('x', host), never))).toMatchObject({ code: 'SOURCE_REFUSED' });
    }
  });

  test('a host name that changes to an internal address after it was checked is refused', async () => {
    let asked = 0;
    const lookup = async () => [{ address: asked++ < 2 ? '127.0.0.1' : INTERNAL, family: 4 }];
    const rebound = ingestAt(media.path, { allowPrivateSources: PUBLIC, lookup });
    const source = at(
      `to/${encodeURIComponent(`http://rebound.test:${internal.port}/clip.mp4`)}`,
      'rebound.test',
    );
    expect(await refusal(rebound.probe(source, never))).toMatchObject({ code: 'SOURCE_REFUSED' });
    expectNothingInside();
  });

  test('a redirect to an internal address is refused', async () => {
    const found = await probeInside(at(`to/${encodeURIComponent(inside('clip.mp4'))}`));
    expect(found).toMatchObject({ code: 'SOURCE_REFUSED' });
    expect(found.message).toContain(INTERNAL);
    const toFile = await probeInside(at(`to/${encodeURIComponent(`file://${media.at('clip.mp4')}`)}`));
    expect(toFile.code).toMatch(/SOURCE_(REFUSED|UNREACHABLE|NOT_VIDEO)/);
    expectNothingInside();
  });

  test('a playlist reaches no internal address, by its segments, keys or further playlists', async () => {
    const playlist = (lines: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:2\n${lines}\n#EXT-X-ENDLIST\n`;
    const segment = (uri: string) => playlist(`#EXTINF:2,\n${uri}`);
    const key = `#EXT-X-KEY:METHOD=AES-128,URI="${inside('key')}"\n#EXTINF:2,\nvod0.ts`;
    const lists = {
      'segment.m3u8': segment(inside('vod0.ts')),
      'file.m3u8': segment(`file://${media.at('vod0.ts')}`),
      'concat.m3u8': segment(`concat:${media.at('vod0.ts')}`),
      'key.m3u8': playlist(key),
      'master.m3u8': `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${inside('vod.m3u8')}\n`,
    };
    for (const [name, content] of Object.entries(lists)) {
      await writeFile(media.at(name), content);
      expect((await refusal(probe(name))).code, name).toMatch(/^SOURCE_(REFUSED|NOT_VIDEO|UNREACHABLE)$/);
    }
    expectNothingInside();
  });

  test('proxies that the environment names are not used', async () => {
    const before = { ...process.env };
    Object.assign(process.env, { no_proxy: '*', NO_PROXY: '*', http_proxy: inside('') });
    try {
      expect(await probeInside(at('x', INTERNAL, internal.port))).toMatchObject({ code: 'SOURCE_REFUSED' });
      expect(await probe('clip.mp4')).toMatchObject({ kind: 'http' });
    } finally {
      process.env = before;
    }
    expectNothingInside();
  });
});

test.skipIf(hasNetworkFfmpeg)(
  'with the bundled ffmpeg alone, a network source says how to install one',
  async () => {
    const { code, message } = await refusal(probe('clip.mp4'));
    expect(code).toBe('FFMPEG_MISSING');
    expect(message).toContain('apt install ffmpeg');
  },
);
