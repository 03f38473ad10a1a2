import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { counting, ffmpeg, hasNetworkFfmpeg, type MediaDir, MPEG4, mediaDir } from './media.ts';
import { goneSoon, naming, sleep } from './processes.ts';
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

test.skipIf(!hasNetworkFfmpeg)(
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
    expect(naming('/silent').length).toBeGreaterThan(0);
    child.kill('SIGKILL');
    expect(await goneSoon('/silent')).toEqual([]);
    publisher.kill('SIGKILL');
    await server.close();
  },
);
