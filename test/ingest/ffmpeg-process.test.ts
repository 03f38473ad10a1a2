import { ChildProcess, execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createFfmpegLauncher } from '../../src/ingest/ffmpeg/ffmpeg-launcher.ts';
import { startFfmpeg } from '../../src/ingest/ffmpeg/ffmpeg-process.ts';
import { createFrameSink, createNullSink } from '../../src/ingest/frames/frame-sink.ts';
import { decode, file, ingestAt, never } from './harness.ts';
import { counting, ffmpeg, type MediaDir, MPEG4, mediaDir } from './media.ts';
import { goneSoon, naming, pidOf } from './processes.ts';

let media: MediaDir;

beforeAll(async () => {
  media = await mediaDir();
  await media.make(`${counting({ seconds: 2 })} ${MPEG4} clip.mp4`);
});
afterAll(() => media.remove());

test('an ffmpeg that will not end on SIGTERM is killed after two seconds', async () => {
  const stubborn = media.at('stubborn');
  await writeFile(stubborn, "#!/bin/sh\ntrap '' TERM\necho up >&2\nwhile :; do sleep 0.2; done\n", {
    mode: 0o755,
  });
  let up = () => {};
  const isUp = new Promise<void>((resolve) => (up = resolve));
  const run = startFfmpeg({
    ...{ ffmpegPath: stubborn, url: 'x', args: { input: [], output: [] } },
    ...{ target: createNullSink().target, onLine: up },
  });
  await isUp;
  const started = performance.now();
  await run.stop();
  expect(performance.now() - started).toBeGreaterThan(1900);
  expect(naming(stubborn)).toEqual([]);
});

test('an ffmpeg that does not end when it is killed is waited for no longer than five seconds', async () => {
  const seconds = String(200_000 + process.pid);
  const script = media.at('unkillable');
  // A child that keeps its log open stands for a process that hangs in a driver: either way it does not end.
  await writeFile(
    script,
    `#!/bin/sh\nsetsid sleep ${seconds} &\necho up >&2\nwhile :; do sleep 0.2; done\n`,
    {
      mode: 0o755,
    },
  );
  const launcher = createFfmpegLauncher();
  let up = () => {};
  const isUp = new Promise<void>((resolve) => (up = resolve));
  const run = launcher.start({
    ...{ ffmpegPath: script, url: 'x', args: { input: [], output: [] } },
    ...{ sink: createFrameSink(() => null), onLine: up, activeRuns: new Set() },
  });
  await isUp;
  const started = performance.now();
  await run.stop();
  expect(performance.now() - started).toBeGreaterThan(4900);
  expect(await run.done).toMatchObject({ code: null, abandoned: true });
  await launcher.close();
  execFileSync('sh', ['-c', `kill -KILL ${pidOf(naming(`sleep ${seconds}`)[0]!)}`]);
  expect(await goneSoon(script)).toEqual([]);
});

test('no ffmpeg is started in the thread that asks for frames, which that would block', async () => {
  const ingest = ingestAt(media.path);
  await ingest.ffmpeg();
  const made = vi.spyOn(ChildProcess.prototype as ChildProcess & { spawn(): void }, 'spawn');
  try {
    const frames = [];
    const clip = await ingest.probe(file('clip.mp4'), never);
    for await (const frame of decode(ingest, file('clip.mp4'), clip)) frames.push(frame);
    expect(frames.length).toBeGreaterThan(10);
    expect(made).not.toHaveBeenCalled();
    // That it would have been seen:
    await startFfmpeg({
      ...{ ffmpegPath: ffmpeg.path, url: media.at('clip.mp4'), args: { input: [], output: ['-f', 'null'] } },
      ...{ target: createNullSink().target, onLine() {} },
    }).done;
    expect(made).toHaveBeenCalledOnce();
  } finally {
    made.mockRestore();
    await ingest.close();
  }
});
