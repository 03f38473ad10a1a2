/** A directory of results by itself: who may write to it, and what of it is kept, made anew, or moved aside. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openResultDirectory } from '../../src/cli/analyze/result-directory.ts';

const TIMES = { beatMs: 20, deadMs: 800 };

async function emptyDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mien-results-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** As by a run; what it says is added to `said`. */
async function open(path: string, { force = false, said = [] as string[] } = {}) {
  const say = (sentence: string) => void said.push(sentence);
  const directory = await openResultDirectory({ path, resume: !force, force, say }, TIMES);
  onTestFinished(() => directory.close());
  return directory;
}

test('of two that begin together one writes, also where both have the same process id, as in two containers', async () => {
  const path = await emptyDirectory();
  const opened = await Promise.allSettled([open(path), open(path)]);
  const refused = opened.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  expect(refused).toEqual([
    expect.objectContaining({
      code: 'CONFLICT',
      message: `Another mien (process ${process.pid}) writes to ${path}: wait for it, or name another directory.`,
    }),
  ]);
});

test('who finds it in use leaves all to the one that writes, and who comes after that one is let in', async () => {
  const path = await emptyDirectory();
  const first = await open(path);
  await first.begin('{"run":{}}');
  const partial = await first.partial(0);
  await expect(open(path)).rejects.toThrow('writes to');
  expect(await readdir(join(path, '.mien-analyze'))).toEqual(['0.part', 'journal']);
  await partial.end();
  await first.close();
  expect(await readdir(path)).toEqual(['.mien-analyze']);
  await (await open(path)).close();
});

test('one that was halted until another took its place is told', async () => {
  const path = await emptyDirectory();
  const first = await open(path);
  await writeFile(join(path, 'mien.lock'), 'of another');
  await vi.waitFor(() => expect(first.lost.aborted).toBe(true));
  expect(() => first.lost.throwIfAborted()).toThrow(`Another mien has taken ${path} over`);
});
