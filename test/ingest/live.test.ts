import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { decode, ingestAt, never, open, refusal, risesAlways, url } from './harness.ts';
import { counting, ffmpeg, hasNetworkFfmpeg, type MediaDir, MPEG4, mediaDir } from './media.ts';
import { files, mute, type RtspServer, rtsp, serve } from './servers.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;
const children: ChildProcess[] = [];

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path, { allowPrivateSources: true, stallSeconds: 60, connectSeconds: 60 });
  await media.make(`${counting({ seconds: 3 })} ${MPEG4} clip.mp4 -c:v flv1 -g 10 clip.flv
    -c:v mpeg2video -g 15 -f mpegts clip.ts`);
});
afterAll(async () => {
  await ingest.close();
  for (const child of children) child.kill('SIGKILL');
  await media.remove();
});

function publish(args: string): ChildProcess {
  const all = ['-nostdin', '-v', 'error', '-re', '-stream_loop', '-1', ...args.split(' ')];
  const child = spawn(ffmpeg.path, all, { cwd: media.path, stdio: 'ignore' });
  children.push(child);
  return child;
}

async function published(server: RtspServer): Promise<string> {
  publish(`-i clip.mp4 -c copy -f rtsp -rtsp_transport tcp rtsp://127.0.0.1:${server.port}/live`);
  while (!server.seen.includes('RECORD')) await new Promise((resolve) => setTimeout(resolve, 20));
  return `rtsp://me:hunter2@127.0.0.1:${server.port}/live`;
}

describe.skipIf(!hasNetworkFfmpeg).concurrent('RTSP', () => {
  test('RTSP frames come from media time 0; a slow consumer gets the newest, and is told what it missed', async () => {
    const server = await rtsp();
    const source = url(await published(server));
    const info = await ingest.probe(source, never);
    expect(info).toMatchObject({ kind: 'rtsp', live: true, duration: null, width: 320, codec: 'mpeg4' });
    const frames: Frame[] = [];
    let missed = 0;
    for await (const frame of decode(ingest, source, { frameRate: 30 })) {
      frames.push(frame);
      missed += frame.dropped.busy ?? 0;
      if (missed > 8) break;
      // One frame waits in the slot; the one after it is from after the pause.
      if (frames.length >= 5) await new Promise((resolve) => setTimeout(resolve, 600));
    }
    expect(frames[0]!.mediaTime).toBe(0);
    expect(risesAlways(frames)).toBe(true);
    await server.close();
  });

  test('opening an RTSP source connects to it once, and finds what a probe finds', async () => {
    const server = await rtsp();
    const source = url(await published(server));
    const { info, frames } = await open(ingest, source, { frameRate: 30 });
    const taken: Frame[] = [];
    // Frames that came before the first was taken do not count: neither as dropped, nor in media time.
    await new Promise((resolve) => setTimeout(resolve, 500));
    for await (const frame of frames) if (taken.push(frame) === 5) break;
    expect(server.seen.filter((method) => method === 'PLAY')).toHaveLength(1);
    expect(taken[0]).toMatchObject({ dropped: {}, mediaTime: 0 });
    expect(risesAlways(taken)).toBe(true);
    expect(info).toEqual(await ingest.probe(source, never));
    expect(server.seen.filter((method) => method === 'PLAY')).toHaveLength(2);
    await server.close();
  });

  test('an RTSP source that goes silent fails, without the password in the message', async () => {
    const server = await rtsp();
    const source = url(await published(server));
    const strict = ingestAt(media.path, { allowPrivateSources: true, stallSeconds: 3, connectSeconds: 60 });
    const opened = await open(strict, source);
    const frames = opened.frames[Symbol.asyncIterator]();
    await frames.next();
    server.mute();
    const end = (async () => {
      while (!(await frames.next()).done);
    })();
    const { code, message } = await refusal(end);
    expect(code).toBe('SOURCE_FAILED');
    expect(message).toMatch(/^rtsp:\/\/127\.0\.0\.1:\d+\/live gave no frame for 3 s\.$/);
    await server.close();
  });

  test('an RTSP source that breaks off fails', async () => {
    const server = await rtsp();
    const source = url(await published(server));
    const frames = decode(ingest, source);
    await frames.next();
    await server.close();
    const end = (async () => {
      while (!(await frames.next()).done);
    })();
    expect(await refusal(end)).toMatchObject({ code: 'SOURCE_FAILED' });
  });

  test('an RTSP redirect is not followed', async () => {
    const inside = await rtsp();
    const server = await rtsp({ redirect: `rtsp://127.0.0.1:${inside.port}/live` });
    const found = await refusal(ingest.probe(url(`rtsp://127.0.0.1:${server.port}/live`), never));
    expect(found).toMatchObject({ code: 'SOURCE_REFUSED' });
    expect(inside.seen).toEqual([]);
    await Promise.all([server.close(), inside.close()]);
  });

  test('RTSP of a private address is refused; a mute server and a missing stream are unreachable', async () => {
    const [empty, silent] = await Promise.all([rtsp(), mute()]);
    const strict = ingestAt(media.path);
    const hasty = ingestAt(media.path, { allowPrivateSources: true, connectSeconds: 1 });
    const address = `rtsp://127.0.0.1:${empty.port}/none`;
    expect(await refusal(strict.probe(url(address), never))).toMatchObject({ code: 'SOURCE_REFUSED' });
    expect(await refusal(open(strict, url(address)))).toMatchObject({ code: 'SOURCE_REFUSED' });
    expect(empty.seen).toEqual([]);
    const none = await refusal(ingest.probe(url(address), never));
    expect(none).toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    expect(none.message).toContain('404');
    expect(await refusal(open(ingest, url(address)))).toEqual(none);
    const quiet = await refusal(hasty.probe(url(`rtsp://127.0.0.1:${silent.port}/x`), never));
    expect(quiet).toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    expect(await refusal(open(hasty, url(`rtsp://127.0.0.1:${silent.port}/x`)))).toEqual(quiet);
    await Promise.all([empty.close(), silent.close()]);
  });
});

