import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXPRESSIONS } from '../../src/domain/face.ts';
import { run, start, type Workplace, workplace } from './harness.ts';

const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
const FACE = fileURLToPath(new URL('../fixtures/face.heic', import.meta.url));
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

test('videos and pictures become a line for each face and frame; what is neither is told at the end', async () => {
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
    'input seq mediaTime duration cut faces frameWidth frameHeight track box expression confidence probabilities rawProbabilities agreement valence arousal pose actionUnits landmarks quality'.split(
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
  expect(lines[0]).toMatch(
    /: 10 frames in [\d.]+ s \([\d.]+ frames per second\); a face in 100% of them, 10 faces in all; HAPPINESS 100%; faces under [\d.]+ px could not be found$/,
  );
  expect(lines[1]).toMatch(
    /picture\.png: 1 frame in [\d.]+ s; 1 face; HAPPINESS 100%; faces under [\d.]+ px could not be found$/,
  );
  expect(lines[2]).toMatch(/^mien: .*bad\.mp4.* is not a video/);
  expect(lines[3]).toMatch(/^mien: .*missing\.mp4/);
});

test('a HEIC picture has the faces that the JPEG of the same frame has, and a damaged one costs a sentence', async () => {
  const bytes = await readFile(FACE);
  const cut = await place.write('cut.heic', bytes.subarray(0, 5000));
  const heic = await place.write('phone.heic', bytes);
  const jpeg = join(place.directory, 'phone.jpg');
  await place.ffmpeg(
    '-ss',
    '1',
    '-i',
    DEMO,
    ...'-frames:v 1 -pix_fmt yuvj420p -q:v 2 -f image2'.split(' '),
    jpeg,
  );
  const env = { ...place.env, MIEN_MODELS: MODELS };
  const { code, stdout, stderr } = await run(['analyze', heic, cut, jpeg], env);
  expect(code).toBe(2);
  expect(stderr).toMatch(/cut\.heic.* is a HEIC picture that is cut off or damaged; /);
  const facesOf = (input: string) =>
    rows(stdout)
      .filter((row) => row.input === input)
      .sort((one, other) => one.box[0] - other.box[0]);
  const [found, expected] = [facesOf(heic), facesOf(jpeg)];
  expect(expected.length).toBeGreaterThan(1);
  expect(found.map(({ expression }) => expression)).toEqual(expected.map(({ expression }) => expression));
  for (const [i, { box }] of expected.entries()) {
    for (const [side, value] of box.entries())
      expect(Math.abs(found[i].box[side] - value)).toBeLessThan(0.02);
  }
});

test('of three damaged videos each is scored as far as it goes, and told at the end', async () => {
  const names = ['half.avi', 'half.mkv', 'half.mov'];
  for (const name of names) {
    await place.ffmpeg(
      ...`-f lavfi -i testsrc=s=160x120:r=10:d=5 -c:v mpeg4 -g 10 -movflags faststart ${join(place.directory, name)}`.split(
        ' ',
      ),
    );
    const bytes = await readFile(join(place.directory, name));
    bytes.fill(0x77, Math.round(bytes.length / 2));
    await writeFile(join(place.directory, name), bytes);
  }
  const { code, stdout, stderr } = await mien('analyze', ...names.map((name) => join(place.directory, name)));
  expect(code).toBe(2);
  const scored = rows(stdout);
  for (const name of names) {
    const last = scored.findLast(({ input }) => input.endsWith(name)).mediaTime.toFixed(1);
    expect(last).toMatch(/^[12]\.\d$/);
    expect(stderr).toMatch(new RegExp(`${name}"? is damaged: it could be read to ${last} s of 5.0 s\\.`));
  }
});

test('an address that cannot be read fails alone: of a bad scheme, or for want of a current ffmpeg', async () => {
  const { FFMPEG_PATH: _, ...env } = { FFMPEG_PATH: '', ...place.env, PATH: place.directory };
  const addresses = ['ftp://example.org/a.mp4', 'http://example.org/a.mp4'];
  const { code, stdout, stderr } = await run(['analyze', ...addresses, picture], env);
  expect(code).toBe(2);
  expect(rows(stdout).map(({ input }) => input)).toEqual([picture]);
  const [warning, summary, scheme, ffmpeg, ...more] = stderr.trim().split('\n');
  expect(warning).toMatch(/^mien: Only the ffmpeg that npm brings is here, a build of 2018/);
  expect(summary).toMatch(/picture\.png: 1 frame in [\d.]+ s; 1 face/);
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

test('--columns openface counts in pixels of the source, which is larger than what was scored; of several inputs it says what to do', async () => {
  const large = join(place.directory, 'large.png');
  await place.ffmpeg('-i', picture, '-vf', 'scale=1280:960:flags=neighbor', large);
  const { code, stdout } = await mien('analyze', large, '--columns', 'openface');
  expect(code).toBe(0);
  const [head, row, ...more] = stdout.trimEnd().split('\n');
  const cells = Object.fromEntries(row!.split(',').map((cell, at) => [head!.split(',')[at], cell]));
  expect(more).toEqual([]);
  expect(cells).toMatchObject({ frame: '1', face_id: '0', timestamp: '0', success: '1' });
  const [x] = (await mien('analyze', large)).stdout.match(/(?<="landmarks":\[\[)[\d.]+/) ?? [];
  expect(Number(cells.x_0)).toBeCloseTo(Number(x) * 1280, 0);
  const several = await mien('analyze', large, picture, '--columns', 'openface');
  expect(several).toMatchObject({ code: 1, stdout: '' });
  expect(several.stderr).toMatch(/^mien: OpenFace has a file for each video.*--out-dir\.\n$/);
});

test('frames without a face have a row each, unless faces alone are asked for; one without any is told of', async () => {
  const half = join(place.directory, 'half.mp4');
  const box = "drawbox=x=100:y=60:w=80:h=80:color=white:t=200:enable='gte(t,1)'";
  const black = ['-f', 'lavfi', '-i', 'color=black:s=320x240:r=10:d=2'];
  await place.ffmpeg(...black, '-vf', box, '-c:v', 'mpeg4', '-q:v', '2', half);
  const none = join(place.directory, 'none.png');
  await place.ffmpeg(...black, '-frames:v', '1', none);
  const all = await mien('analyze', half, none);
  expect(all.code).toBe(0);
  const counts = rows(all.stdout).map(({ input, seq, faces }) => [input, seq, faces]);
  const ofHalf = Array.from({ length: 20 }, (_, seq) => [half, seq, seq < 10 ? 0 : 1]);
  expect(counts).toEqual([...ofHalf, [none, 0, 0]]);
  expect(rows(all.stdout)[0]).toMatchObject({ frameWidth: 320, frameHeight: 240, track: null });
  const [first, second] = all.stderr.trim().split('\n');
  expect(first).toMatch(
    /half\.mp4: 20 frames in .*; a face in 50% of them, 10 faces in all; HAPPINESS 100%; faces under [\d.]+ px could not be found$/,
  );
  expect(second).toMatch(
    /none\.png: 1 frame in [\d.]+ s; no face in it; faces under [\d.]+ px could not be found$/,
  );
  const faces = await mien('analyze', half, none, '--faces-only', '--format', 'csv', '--bom');
  const [head, ...ofFaces] = faces.stdout.trimEnd().split('\n');
  expect(head).toMatch(/^\uFEFFinput,/);
  expect(ofFaces.map((row) => row.split(',')[1])).toEqual(
    Array.from({ length: 10 }, (_, i) => String(i + 10)),
  );
});

test('the video track that is asked for is scored, and one that is not there costs a sentence', async () => {
  const path = join(place.directory, 'tracks.mkv');
  const sizes = ['320x240', '160x120'].flatMap((size) => [
    '-f',
    'lavfi',
    '-i',
    `color=black:s=${size}:r=5:d=1`,
  ]);
  const codec = ['-c:v', 'mpeg4', '-disposition:v:0', '0', '-disposition:v:1', 'default'];
  await place.ffmpeg(...sizes, '-map', '0', '-map', '1', ...codec, path);
  const widths = async (...args: string[]) =>
    rows((await mien('analyze', path, ...args)).stdout).map(({ frameWidth }) => frameWidth);
  expect(await widths()).toEqual(Array(5).fill(160));
  expect(await widths('--track', '1')).toEqual(Array(5).fill(320));
  const { code, stderr } = await mien('analyze', path, '--track', '3');
  expect([code, stderr]).toEqual([2, expect.stringContaining('choose one of: 1 (mpeg4, 320x240), 2 (mpeg4')]);
  expect((await mien('analyze', path, '--track', '0')).stderr).toContain('a whole number from 1 to 100');
});

test('smoothing is as long as asked: 0 is none, and a longer one steadier', async () => {
  const blink = join(place.directory, 'blink.mp4');
  // Bright squares are happier.
  const box =
    "drawbox=x=100:y=60:w=80:h=80:t=200:color=0xA5A5A5,drawbox=x=100:y=60:w=80:h=80:t=200:color=white:enable='gte(t,0.9)'";
  const black = ['-f', 'lavfi', '-i', 'color=black:s=320x240:r=10:d=1'];
  await place.ffmpeg(...black, '-vf', box, '-c:v', 'mpeg4', '-q:v', '2', blink);
  const last = async (...args: string[]) => rows((await mien('analyze', blink, ...args)).stdout).at(-1);
  const [none, off, usual, stated, long] = [
    await last('--no-smoothing'),
    await last('--smoothing', '0'),
    await last(),
    await last('--smoothing', '250'),
    await last('--smoothing', '10000'),
  ];
  expect(off).toEqual(none);
  expect(off.probabilities).toEqual(off.rawProbabilities);
  expect(stated).toEqual(usual);
  const happy = [off, usual, long].map(({ probabilities }) => probabilities.HAPPINESS);
  expect(happy[0]).toBeGreaterThan(happy[1] + 0.001);
  expect(happy[1]).toBeGreaterThan(happy[2] + 0.001);
  for (const wrong of ['-1', '10001', '0.5', 'much', '']) {
    const { code, stderr } = await mien('analyze', blink, '--smoothing', wrong);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('a whole number of milliseconds from 0 to 10000'),
    ]);
  }
});

test('a file that exists is not overwritten without --force, which is told before any work', async () => {
  const out = await place.write('kept.jsonl', 'rows of yesterday\n');
  const refused = await run(['analyze', picture, '--out', out], { ...place.env, MIEN_MODELS: '/nowhere' });
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toBe(
    `mien: --out ${out} exists already: name another file, or add --force to overwrite it.\n`,
  );
  expect(await readFile(out, 'utf8')).toBe('rows of yesterday\n');
  expect((await mien('analyze', picture, '--out', out, '--force')).code).toBe(0);
  expect(rows(await readFile(out, 'utf8'))).toHaveLength(1);
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
  expect((await mien('analyze', join(place.directory, 'none.mp4'), '--out', out, '--force')).code).toBe(2);
  const env = { ...place.env, MIEN_MODELS: join(place.directory, 'no-models') };
  expect((await run(['analyze', video, '--out', out, '--force'], env)).code).toBe(1);
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
    /^id .*\ntiny-detector@0\.0\.1 +detector +cpu +single +MIT .*\ntiny-ensemble@0\.0\.1 +ensemble +cpu +single +MIT /,
  );
});

test.each([
  [
    'a face of 84 px in 3840 × 2160',
    ['scale=188:188', '3840x2160', '1700:900'],
    { STANDARD: 108, LARGE: 54, FULL: 18 },
  ],
  [
    'a face that fills the height of 5000 × 100',
    ['crop=130:128:56:62,scale=100:100', '5000x100', '2400:0'],
    { STANDARD: 141, FULL: 18 },
  ],
] as const)('%s is found where pictures are searched that large', async (_, [shape, size, at], smallest) => {
  const scene = join(place.directory, `${size}.png`);
  const face = join(place.directory, 'face.png');
  await place.ffmpeg('-y', '-i', DEMO, '-vf', `crop=240:240:54:40,${shape}`, '-frames:v', '1', face);
  const wall = ['-f', 'lavfi', '-i', `color=gray:s=${size}`, '-i', face];
  await place.ffmpeg(...wall, '-filter_complex', `overlay=${at}`, '-frames:v', '1', scene);
  for (const [detectSize, side] of Object.entries(smallest)) {
    const more = detectSize === 'STANDARD' ? [] : ['--detect-size', detectSize];
    const { stdout, stderr } = await run(['analyze', scene, ...more], { ...place.env, MIEN_MODELS: MODELS });
    const [row, ...others] = rows(stdout);
    expect([detectSize, row.faces, others]).toEqual([detectSize, detectSize === 'STANDARD' ? 0 : 1, []]);
    const hint = detectSize === 'FULL' ? '' : ' (--detect-size)';
    expect(stderr).toContain(`; faces under ${side} px could not be found${hint}\n`);
    if (row.box === null) continue;
    const [x, y] = [row.box[0] + row.box[2] / 2, row.box[1] + row.box[3] / 2];
    const [left, top] = at.split(':').map(Number) as [number, number];
    const [width, height] = size.split('x').map(Number) as [number, number];
    expect(Math.hypot(x * width - left, y * height - top)).toBeLessThan(190);
  }
});

test('a headshot, which its face fills, has one row', async () => {
  const headshot = join(place.directory, 'headshot.jpg');
  await place.ffmpeg('-i', DEMO, '-vf', 'crop=160:160:391:83,scale=800:800', '-frames:v', '1', headshot);
  const { code, stdout } = await run(['analyze', headshot], { ...place.env, MIEN_MODELS: MODELS });
  expect(code).toBe(0);
  expect(rows(stdout)).toMatchObject([{ input: headshot, seq: 0, track: 1 }]);
});
