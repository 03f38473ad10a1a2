/** Where the rows of `mien analyze` go, and what must be left as it was. */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, openSync, symlinkSync } from 'node:fs';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { PassThrough, type Writable } from 'node:stream';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openRowOutput } from '../../src/cli/row-output.ts';

const directory = mkdtempSync(join(tmpdir(), 'mien-out-'));
const clip = join(directory, 'clip.mp4');
const rows = join(directory, 'rows.jsonl');
beforeEach(async () => {
  await writeFile(clip, 'a video');
  await rm(rows, { force: true });
});
afterAll(() => rm(directory, { recursive: true }));

const open = (path: string | undefined, inputs = [clip], stdout: Writable = new PassThrough()) =>
  openRowOutput(path, inputs, { stdout }, () => {});
const refused = (words: string) =>
  expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringContaining(words) });
const contents = (path: string) => readFile(path, 'utf8');
const at = (name: string) => join(directory, name);

/** Makes another name of the clip, and gives it. */
const NAMES: Record<string, () => string> = {
  itself: () => clip,
  'by another spelling': () => {
    mkdirSync(at('nothing'));
    return `${directory}/./nothing/../clip.mp4`;
  },
  'relative to here': () => relative('.', clip),
  'by a symbolic link': () => {
    symlinkSync(clip, at('soft'));
    return at('soft');
  },
  'by a link to a link': () => {
    symlinkSync(clip, at('first'));
    symlinkSync('first', at('second'));
    return at('second');
  },
  'by a hard link': () => {
    linkSync(clip, at('hard'));
    return at('hard');
  },
  'in a linked directory': () => {
    symlinkSync(directory, at('place'));
    return join(at('place'), 'clip.mp4');
  },
};

describe('a file that is an input too is refused, and left as it was', () => {
  it.each(Object.entries(NAMES))(
    'an input named as output is refused, and left as it was: %s',
    async (_, name) => {
      const other = name();
      const inputs = ['http://example.org/a.mp4', at('missing.mp4'), clip];
      await expect(open(other, inputs)).rejects.toEqual(refused('is the input'));
      await expect(open(clip, [other])).rejects.toEqual(refused('is the input'));
      expect(await contents(clip)).toBe('a video');
    },
  );

  it('an input that stdout goes to is refused, and left as it was', async () => {
    const stdout = Object.assign(new PassThrough(), { fd: openSync(clip, 'a') });
    await expect(open(undefined, [clip], stdout)).rejects.toEqual(refused('stdout goes to is the input'));
    const other = Object.assign(new PassThrough(), { fd: openSync(rows, 'a') });
    await (await open(undefined, [clip], other)).close();
  });

  it('a device may be input and output: it keeps nothing', async () => {
    const out = await open('/dev/null', ['/dev/null']);
    await out.write('row\n');
    await out.close();
  });
});

describe('what cannot be written is told when it is opened', () => {
  it.each([
    ['a directory', () => directory],
    ['in a directory that is not there', () => at('nowhere/rows.jsonl')],
    ['below a file', () => join(clip, 'rows.jsonl')],
    ['without a name', () => ''],
  ])('output that cannot be written is refused when it is opened: %s', async (_, path) => {
    await expect(open(path())).rejects.toEqual(refused('cannot be written'));
  });

  it('a file that this user may not write is refused when it is opened', async ({ skip }) => {
    await writeFile(rows, 'old');
    await chmod(rows, 0o400);
    // Whoever may do anything is stopped by this alone.
    if (process.getuid?.() === 0) {
      try {
        execFileSync('chattr', ['+i', rows], { stdio: 'pipe' });
      } catch {
        skip('root may write it, and chattr does not work here');
      }
    }
    try {
      await expect(open(rows)).rejects.toEqual(refused('cannot be written'));
    } finally {
      if (process.getuid?.() === 0) execFileSync('chattr', ['-i', rows]);
    }
  });
});

describe('the old contents', () => {
  it('the old contents of a file stay until there is a row', async () => {
    await writeFile(rows, 'old rows, more of them than new ones\n');
    const out = await open(rows);
    await out.begin('head\n');
    expect(await contents(rows)).toBe('old rows, more of them than new ones\n');
    await out.write('row\n');
    await out.write('row\n');
    await out.close();
    expect(await contents(rows)).toBe('head\nrow\nrow\n');
  });

  it('the old contents of a file stay when nothing came of it; a file that was made for it goes', async () => {
    await writeFile(rows, 'old');
    for (const path of [rows, at('new.jsonl')]) {
      const out = await open(path);
      await out.begin('head\n');
      await out.close();
    }
    expect(await contents(rows)).toBe('old');
    await expect(stat(at('new.jsonl'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('the old contents of a file go when no row is what was found', async () => {
    await writeFile(rows, 'old');
    const out = await open(rows);
    await out.begin('head\n');
    await out.finish();
    await out.close();
    expect(await contents(rows)).toBe('head\n');
  });

  it('rows through a link change the file that it leads to; the link stays', async () => {
    symlinkSync(rows, at('to-rows'));
    for (const row of ['first row\n', 'row\n']) {
      const out = await open(at('to-rows'));
      await out.write(row);
      await out.close();
      expect(await contents(rows)).toBe(row);
    }
  });
});

it('a pipe takes rows, and has nothing to empty', async () => {
  execFileSync('mkfifo', [at('pipe')]);
  const read = readFile(at('pipe'), 'utf8');
  const out = await open(at('pipe'));
  await out.begin('head\n');
  await out.write('row\n');
  await out.close();
  expect(await read).toBe('head\nrow\n');
});

it('stdout has the head of the table at once', async () => {
  const stdout = new PassThrough();
  const out = await open(undefined, [clip], stdout);
  await out.begin('head\n');
  expect(String(stdout.read())).toBe('head\n');
  await out.close();
});
