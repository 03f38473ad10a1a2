import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killWithParent } from '../../src/ingest/ffmpeg/kill-with-parent.ts';
import { counting, ffmpeg, hasNetworkFfmpeg, type MediaDir, MPEG4, mediaDir } from './media.ts';
import { descendants, goneSoon, naming, sleep } from './processes.ts';
import { rtsp } from './servers.ts';

let media: MediaDir;

beforeAll(async () => {
  media = await mediaDir();
  await media.make(`${counting({ seconds: 2 })} ${MPEG4} clip.mp4`);
});
afterAll(() => media.remove());

async function victim(what: string, subject: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('victim.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, what, subject], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  return child;
}

test('a process that was started with kill-with-parent is killed with its parent, though it neither reads nor writes', async () => {
  const seconds = String(100_000 + process.pid);
  const child = await victim('guard', seconds);
  while (naming(`sleep ${seconds}`).length === 0) await sleep(20);
  child.kill('SIGKILL');
  expect(await goneSoon(`sleep ${seconds}`)).toEqual([]);
});

test.skipIf(!hasNetworkFfmpeg || process.platform !== 'linux')(
  'ffmpeg is killed with its parent at a source that has gone silent',
  async () => {
    const server = await rtsp();
    const publisher = spawn(
      ffmpeg.path,
      `-v error -re -stream_loop -1 -i clip.mp4 -c copy -f rtsp -rtsp_transport tcp rtsp://127.0.0.1:${server.port}/x`.split(
        ' ',
      ),
      { cwd: media.path, stdio: 'ignore' },
    );
    while (!server.seen.includes('RECORD')) await sleep(20);
    const child = await victim('decode', `rtsp://127.0.0.1:${server.port}/silent`);
    server.mute();
    // ffmpeg is told an address of ours alone, which no other process names.
    const address = /rtsp:\/\/127\.0\.0\.1:\d+\/stream/.exec(descendants(child.pid!).join(' '))?.[0];
    expect(address).toBeDefined();
    child.kill('SIGKILL');
    expect(await goneSoon(address!)).toEqual([]);
    publisher.kill('SIGKILL');
    await server.close();
  },
);

test('what the environment says of proxies, and of how the server gives memory back, is not for ffmpeg', async () => {
  const { path, prefix } = killWithParent('env', []);
  const env = {
    ...process.env,
    http_proxy: 'http://localhost:1',
    MALLOC_MMAP_THRESHOLD_: '131072',
    KEPT: '1',
  };
  const child = spawn(path, prefix, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  let told = '';
  child.stdout.on('data', (chunk) => {
    told += chunk;
  });
  await once(child, 'close');
  const names = told.split('\n').map((line) => line.split('=')[0]);
  expect(names).toContain('KEPT');
  expect(names.filter((name) => /^(http_proxy|MALLOC_MMAP_THRESHOLD_)$/.test(name!))).toEqual([]);
});