/** Tries until the server listens. */
async function whenUp<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries > 300 || !/refuses connections/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

describe.skipIf(!hasNetworkFfmpeg).concurrent('other live sources', () => {
  test('RTMP is a live source', async () => {
    const spare = await mute();
    await spare.close();
    const address = `rtmp://127.0.0.1:${spare.port}/app/stream`;
    const serveOnce = () => publish(`-i clip.flv -c copy -f flv -listen 1 ${address}`);
    serveOnce().on('exit', serveOnce); // it serves one client, the probe; the next is for the decoding
    const info = await whenUp(() => ingest.probe(url(address), never));
    expect(info).toMatchObject({ kind: 'rtmp', live: true, width: 320, codec: 'flv1' });
    const frames = await whenUp(async () => {
      const found: Frame[] = [];
      for await (const frame of decode(ingest, url(address))) if (found.push(frame) === 5) break;
      return found;
    });
    expect(risesAlways(frames)).toBe(true);
  });

  test('HTTP without an end and live HLS are live sources', async () => {
    publish(`-i clip.mp4 -c:v mpeg2video -g 10 -f hls -hls_time 0.5 -hls_list_size 4 live.m3u8`);
    const serveFile = files(media.path);
    const web = await serve((request, response) => {
      if (request.url !== '/endless.ts') return serveFile(request, response);
      const live = spawn(
        ffmpeg.path,
        `-v error -re -stream_loop -1 -i ${media.at('clip.ts')} -c copy -f mpegts pipe:1`.split(' '),
      );
      children.push(live);
      live.stdout.pipe(response);
      response.on('close', () => live.kill('SIGKILL'));
      return undefined;
    });
    await expect
      .poll(() => readFile(media.at('live.m3u8'), 'utf8'), { timeout: 60_000 })
      .toContain('live2.ts');
    const readFive = async (path: string, kind: string) => {
      const source = url(`http://127.0.0.1:${web.port}/${path}`);
      const info = await ingest.probe(source, never);
      expect(info).toMatchObject({ kind, live: true, duration: null });
      const frames: Frame[] = [];
      for await (const frame of decode(ingest, source)) if (frames.push(frame) === 5) break;
      expect(frames[0]!.mediaTime).toBe(0);
      expect(risesAlways(frames)).toBe(true);
    };
    await Promise.all([readFive('endless.ts', 'http'), readFive('live.m3u8', 'hls')]);
    await web.close();
  });
});
