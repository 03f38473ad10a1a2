/** Where the rows of `mien analyze` go, and what must be left as it was. */
import { execFileSync } from 'node:child_process';
import { closeSync, linkSync, mkdirSync, mkdtempSync, openSync, symlinkSync } from 'node:fs';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { PassThrough, type Writable } from 'node:stream';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openRowWriter } from '../../src/cli/row-writer.ts';

const ROW_OUTPUT = new URL('../../src/cli/row-writer.ts', import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), 'mien-out-'));
const clip = join(directory, 'clip.mp4');
const rows = join(directory, 'rows.jsonl');
beforeEach(async () => {
  await writeFile(clip, 'a video');
  await rm(rows, { force: true });
});
afterAll(() => rm(directory, { recursive: true }));

const open = (
  path: string | undefined,
  inputs = [clip],
  stdout: Writable = new PassThrough(),
  force = true,
) => openRowWriter({ path, force }, inputs, { stdin: new PassThrough(), stdout }, () => {});
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
    [
      'a directory by a link',
      () => {
        symlinkSync(directory, at('to-directory'));
        return at('to-directory');
      },
    ],
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

describe('a file that exists is overwritten only where that is asked for', () => {
  const openNew = (path: string, stdout?: Writable) => open(path, [clip], stdout, false);

  it.each([
    ['with contents', 'rows of yesterday\n'],
    ['empty, as another that has only begun would leave it', ''],
  ])('a file that exists is refused without --force, and left as it was: %s', async (_, text) => {
    await writeFile(rows, text);
    const sentence = `--out ${rows} exists already: name another file, or add --force to overwrite it.`;
    await expect(openNew(rows)).rejects.toMatchObject({ code: 'BAD_INPUT', message: sentence });
    expect(await contents(rows)).toBe(text);
    const out = await open(rows);
    await out.write('row\n');
    await out.close();
    expect(await contents(rows)).toBe('row\n');
  });

  it('a link is refused without --force when its file exists, and makes the file when not', async () => {
    symlinkSync(rows, at('to-new'));
    const out = await openNew(at('to-new'));
    await out.write('row\n');
    await out.close();
    expect(await contents(rows)).toBe('row\n');
    await expect(openNew(at('to-new'))).rejects.toEqual(refused('exists already'));
  });

  it('of two that write the same new file at the same time one is refused', async () => {
    const opened = await Promise.allSettled([openNew(rows), openNew(rows)]);
    expect(opened.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    for (const one of opened) if (one.status === 'fulfilled') await one.value.close();
  });

  it('a device needs no --force: it keeps nothing', async () => {
    const out = await openNew('/dev/null');
    await out.write('row\n');
    await out.close();
  });
});

describe.skipIf(process.platform === 'win32')(
  'what the shell opened is written as the shell opened it',
  () => {
    /** A process whose standard output is `rows`, opened to append, and which writes one row to `out`. */
    const append = (out: string) => {
      const fds = [openSync(rows, 'a'), openSync(at('other.jsonl'), 'a')] as const;
      const script = `
      const { openRowWriter } = await import(${JSON.stringify(ROW_OUTPUT)});
      const out = await openRowWriter({ path: ${JSON.stringify(out)}, force: false }, [], process, () => {});
      await out.begin('head\\n');
      await out.write('row\\n');
      await out.close();`;
      execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
        stdio: ['ignore', fds[0], 'inherit', fds[1]],
      });
      for (const fd of fds) closeSync(fd);
    };

    it.each([
      ['/dev/stdout', () => '/dev/stdout'],
      ['/dev/fd/1', () => '/dev/fd/1'],
      [
        'a link to it',
        () => {
          symlinkSync('/dev/stdout', at('to-stdout'));
          return at('to-stdout');
        },
      ],
      ['its file by name', () => rows],
    ])('standard output that appends to a file appends: %s', async (_, name) => {
      await writeFile(rows, 'rows of yesterday\n');
      append(name());
      expect(await contents(rows)).toBe('rows of yesterday\nhead\nrow\n');
    });

    it('another descriptor that appends to a file appends', async () => {
      await writeFile(at('other.jsonl'), 'rows of yesterday\n');
      append('/dev/fd/3');
      expect(await contents(at('other.jsonl'))).toBe('rows of yesterday\nhead\nrow\n');
    });

    it('a descriptor that is not open is told before the work', async () => {
      await expect(open('/dev/fd/999')).rejects.toEqual(refused('cannot be written'));
    });
  },
);

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

it('a pipe that nobody reads is refused after ten seconds, and one that is read later is not', async () => {
  execFileSync('mkfifo', [at('unread'), at('late')]);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let seconds = 0;
  const elapse = async (limit: number) => {
    for (; seconds < limit; seconds += 0.1) {
      await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), { interval: 1 });
      await vi.advanceTimersByTimeAsync(100);
    }
  };
  const unread = expect(open(at('unread'))).rejects.toEqual(refused('it is a pipe, and nobody reads it'));
  await elapse(9.85);
  await unread;
  seconds = 0;
  const late = open(at('late'));
  await elapse(5);
  const read = readFile(at('late'), 'utf8');
  await vi.advanceTimersByTimeAsync(100);
  vi.useRealTimers();
  await (await late).write('row\n');
  await (await late).close();
  expect(await read).toBe('row\n');
});

it('the file that stdin comes from is not written over: it may list the inputs', async () => {
  await writeFile(at('list'), `${clip}\n`);
  const stdin = Object.assign(new PassThrough(), { fd: openSync(at('list'), 'r') });
  const to = { path: at('list'), force: true };
  const opening = openRowWriter(to, [clip], { stdin, stdout: new PassThrough() }, () => {});
  await expect(opening).rejects.toEqual(refused('is the file that stdin comes from'));
  expect(await contents(at('list'))).toBe(`${clip}\n`);
});

it('stdout has the head of the table at once', async () => {
  const stdout = new PassThrough();
  const out = await open(undefined, [clip], stdout);
  await out.begin('head\n');
  expect(String(stdout.read())).toBe('head\n');
  await out.close();
});
