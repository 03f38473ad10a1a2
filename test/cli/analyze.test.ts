import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXPRESSIONS } from '../../src/domain/face.ts';
import { run, start, type Workplace, workplace } from './harness.ts';

const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
const DEMO = fileURLToPath(new URL('../fixtures/demo.mp4', import.meta.url));

let place: Workplace;
let video: string;
let picture: string;
beforeAll(async () => {
  place = await workplace();
  video = await place.square('video.mp4', 2);
  picture = await place.square('picture.png');
});
afterAll(() => place.dispose());

const mien = (...args: string[]) => run(args, place.env);
// biome-ignore lint/suspicious/noExplicitAny: rows are checked field by field
const rows = (text: string): any[] =>
  text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

test('videos and pictures become a line per face and frame; what is neither is told at the end', async () => {
  const bad = await place.write('bad.mp4', 'this is no video');
  const { code, stdout, stderr } = await mien(
    'analyze',
    video,
    bad,
    picture,
    join(place.directory, 'missing.mp4'),
    '--rate',
    '5',
  );
  expect(code).toBe(2);
  const all = rows(stdout);
  const ofVideo = all.filter(({ input }) => input === video);
  expect(ofVideo.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(ofVideo[5].mediaTime).toBeCloseTo(1);
  expect(all.at(-1)).toMatchObject({
    input: picture,
    seq: 0,
    mediaTime: 0,
    track: 1,
    expression: 'HAPPINESS',
  });
  const [row] = all;
  expect(Object.keys(row)).toEqual(
    'input seq mediaTime track box expression confidence probabilities rawProbabilities agreement valence arousal pose actionUnits landmarks quality'.split(
      ' ',
    ),
  );
  expect(row.box).toHaveLength(4);
  expect(Object.keys(row.probabilities)).toEqual([...EXPRESSIONS]);
  expect(Object.values<number>(row.probabilities).reduce((sum, value) => sum + value)).toBeCloseTo(1, 5);
  expect(row.confidence).toBe(row.probabilities.HAPPINESS);
  expect(row.landmarks).toHaveLength(68);
  const lines = stderr.trim().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/: 10 frames, 10 faces in [\d.]+ s \([\d.]+ frames per second\); HAPPINESS 100%$/);
  expect(lines[1]).toMatch(/picture\.png: 1 frame, 1 face in [\d.]+ s; HAPPINESS 100%$/);
  expect(lines[2]).toMatch(/^mien: .*bad\.mp4.* is not a video/);
  expect(lines[3]).toMatch(/^mien: .*missing\.mp4/);
});

test('an address that cannot be read fails alone: of a bad scheme, or for want of a current ffmpeg', async () => {
  const { FFMPEG_PATH: _, ...env } = { FFMPEG_PATH: '', ...place.env, PATH: place.directory };
  const addresses = ['ftp://example.org/a.mp4', 'http://example.org/a.mp4'];
  const { code, stdout, stderr } = await run(['analyze', ...addresses, picture], env);
  expect(code).toBe(2);
  expect(rows(stdout).map(({ input }) => input)).toEqual([picture]);
  const [summary, scheme, ffmpeg, ...more] = stderr.trim().split('\n');
  expect(summary).toMatch(/picture\.png: 1 frame, 1 face/);
  expect(scheme).toMatch(/^mien: ftp:\/\/example\.org\/a\.mp4: A source's URL begins with http:\/\/, /);
  expect(ffmpeg).toMatch(/^mien: http:\/\/example\.org\/a\.mp4: Network sources need a current ffmpeg/);
  expect(more).toEqual([]);
});

test('without any ffmpeg the whole run fails, once', async () => {
  const env = { ...place.env, FFMPEG_PATH: join(place.directory, 'none') };
  const { code, stderr } = await run(['analyze', picture, video], env);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^mien: FFMPEG_PATH does not run as ffmpeg: [^\n]*\n$/);
});

