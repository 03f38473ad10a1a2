/** Which ffmpeg decodes is said once, at the start, and what an old one is not fit for. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findFfmpeg } from '../../src/ingest/ffmpeg/ffmpeg-path.ts';
import { until } from '../api/harness.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { run, start, type Workplace, workplace } from './harness.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

/** A graphics card as no machine of this platform has one. */
const ABSENT = platform() === 'darwin' ? 'vaapi' : 'videotoolbox';

const { path: ffmpegPath } = await findFfmpeg(process.env.FFMPEG_PATH);

let place: Workplace;
let database: TestDatabase;
let video: string;
/** Nothing is on the PATH, so what is left is the ffmpeg that npm brought. */
let bare: Record<string, string>;
beforeAll(async () => {
  place = await workplace();
  database = await createDatabase('pglite');
  video = await place.square('video.mp4', 1);
  const empty = join(place.directory, 'empty');
  await mkdir(empty);
  const { FFMPEG_PATH: _, ...env } = place.env;
  bare = { ...env, PATH: empty, MIEN_DATA_DIR: database.config.dataDir, MIEN_DEMO: 'false' };
});
afterAll(async () => {
  await database.dispose();
  await place.dispose();
});

const warnings = (text: string): string[] => text.match(/[^\n]*a build of 2018[^\n]*/g) ?? [];

function expectOneWarning(stderr: string): void {
  expect(warnings(stderr)).toHaveLength(1);
  const [warning] = warnings(stderr);
  expect(warning).toMatch(/network sources are refused.*uploads/);
  for (const command of ['apt install ffmpeg', 'brew install ffmpeg', 'winget install Gyan.FFmpeg']) {
    expect(warning).toContain(command);
  }
}

test('with the bundled ffmpeg alone, analyze says so once, and decodes the files', async () => {
  const { code, stdout, stderr } = await run(['analyze', video, video], bare);
  expect(code).toBe(0);
  expect(stdout.split('\n').filter(Boolean)).toHaveLength(20);
  expectOneWarning(stderr);
  expect(stderr).toMatch(/^mien: /m);
});

test('the bundled ffmpeg draws what was found into a video', async () => {
  const out = join(place.directory, 'drawn.mp4');
  expect(await run(['analyze', '--video', out, video], bare)).toMatchObject({ code: 0, stdout: '' });
  const upper = ['-vf', 'crop=320:160:0:0,format=rgb24', '-vsync', '0', '-f', 'rawvideo', '-'];
  const { stdout } = await promisify(execFile)(ffmpegPath, ['-v', 'error', '-i', out, ...upper], {
    encoding: 'buffer',
    maxBuffer: 1 << 24,
  });
  const bytes = 320 * 160 * 3;
  expect(stdout.length).toBe(10 * bytes);
  for (let from = 0; from < stdout.length; from += bytes) {
    let drawn = 0;
    // The colour of happiness: all else is black or white.
    for (let at = from; at < from + bytes; at += 3)
      if (stdout[at]! > 150 && stdout[at + 2]! < 110) drawn += 1;
    expect(drawn).toBeGreaterThan(100);
  }
});

test('a current ffmpeg is not warned of', async () => {
  const { FFMPEG_PATH = '', PATH = '' } = place.env;
  const { stderr } = await run(['analyze', video], { ...bare, PATH, ...(FFMPEG_PATH && { FFMPEG_PATH }) });
  expect(warnings(stderr)).toEqual([]);
});

test('with the bundled ffmpeg alone, the server says so at its start, with its version, and that it decodes in software', async () => {
  const server = start(['serve'], {
    ...{ ...bare, MIEN_LOG_LEVEL: 'info', MIEN_LOG_FORMAT: 'json', MIEN_HWACCEL: ABSENT },
  });
  await until(() => server.stdout().includes('mien serves at'), 'it serves', 100_000);
  const address = /http:\/\/\S+(?=\/graphql)/.exec(server.stdout())![0];
  const { decoding, decodingCaution } = await (await fetch(`${address}/health`)).json();
  expect([decoding, decodingCaution]).toEqual([
    'software',
    expect.stringContaining(`MIEN_HWACCEL=${ABSENT}`),
  ]);
  server.child.kill('SIGTERM');
  const { stderr } = await server.finished;
  expectOneWarning(stderr);
  expect(stderr.split(decodingCaution)).toHaveLength(2);
  expect(stderr).toMatch(/"ffmpeg":\{"path":"[^"]*ffmpeg[^"]*","version":"N-/);
});

test('a server without any ffmpeg says so at its start, and serves what is recorded', async () => {
  const server = start(['serve'], { ...bare, FFMPEG_PATH: '/not/there' });
  await until(() => server.stdout().includes('mien serves at'), 'it serves', 100_000);
  server.child.kill('SIGTERM');
  expect((await server.finished).stderr).toContain('FFMPEG_PATH does not run as ffmpeg: /not/there');
});
