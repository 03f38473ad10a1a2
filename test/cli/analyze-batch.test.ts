/** `mien analyze --out-dir`: a result for each input, whole or not there, and the same however often it is made. */

import { once } from 'node:events';
import {
  appendFile,
  cp,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { writeTinyModels } from '../helpers/tiny-models.ts';
import { run, runHere, start, type Workplace, workplace } from './harness.ts';

let place: Workplace;
let made = 0;
beforeAll(async () => {
  place = await workplace();
  await place.square('clip.mp4', 2);
  await place.square('picture.png');
});
afterAll(() => place.dispose());

/** Most of what is told here needs no process of its own. */
const mien = (...args: string[]) => runHere(['analyze', ...args], place.env);
const asProcess = (...args: string[]) => run(['analyze', ...args], place.env);

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
  const { code, stdout, stderr } = await asProcess(
    ...[inputs, '--out-dir', out, '--jobs', '2', '--rate', '5'],
  );
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
  const { stdout } = await asProcess(join(inputs, 'a.mp4'), '--format', 'csv');
  expect(outs[0]!['a.mp4.csv']).toBe(stdout);
});

test('--resume keeps whole results of the same inputs and settings, and does all others anew', async () => {
  const inputs = await directoryOf('a.png', 'b.png', 'c.png', 'd.png');
  const out = join(inputs, 'results');
  const resume = (...more: string[]) => mien(inputs, '--out-dir', out, '--resume', ...more);
  expect(await resume()).toMatchObject({ code: 0, stderr: expect.stringContaining('[4 of 4]') });
  const whole = await contentOf(out);
  // One that is gone, and inputs that are others now: by their date, and by their size.
  await rm(join(out, 'a.png.jsonl'));
  const { atime, mtime } = await stat(join(inputs, 'b.png'));
  await appendFile(join(inputs, 'b.png'), 'more');
  await utimes(join(inputs, 'b.png'), atime, mtime);
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
  expect((await resume()).stderr).toMatch(/^mien: 4 of 4 are there already/);
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
    expect(left).toEqual(['a.mp4.jsonl']);
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

test('a whole result stays when its input cannot be read any more, which is told, and is good again with the input', async () => {
  const inputs = await directoryOf('a.png', 'b.png');
  const [out, b] = [join(inputs, 'results'), join(inputs, 'b.png')];
  await mien(inputs, '--out-dir', out);
  const whole = await contentOf(out);
  const { atime, mtime } = await stat(b);
  const picture = await readFile(b);
  await writeFile(b, 'no picture any more');
  for (const _ of [1, 2]) {
    expect(await mien(inputs, '--out-dir', out, '--resume')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^mien: 1 of 2 are there already.*\n\[2 of 2\] .*b\.png.* is named like a picture/,
      ),
    });
    expect((await contentOf(out))['b.png.jsonl']).toBe(whole['b.png.jsonl']);
    expect((await summaryOf(out))[1]).toMatchObject({
      output: 'b.png.jsonl',
      error: expect.stringContaining('is named like a picture'),
    });
  }
  await writeFile(b, picture);
  await utimes(b, atime, mtime);
  expect((await mien(inputs, '--out-dir', out, '--resume')).stderr).toMatch(
    /^mien: 2 of 2 are there already/,
  );
  expect(await contentOf(out)).toEqual(whole);
});

