/** `mien analyze --out-dir`: a result for each input, whole or not there, and the same however often it is made. */
import { cp, mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { run, start, type Workplace, workplace } from './harness.ts';

let place: Workplace;
let made = 0;
beforeAll(async () => {
  place = await workplace();
  await place.square('clip.mp4', 2);
  await place.square('picture.png');
});
afterAll(() => place.dispose());

const mien = (...args: string[]) => run(['analyze', ...args], place.env);

/** A directory of its own with these files in it, made from one another's names: `.mp4` a clip, `.png` a picture. */
async function directoryOf(...names: string[]): Promise<string> {
  const directory = join(place.directory, `inputs ${made++}`);
  for (const name of names) {
    await mkdir(join(directory, name, '..'), { recursive: true });
    await cp(
      join(place.directory, name.endsWith('.png') ? 'picture.png' : 'clip.mp4'),
      join(directory, name),
    );
  }
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

/** All files below, with their bytes as text. */
async function contentOf(directory: string): Promise<Record<string, string>> {
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  const texts = await Promise.all(paths.sort().map(async (path) => [path, await readFile(path, 'latin1')]));
  return Object.fromEntries(texts.map(([path = '', text = '']) => [path.slice(directory.length + 1), text]));
}

const summaryOf = async (out: string): Promise<Record<string, string>[]> =>
  parse(await readFile(join(out, 'summary.csv')), { columns: true });

test('a directory: a result for each input, at its own path, a line and a row for each; one that is bad fails alone', async () => {
  const odd = 'odd\n"name", ü [1]*.png';
  const inputs = await directoryOf('day 1/clip.mp4', 'day 2/clip.mp4', odd, '.hidden/clip.mp4');
  await writeFile(join(inputs, 'bad.mp4'), 'this is no video');
  await writeFile(join(inputs, 'notes.txt'), 'this is not meant');
  await symlink('..', join(inputs, 'day 1/round'));
  await symlink('../day 1/clip.mp4', join(inputs, 'day 2/again.mp4'));
  const out = join(inputs, 'results');
  const { code, stdout, stderr } = await mien(inputs, '--out-dir', out, '--jobs', '2', '--rate', '5');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(Object.keys(await contentOf(out))).toEqual(
    ['day 1/clip.mp4.jsonl', 'day 2/clip.mp4.jsonl', 'manifest.json', `${odd}.jsonl`, 'summary.csv'].sort(),
  );
  const lines = stderr.trim().split('\n');
  expect(lines).toHaveLength(5);
  expect(lines.slice(0, 4).map((line) => line.match(/^\[(\d of 4)(?:, \d+ s left)?\] /)?.[1])).toEqual(
    [1, 2, 3, 4].map((count) => `${count} of 4`),
  );
  expect(stderr).toMatch(/day 1\/clip\.mp4: 10 frames in [\d.]+ s .*HAPPINESS 100%/);
  expect(lines[4]).toBe(`mien: 4 inputs, of which 1 failed: ${out}/summary.csv has a row for each.`);
  const [bad, first, second, picture] = await summaryOf(out);
  expect(bad).toMatchObject({
    output: '',
    frames: '',
    error: expect.stringMatching(/bad\.mp4.* is not a video/),
  });
  expect([first!.input, second!.input]).toEqual([
    join(inputs, 'day 1/clip.mp4'),
    join(inputs, 'day 2/clip.mp4'),
  ]);
  expect(first).toMatchObject({
    ...{
      output: 'day 1/clip.mp4.jsonl',
      error: '',
      warnings: '',
      duration: '2',
      width: '320',
      height: '240',
    },
    ...{ frames: '10', framesWithFace: '10', faces: '10', abstained: '0', tracks: '1', coverage: '1' },
    ...{
      elapsedSeconds: '2',
      'seconds.HAPPINESS': '2',
      'share.HAPPINESS': '1',
      'share.ANGER': '0',
      episodes: '1',
    },
  });
  expect(Number(first!['probabilities.HAPPINESS'])).toBeGreaterThan(0.5);
  expect(picture).toMatchObject({ input: join(inputs, odd), output: `${odd}.jsonl`, frames: '1' });
});

test('it is the same bytes each time, however many at a time; and those that go to stdout', async () => {
  const inputs = await directoryOf('a.mp4', 'b/a.mp4', 'c.png', 'd.png');
  const outs = await Promise.all(
    ['1', '3'].map(async (jobs) => {
      const out = join(inputs, `../results ${made++}`);
      expect(await mien(inputs, '--out-dir', out, '--jobs', jobs, '--format', 'csv')).toMatchObject({
        code: 0,
      });
      return contentOf(out);
    }),
  );
  expect(Object.keys(outs[0]!)).toEqual([
    'a.mp4.csv',
    'b/a.mp4.csv',
    'c.png.csv',
    'd.png.csv',
    'manifest.json',
    'summary.csv',
  ]);
  expect(outs[1]).toEqual(outs[0]);
  const { stdout } = await mien(join(inputs, 'a.mp4'), '--format', 'csv');
  expect(outs[0]!['a.mp4.csv']).toBe(stdout);
});

test('--resume keeps whole results of the same inputs and settings, and does all others anew', async () => {
  const inputs = await directoryOf('a.png', 'b.png', 'c.png', 'd.png');
  const out = join(inputs, 'results');
  const resume = (...more: string[]) => mien(inputs, '--out-dir', out, '--resume', ...more);
  expect(await resume()).toMatchObject({ code: 0, stderr: expect.stringContaining('[4 of 4]') });
  const whole = await contentOf(out);
  // Half a result, one that is gone, and an input that is another now.
  await writeFile(join(out, 'a.png.jsonl'), whole['a.png.jsonl']!.slice(0, 40));
  await rm(join(out, 'b.png.jsonl'));
  await utimes(join(inputs, 'c.png'), 1, 1);
  const kept = await stat(join(out, 'd.png.jsonl'));
  const { code, stderr } = await resume();
  expect(code).toBe(0);
  expect(stderr).toMatch(/^mien: 1 of 4 are there already, and are kept\.\n\[2 of 4/);
  expect(stderr.match(/[abcd]\.png: 1 frame/g)).toEqual([
    'a.png: 1 frame',
    'b.png: 1 frame',
    'c.png: 1 frame',
  ]);
  const again = await contentOf(out);
  for (const name of ['a', 'b', 'c', 'd'])
    expect(again[`${name}.png.jsonl`]).toBe(whole[`${name}.png.jsonl`]);
  expect(again['summary.csv']).toBe(whole['summary.csv']);
  expect((await stat(join(out, 'd.png.jsonl'))).ino).toBe(kept.ino);
  expect((await resume('--smoothing', '100')).stderr).toMatch(/^mien: 0 of 4 are there already/);
  expect((await resume('--smoothing', '100')).stderr).toMatch(/^mien: 4 of 4 are there already/);
});

test.each([
  ['SIGINT', 130],
  ['SIGKILL', null],
] as const)(
  '%s loses at most what is in hand: no half result has a name, and --resume goes on to the same bytes',
  async (signal, code) => {
    const inputs = await directoryOf('a.mp4', 'c.mp4', 'd.mp4');
    // Longer than the others, so that it is in hand when the first has ended.
    await rename(await place.square('b.mp4', 200), join(inputs, 'b.mp4'));
    const [out, other] = [join(inputs, 'results'), join(inputs, 'others')];
    const running = start(['analyze', inputs, '**/?.mp4', '--out-dir', out], place.env);
    await expect.poll(running.stderr, { timeout: 60_000 }).toContain('[1 of 4');
    await expect
      .poll(async () => Object.keys(await contentOf(out)), { timeout: 60_000 })
      .toContain('.mien-analyze/1.part');
    running.child.kill(signal);
    const ended = await running.finished;
    expect(ended).toMatchObject({ code, stdout: '' });
    const left = Object.keys(await contentOf(out)).filter(
      (path) => !/^(?:\.mien-analyze\/|mien\.lock$)/.test(path),
    );
    expect(left).toEqual(signal === 'SIGINT' ? ['a.mp4.jsonl', 'manifest.json'] : ['a.mp4.jsonl']);
    if (signal === 'SIGINT')
      expect(ended.stderr).toMatch(/mien: stopped: 1 of 4 are done; --resume goes on\.\n$/);
    expect(await mien(inputs, '**/?.mp4', '--out-dir', out)).toMatchObject({
      code: 1,
      stderr: `mien: ${out} holds results already: add --resume to go on with them, --force to do all anew, or name another directory.\n`,
    });
    const resumed = await mien(inputs, '**/?.mp4', '--out-dir', out, '--resume');
    expect(resumed).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^mien: 1 of 4 are there already/),
    });
    expect(await mien(inputs, '**/?.mp4', '--out-dir', other)).toMatchObject({ code: 0 });
    expect(await contentOf(out)).toEqual(await contentOf(other));
  },
);

