import { ChildProcess, execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createFfmpegLauncher, type FfmpegLauncher } from '../../src/ingest/ffmpeg/ffmpeg-launcher.ts';
import { startFfmpeg } from '../../src/ingest/ffmpeg/ffmpeg-process.ts';
import { createFfmpegOutput, createNullOutput } from '../../src/ingest/frames/ffmpeg-output.ts';
import { decode, file, ingestAt, never, open, url } from './harness.ts';
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
    ...{ ffmpegPath: stubborn, confine: [], url: 'x', args: { input: [], output: [] } },
    ...{ target: createNullOutput().target, onLine: up },
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
    ...{ ffmpegPath: script, confine: [], url: 'x', args: { input: [], output: [] } },
    ...{ sink: createFfmpegOutput(() => null), onLine: up, activeRuns: new Set() },
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

test('an ffmpeg that the system refuses to start ends no other', async () => {
  const launcher = createFfmpegLauncher();
  const start = (url: string, onLine = (_line: string) => {}) =>
    launcher.start({
      ...{
        ffmpegPath: ffmpeg.path,
        confine: [],
        url,
        onLine,
        sink: createNullOutput(),
        activeRuns: new Set(),
      },
      args: { input: ['-re', '-f', 'lavfi'], output: ['-f', 'null'] },
    });
  let up = () => {};
  const isUp = new Promise<void>((resolve) => (up = resolve));
  const healthy = start('testsrc=duration=1', () => up());
  await isUp;
  // Longer than one argument may be on Linux.
  expect(await start('x'.repeat(200_000)).done).toMatchObject({ code: null, started: false });
  expect(await healthy.done).toMatchObject({ code: 0 });
  await launcher.close();
});

test('no ffmpeg is started by the process that asks for frames, which that would block', async () => {
  const ingest = ingestAt(media.path);
  await ingest.ffmpeg();
  const made = vi.spyOn(ChildProcess.prototype as ChildProcess & { spawn(): void }, 'spawn');
  try {
    const frames = [];
    for await (const frame of decode(ingest, file('clip.mp4'))) frames.push(frame);
    expect(frames.length).toBeGreaterThan(10);
    expect(made).not.toHaveBeenCalled();
    // That it would have been seen:
    await startFfmpeg({
      ...{
        ffmpegPath: ffmpeg.path,
        confine: [],
        url: media.at('clip.mp4'),
        args: { input: [], output: ['-f', 'null'] },
      },
      ...{ target: createNullOutput().target, onLine() {} },
    }).done;
    expect(made).toHaveBeenCalledOnce();
  } finally {
    made.mockRestore();
    await ingest.close();
  }
});

test.each([
  ['steps back for the models and the server', undefined, 10],
  ['has the priority of what started it, where nothing live waits', 0, 0],
])('ffmpeg %s', async (_, niceness, by) => {
  const script = media.at('niceness');
  // Tells the niceness that it runs with.
  await writeFile(script, '#!/bin/sh\nnice >&2\n', { mode: 0o755 });
  const lines: string[] = [];
  const launcher = createFfmpegLauncher(niceness);
  const run = launcher.start({
    ...{ ffmpegPath: script, confine: [], url: 'x', args: { input: [], output: [] } },
    ...{ sink: createNullOutput(), onLine: (line) => void lines.push(line), activeRuns: new Set() },
  });
  await run.done;
  await launcher.close();
  expect(lines).toContain(String(Math.min(19, getPriority() + by)));
});

/** Starts something that lasts, as an ffmpeg is started, and waits until it is there. `others`: launchers that are not its own. */
async function startLasting(launcher: FfmpegLauncher, others: readonly number[]) {
  const script = media.at(`lasting-${Math.random()}`);
  await writeFile(script, '#!/bin/sh\necho up >&2\nexec sleep 300\n', { mode: 0o755 });
  const lines: string[] = [];
  const run = launcher.start({
    ...{ ffmpegPath: script, confine: [], url: 'x', args: { input: [], output: [] } },
    ...{ sink: createNullOutput(), onLine: (line) => void lines.push(line), activeRuns: new Set() },
  });
  await expect.poll(() => lines, { timeout: 60_000 }).toContain('up');
  const [pid] = launchers().filter((one) => !others.includes(one));
  return { run, lines, script, kill: (signal: NodeJS.Signals) => process.kill(pid!, signal) };
}

/** Those of this process, in which other files have theirs. */
function launchers(): number[] {
  const children = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)]).toString();
  return children
    .split('\n')
    .filter((line) => line.includes('launcher.child'))
    .map((line) => Number.parseInt(line, 10));
}

test('where the process that starts ffmpegs dies, they die too and their runs end; the next run starts another', async () => {
  const others = launchers();
  const launcher = createFfmpegLauncher();
  const { run, lines, kill, script } = await startLasting(launcher, others);
  kill('SIGKILL');
  const reason = 'The process that starts ffmpeg is gone: SIGKILL';
  expect(await run.done).toEqual({ code: null, reason, started: true });
  expect(lines.at(-1)).toBe(reason);
  await run.stop();
  expect(await goneSoon(script)).toEqual([]);
  const next = await startLasting(launcher, others);
  await next.run.stop();
  expect(await next.run.done).toMatchObject({ started: true });
  await launcher.close();
});

test('a launcher that was closed starts no ffmpeg, and no process that would', async () => {
  const others = launchers();
  const launcher = createFfmpegLauncher();
  await launcher.close();
  const lines: string[] = [];
  const run = launcher.start({
    ...{ ffmpegPath: ffmpeg.path, confine: [], url: media.at('clip.mp4'), activeRuns: new Set() },
    ...{ args: { input: [], output: ['-f', 'null'] }, sink: createFfmpegOutput(() => null) },
    onLine: (line) => void lines.push(line),
  });
  const reason = 'The process that starts ffmpeg was closed, and starts no more.';
  expect(await run.done).toEqual({ code: null, reason, started: false });
  await run.stop();
  expect(lines).toEqual([reason]);
  expect(launchers().filter((one) => !others.includes(one))).toEqual([]);
  await launcher.close();
});

test('a source that is being looked for when ingest closes is refused, and nothing is started for it', async () => {
  const others = launchers();
  let find = () => {};
  const found = new Promise<{ address: string; family: number }[]>((resolve) => {
    find = () => resolve([{ address: '127.0.0.1', family: 4 }]);
  });
  const ingest = ingestAt(media.path, { lookup: () => found, allowPrivateSources: true });
  await ingest.ffmpeg();
  const camera = url('rtsp://camera.test/1');
  const ends = Promise.allSettled([ingest.probe(camera, never), open(ingest, camera)]);
  await ingest.close();
  find();
  for (const end of await ends) expect(end).toMatchObject({ reason: { code: 'SHUTTING_DOWN' } });
  for (const late of [ingest.probe(camera, never), open(ingest, file('clip.mp4'))])
    await expect(late).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  expect(launchers().filter((one) => !others.includes(one))).toEqual([]);
});

test('a signal to all processes leaves the ffmpegs to the server, which ends them in order', async () => {
  const others = launchers();
  const launcher = createFfmpegLauncher();
  const { run, kill } = await startLasting(launcher, others);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) kill(signal);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await run.stop();
  expect((await run.done).reason).not.toContain('is gone');
  await launcher.close();
});