test('an address is analysed again, unless its server says that nothing changed', async () => {
  const picture = await readFile(join(place.directory, 'picture.png'));
  const tellings: Record<string, Record<string, string>> = {
    '/tagged.png': { etag: '"1"' },
    '/dated.png': { 'last-modified': 'Sat, 28 Nov 2026 00:00:00 GMT' },
    '/silent.png': {},
  };
  const server = createServer(({ url = '' }, response) => {
    response.writeHead(tellings[url] ? 200 : 404, { ...tellings[url], 'content-length': picture.length });
    response.end(picture);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const addresses = Object.keys(tellings).map((path) => `http://127.0.0.1:${port}${path}`);
  const out = join(place.directory, 'of addresses');
  const resume = () => mien(...addresses, '--out-dir', out, '--resume');
  expect(await resume()).toMatchObject({ code: 0 });
  const whole = await contentOf(out);
  expect((await resume()).stderr).toMatch(/^mien: 2 of 3 are there already/);
  tellings['/tagged.png'] = { etag: '"2"' };
  expect((await resume()).stderr).toMatch(/^mien: 1 of 3 are there already/);
  expect((await resume()).stderr).toMatch(/^mien: 2 of 3 are there already/);
  // One that is away takes no result with it.
  delete tellings['/silent.png'];
  expect(await resume()).toMatchObject({ code: 2, stderr: expect.stringContaining('answered 404') });
  expect(Object.keys(await contentOf(out))).toEqual(Object.keys(whole));
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

test('a result that was edited is kept and told under --resume; the others are made, and it too when it is moved away', async () => {
  const inputs = await directoryOf('a.png', 'b.png', 'c.png');
  const out = join(inputs, 'results');
  const resume = () => mien(inputs, '--out-dir', out, '--resume');
  await resume();
  const whole = await contentOf(out);
  await writeFile(join(out, 'a.png.jsonl'), 'mine');
  await rm(join(out, 'b.png.jsonl'));
  // Also where it would have to be made anew.
  await writeFile(join(out, 'c.png.jsonl'), 'mine, too');
  await utimes(join(inputs, 'c.png'), 1, 1);
  for (const kept of [0, 1]) {
    const { code, stderr } = await resume();
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^mien: ${kept} of 3 are there already`));
    expect(stderr).toContain(
      `mien: ${join(out, 'a.png.jsonl')} was changed since mien wrote it, and is kept: move it away, and --resume makes it anew.\n`,
    );
    expect(await readFile(join(out, 'a.png.jsonl'), 'utf8')).toBe('mine');
    expect(await readFile(join(out, 'c.png.jsonl'), 'utf8')).toBe('mine, too');
    expect((await summaryOf(out)).map(({ error }) => error)).toEqual([
      expect.stringContaining('was changed since'),
      '',
      expect.stringContaining('was changed since'),
    ]);
  }
  await rename(join(out, 'a.png.jsonl'), join(out, 'a mine.jsonl'));
  await writeFile(join(out, 'c.png.jsonl'), whole['c.png.jsonl']!);
  expect(await resume()).toMatchObject({ code: 0 });
  const { 'a mine.jsonl': _, ...again } = await contentOf(out);
  expect(Object.keys(again)).toEqual(Object.keys(whole));
  expect(again['a.png.jsonl']).toBe(whole['a.png.jsonl']);
});

test('a file that came to be meanwhile is kept, also by the runs after it, and stops no other input', async () => {
  const inputs = await directoryOf('c.mp4', 'd.png');
  await rename(await place.square('b.mp4', 20), join(inputs, 'b.mp4'));
  const out = join(inputs, 'results');
  const running = start(['analyze', inputs, '--out-dir', out], place.env);
  await expect
    .poll(async () => Object.keys(await contentOf(out)).join(), { timeout: 60_000 })
    .toContain('0.part');
  await writeFile(join(out, 'c.mp4.jsonl'), 'mine');
  const { code, stderr } = await running.finished;
  expect(stderr).toContain(
    'c.mp4.jsonl is none that mien wrote, and is kept: move it away, and --resume makes it anew.',
  );
  expect(code).toBe(2);
  expect(Object.keys(await contentOf(out))).toContain('d.png.jsonl');
  for (const _ of [1, 2]) {
    const again = await mien(inputs, '--out-dir', out, '--resume');
    expect(again.code).not.toBe(0);
    expect(await readFile(join(out, 'c.mp4.jsonl'), 'utf8')).toBe('mine');
  }
});

test('killed between the two names of a result, a run leaves what the next one does not empty', async () => {
  const inputs = await directoryOf('a.png');
  const out = join(inputs, 'results');
  await mien(inputs, '--out-dir', out);
  const { 'a.png.jsonl': whole } = await contentOf(out);
  await mkdir(join(out, '.mien-analyze'));
  await link(join(out, 'a.png.jsonl'), join(out, '.mien-analyze/0.part'));
  await cp(join(inputs, 'a.png'), join(inputs, 'b.png'));
  expect(await mien(inputs, '--out-dir', out, '--resume')).toMatchObject({ code: 0 });
  expect((await contentOf(out))['a.png.jsonl']).toBe(whole);
});

test('half a line that a run left takes nothing from the run after it', async () => {
  const inputs = await directoryOf('a.png', 'b.mp4');
  const out = join(inputs, 'results');
  await mkdir(join(out, '.mien-analyze'), { recursive: true });
  await writeFile(join(out, '.mien-analyze/journal'), '{"run":{"mien":"0.');
  await rename(await place.square('long.mp4', 200), join(inputs, 'b.mp4'));
  const running = start(['analyze', inputs, '--out-dir', out, '--resume'], place.env);
  await expect.poll(running.stderr, { timeout: 60_000 }).toContain('[1 of 2');
  running.child.kill('SIGKILL');
  await running.finished;
  await rename(await place.square('short.mp4', 2), join(inputs, 'b.mp4'));
  expect((await mien(inputs, '--out-dir', out, '--resume')).stderr).toMatch(
    /^mien: 1 of 2 are there already/,
  );
});

test('results of other inputs keep their rows and their files, also where they have the same name', async () => {
  const inputs = await directoryOf('x/clip.png', 'y/clip.png', 'z/clip.png');
  const out = join(inputs, 'results');
  await mien(join(inputs, 'x/clip.png'), '--out-dir', out);
  const { 'clip.png.jsonl': first } = await contentOf(out);
  const second = await mien(join(inputs, 'y/clip.png'), '--out-dir', out, '--resume');
  expect(second).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/summary\.csv has a row for each, and for 1 analysed before\.\n$/),
  });
  await mien(join(inputs, 'z/clip.png'), '--out-dir', out, '--force');
  const rows = await summaryOf(out);
  expect(rows.map(({ input }) => input)).toEqual(
    ['x', 'y', 'z'].map((name) => join(inputs, name, 'clip.png')),
  );
  const now = await contentOf(out);
  expect(now['clip.png.jsonl']).toBe(first);
  for (const { input = '', output = '' } of rows) expect(now[output]).toContain(JSON.stringify(input));
  // All of them by name: nothing is done again, and each keeps its place.
  expect((await mien(inputs, '--out-dir', out, '--resume')).stderr).toMatch(
    /^mien: 3 of 3 are there already/,
  );
  // One that is not there any more has no row, either.
  await rm(join(out, 'clip.png.jsonl'));
  await mien(join(inputs, 'y/clip.png'), '--out-dir', out, '--resume');
  expect(await summaryOf(out)).toHaveLength(2);
});

test('the same name from another directory is another input; the same file by another name is not', async () => {
  const inputs = await directoryOf('day 1/a.png', 'day 2/a.png');
  await utimes(join(inputs, 'day 2/a.png'), 1, 1);
  const out = join(inputs, 'results');
  const from = (day: string, ...args: string[]) =>
    run(['analyze', ...args, '--out-dir', '../results', '--resume'], place.env, undefined, join(inputs, day));
  await from('day 1', 'a.png');
  const before = await contentOf(out);
  await from('day 2', 'a.png');
  expect((await contentOf(out))['a.png.jsonl']).toBe(before['a.png.jsonl']);
  expect(await summaryOf(out)).toHaveLength(2);
  for (const [day, name] of [
    ['day 1', './a.png'],
    ['day 2', join(inputs, 'day 1/a.png')],
  ] as const)
    expect((await from(day, name)).stderr).toMatch(/^mien: 1 of 1 are there already/);
  expect(await from('day 1', 'a.png', './a.png')).toMatchObject({
    stderr: expect.stringMatching(/^mien: 1 of 1/),
  });
  // Taken elsewhere as a whole, it is still known by the names and dates of its inputs.
  await mkdir(join(inputs, 'far'));
  await rename(out, join(inputs, 'far/away'));
  const moved = ['analyze', 'a.png', '--out-dir', '../far/away', '--resume'];
  expect((await run(moved, place.env, undefined, join(inputs, 'day 1'))).stderr).toMatch(/^mien: 1 of 1/);
});

test('results that were made otherwise are neither mixed with new ones nor overwritten by --resume', async () => {
  const inputs = await directoryOf('a.png', 'b.png');
  const out = join(inputs, 'results');
  await mien(inputs, '--out-dir', out);
  const before = await contentOf(out);
  const { code, stderr } = await mien(
    inputs,
    '--out-dir',
    out,
    '--resume',
    '--smoothing',
    '100',
    '--rate',
    '5',
  );
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `mien: The results in ${out} were made otherwise (rate 10, not 5; smoothing 250, not 100): --force makes them anew, or name another directory.\n`,
  });
  expect(await contentOf(out)).toEqual(before);
  expect(await mien(inputs, '--out-dir', out, '--force', '--rate', '5')).toMatchObject({ code: 0 });
  expect((await contentOf(out))['manifest.json']).toContain('"rate":5');
});

test('results do not depend on which models are faster here: single precision, unless integers are asked for, and the manifest says which', async () => {
  const inputs = await directoryOf('a.png');
  const [single, integers] = [join(inputs, 'single'), join(inputs, 'integers')];
  await writeTinyModels(join(inputs, 'models'), { int8: 'faster' });
  const env = { ...place.env, MIEN_MODELS: join(inputs, 'models') };
  const analyse = (out: string, precision: string, ...more: string[]) =>
    runHere(['analyze', join(inputs, 'a.png'), '--out-dir', out, ...more], {
      ...env,
      MIEN_PRECISION: precision,
    });
  const runIn = async (out: string) => JSON.parse((await contentOf(out))['manifest.json']!).run;
  expect(await analyse(single, 'auto')).toMatchObject({ code: 0 });
  expect(await analyse(integers, 'int8')).toMatchObject({ code: 0 });
  const [before, after] = [await runIn(single), await runIn(integers)];
  expect([before.precision, after.precision]).toEqual(['single', 'int8']);
  expect(after.models).not.toEqual(before.models);
  expect(await analyse(single, 'single', '--resume')).toMatchObject({ code: 0 });
  expect(await analyse(single, 'int8', '--resume')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('(other models; precision single, not int8)'),
  });
});

test('a summary that was edited, and a manifest of somebody else, are told before any work and kept', async () => {
  const inputs = await directoryOf('a.png');
  const out = join(inputs, 'results');
  await mien(inputs, '--out-dir', out);
  const { 'summary.csv': summary, 'manifest.json': manifest } = await contentOf(out);
  await writeFile(join(out, 'summary.csv'), `${summary}mine`);
  expect(await mien(inputs, '--out-dir', out, '--resume')).toMatchObject({
    code: 1,
    stderr: `mien: ${join(out, 'summary.csv')} was changed since mien wrote it, and is kept: move it away, and --resume makes it anew.\n`,
  });
  expect(await readFile(join(out, 'summary.csv'), 'utf8')).toBe(`${summary}mine`);
  await rm(join(out, 'summary.csv'));
  // Printed otherwise it says the same.
  await writeFile(join(out, 'manifest.json'), JSON.stringify(JSON.parse(manifest!), null, 2));
  expect((await mien(inputs, '--out-dir', out, '--resume')).stderr).toMatch(
    /^mien: 1 of 1 are there already/,
  );
  expect(await contentOf(out)).toMatchObject({ 'summary.csv': summary, 'manifest.json': manifest });
  await writeFile(join(out, 'manifest.json'), '{"name":"a web app"}');
  expect(await mien(inputs, '--out-dir', out, '--resume')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/manifest\.json was not written by mien, or was changed since: .*--force/),
  });
  expect(await readFile(join(out, 'manifest.json'), 'utf8')).toBe('{"name":"a web app"}');
});

test('killed at any moment, and gone on with until it is whole: the same bytes as in one go', async () => {
  const names = Array.from({ length: 9 }, (_, index) => `${index}.${index % 3 === 0 ? 'mp4' : 'png'}`);
  const inputs = await directoryOf(...names);
  await writeFile(join(inputs, 'bad.png'), 'no picture');
  const [out, other] = [join(inputs, 'results'), join(inputs, 'others')];
  const args = [inputs, '**/*.{png,mp4}', '--jobs', '3'];
  for (let kills = 0; kills < 4; kills++) {
    const running = start(['analyze', ...args, '--out-dir', out, '--resume'], place.env);
    const ended = running.finished.then(() => true);
    await Promise.race([ended, expect.poll(running.stderr, { timeout: 60_000 }).toMatch(/\[\d+ of 10/)]);
    await sleep(Math.random() * 150);
    running.child.kill('SIGKILL');
    await ended;
  }
  expect(await mien(...args, '--out-dir', out, '--resume')).toMatchObject({ code: 2 });
  expect(await mien(...args, '--out-dir', other)).toMatchObject({ code: 2 });
  expect(await contentOf(out)).toEqual(await contentOf(other));
});