test('nothing is overwritten without --force, also under --resume; it is told before any work', async () => {
  const inputs = await directoryOf('a.png');
  const out = join(inputs, 'results');
  await mkdir(out);
  await writeFile(join(out, 'a.png.jsonl'), 'mine');
  for (const resume of [[], ['--resume']]) {
    const { code, stderr } = await mien(inputs, '--out-dir', out, ...resume);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^mien: .*a\.png\.jsonl exists already, and is no result that manifest\.json knows: .* --force/,
    );
    expect(await readFile(join(out, 'a.png.jsonl'), 'utf8')).toBe('mine');
  }
  expect(await mien(inputs, '--out-dir', out, '--force')).toMatchObject({ code: 0 });
  expect(await readFile(join(out, 'a.png.jsonl'), 'utf8')).toMatch(/^\{"input":/);
});

test('a summary that somebody else wrote is not overwritten under --resume, either', async () => {
  const inputs = await directoryOf('a.png');
  const out = join(inputs, 'results');
  await mkdir(out);
  await writeFile(join(out, 'summary.csv'), 'mine');
  const { code, stderr } = await mien(inputs, '--out-dir', out, '--resume');
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('summary.csv exists already, and is no result'),
  ]);
  expect(await readFile(join(out, 'summary.csv'), 'utf8')).toBe('mine');
});