test('CSV has one head and flat columns; --out takes the rows', async () => {
  const out = join(place.directory, 'rows.csv');
  const { code, stdout } = await mien(
    'analyze',
    picture,
    video,
    '--format',
    'csv',
    '--out',
    out,
    '--no-smoothing',
  );
  expect(code).toBe(0);
  expect(stdout).toBe('');
  const lines = (await readFile(out, 'utf8')).trim().split('\n');
  expect(lines).toHaveLength(1 + 1 + 20);
  const columns = lines[0]!.split(',');
  for (const name of [
    'input',
    'mediaTime',
    'box.width',
    'probabilities.FEAR',
    'pose.yaw',
    'actionUnits.AU12',
    'quality.issues',
    'landmarks.67.y',
  ]) {
    expect(columns).toContain(name);
  }
  for (const line of lines) expect(line.split(',')).toHaveLength(columns.length);
});

test('--out never destroys the list of inputs', async () => {
  const list = await place.write('inputs.txt', `${picture}\n`);
  const { code, stderr } = await mien('analyze', '--files-from', list, '--out', list);
  expect(code).toBe(1);
  expect(stderr).toBe(
    `mien: --out ${list} is the input ${list}, which rows would destroy. Name another file.\n`,
  );
  expect(await readFile(list, 'utf8')).toBe(`${picture}\n`);
});

test('--out never destroys an input; it is told before any work', async () => {
  const before = await readFile(video);
  const link = join(place.directory, 'link.mp4');
  await symlink(video, link);
  const { code, stderr } = await mien('analyze', picture, video, '--out', link);
  expect(code).toBe(1);
  expect(stderr).toBe(
    `mien: --out ${link} is the input ${video}, which rows would destroy. Name another file.\n`,
  );
  const fd = openSync(video, 'a');
  const child = spawnSync(process.execPath, ['--import', 'tsx', 'src/main.ts', 'analyze', video], {
    env: place.env,
    stdio: ['ignore', fd, 'pipe'],
  });
  closeSync(fd);
  expect([child.status, String(child.stderr)]).toEqual([1, expect.stringContaining('stdout goes to')]);
  expect((await readFile(video)).equals(before)).toBe(true);
});

test('--out keeps what it held when nothing can be analysed', async () => {
  const out = await place.write('old.jsonl', 'rows of yesterday\n');
  expect((await mien('analyze', join(place.directory, 'none.mp4'), '--out', out)).code).toBe(2);
  const env = { ...place.env, MIEN_MODELS: join(place.directory, 'no-models') };
  expect((await run(['analyze', video, '--out', out], env)).code).toBe(1);
  expect(await readFile(out, 'utf8')).toBe('rows of yesterday\n');
});

test('a reader that has enough, as `head` has, ends it quietly', async () => {
  const long = await place.square('long.mp4', 60);
  const { child, finished, stderr } = start(['analyze', long], place.env);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  child.stdout?.destroy();
  expect((await finished).code).toBe(0);
  expect(stderr()).not.toMatch(/EPIPE|Error/);
});

test('mistakes in arguments and settings are told in a sentence', async () => {
  expect(await mien('analyze', video, '--rate', 'often')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('above 0'),
  });
  expect(await mien('analyze')).toMatchObject({ code: 1, stderr: expect.stringContaining('give a file') });
  const { code, stderr } = await run(['analyze', video], {
    ...place.env,
    MIEN_DEVICE: 'abacus',
    MIEN_WORKER: '1',
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^mien: .*mistakes:\n {2}MIEN_DEVICE must be one of .*\n {2}MIEN_WORKER is not a variable/,
  );
  const unwritable = await mien('analyze', picture, '--out', join(place.directory, 'nowhere', 'x.jsonl'));
  expect(unwritable).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be written') });
});

test('models are listed', async () => {
  const { code, stdout } = await mien('models');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^id .*\ntiny-detector@0\.0\.1 +detector +cpu +MIT .*\ntiny-ensemble@0\.0\.1 +ensemble +cpu +MIT /,
  );
});

test('a headshot, which its face fills, has one row', async () => {
  const headshot = join(place.directory, 'headshot.jpg');
  await place.ffmpeg('-i', DEMO, '-vf', 'crop=160:160:391:83,scale=800:800', '-frames:v', '1', headshot);
  const { code, stdout } = await run(['analyze', headshot], { ...place.env, MIEN_MODELS: MODELS });
  expect(code).toBe(0);
  expect(rows(stdout)).toMatchObject([{ input: headshot, seq: 0, track: 1 }]);
});