test('a result that was there goes when its input cannot be read any more', async () => {
  const inputs = await directoryOf('a.png', 'b.png');
  const out = join(inputs, 'results');
  await mien(inputs, '--out-dir', out);
  await writeFile(join(inputs, 'b.png'), 'no picture any more');
  expect(await mien(inputs, '--out-dir', out, '--resume')).toMatchObject({ code: 2 });
  expect(Object.keys(await contentOf(out))).toEqual(['a.png.jsonl', 'manifest.json', 'summary.csv']);
});

test('a list, and what is named beside it; of OpenFace a file for each', async () => {
  const inputs = await directoryOf('x/clip.mp4', 'y/clip.mp4', 'z/clip.mp4');
  const list = await place.write(
    'batch.txt',
    `${join(inputs, 'y/clip.mp4')}\n${join(inputs, 'z/clip.mp4')}\n`,
  );
  const out = join(inputs, 'results');
  const args = [join(inputs, 'x/clip.mp4'), '--files-from', list, '--out-dir', out, '--columns', 'openface'];
  expect(await mien(...args)).toMatchObject({ code: 0 });
  const names = Object.keys(await contentOf(out)).filter((name) => name.startsWith('clip'));
  expect(names).toHaveLength(3);
  for (const name of names) {
    expect(name).toMatch(/^clip\.mp4-[0-9a-f]{8}\.csv$/);
    expect(await readFile(join(out, name), 'utf8')).toMatch(/^frame,face_id,timestamp,/);
  }
});

test('two runs do not write to one directory at the same time', async () => {
  const inputs = await directoryOf('a.png');
  await rename(await place.square('b.mp4', 100), join(inputs, 'b.mp4'));
  const out = join(inputs, 'results');
  const running = start(['analyze', inputs, '--out-dir', out], place.env);
  await expect.poll(running.stderr, { timeout: 60_000 }).toContain('[1 of 2');
  const { code, stderr } = await mien(inputs, '--out-dir', out, '--resume');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `mien: Another mien (process ${running.child.pid}) writes to ${out}: wait for it, or name another directory.\n`,
  });
  running.child.kill('SIGINT');
  expect(await running.finished).toMatchObject({ code: 130 });
});

test('what cannot be done is told in a sentence', async () => {
  const inputs = await directoryOf('a.png');
  const empty = await directoryOf('notes.txt');
  const file = join(inputs, 'a.png');
  const list = await place.write('a list.txt', file);
  const out = join(inputs, 'results');
  const cases: [args: string[], sentence: RegExp][] = [
    [[inputs, '*.mkv', '--out-dir', out], /^No file in .* matches \*\.mkv: check the pattern/],
    [[empty, '--out-dir', out], /^There is no video or picture in .*, by the endings of names: /],
    [[inputs, '--out-dir', list], /^Results cannot be written to .*a list\.txt: EEXIST/],
    [[inputs, '--out-dir', inputs], /^--out-dir .* is the directory of the inputs: name another one/],
    [[file, '--resume'], /^--resume and --jobs are for --out-dir: /],
    [[file, '--out', 'rows', '--out-dir', out], /^Rows go to one file \(--out\) or to one for each input/],
    [
      [file, '--resume', '--force', '--out-dir', out],
      /^--resume keeps what is whole, --force overwrites it: /,
    ],
  ];
  for (const [args, sentence] of cases) {
    const { code, stdout, stderr } = await mien(...args);
    expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: '' });
    expect(stderr.replace('mien: ', '')).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  }
  expect(Object.keys(await contentOf(inputs))).toEqual(['a.png']);
});
