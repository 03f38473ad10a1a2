/** One process at a time per data directory, also where process ids mean something else to each. */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchLock } from '../../src/store/embedded-database-lifecycle.ts';
import { acquireDirectoryLock } from '../../src/store/lock/directory-lock.ts';

vi.setConfig({ testTimeout: 60_000 });

const TIMES = { beatMs: 20, deadMs: 800 };
const UNSHARE = ['--pid', '--fork', '--mount-proc', '--kill-child'];

let directory: string;
const children: Holder['process'][] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mien-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(directory, { recursive: true });
});

interface Holder {
  process: ChildProcessByStdio<Writable, Readable, null>;
  next(): Promise<string>;
}

/** @param command what starts Node, where it is not started at once */
function holder(command: readonly string[] = []): Holder {
  const [file = '', ...args] = [...command, process.execPath, '--import', 'tsx', 'test/store/lock-holder.ts'];
  const child = spawn(file, [...args, directory, JSON.stringify(TIMES)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { process: child, next: async () => String((await lines.next()).value) };
}

async function acquire(heard: string[] = []): Promise<() => Promise<void>> {
  const hear = (word: string) => () => void heard.push(word);
  const watcher = { onLost: hear('lost'), onTrouble: hear('trouble'), onWait: hear('waits'), inUse };
  return acquireDirectoryLock(directory, watcher, TIMES);
}

async function killed({ process: child }: Holder): Promise<void> {
  const over = once(child, 'exit');
  child.kill('SIGKILL');
  await over;
}

it('another process is refused while one holds the lock, and let in at once after its end, in order or by a kill', async () => {
  const first = holder();
  expect(await first.next()).toBe('held');
  const heard: string[] = [];
  await expect(acquire(heard)).rejects.toMatchObject(conflict(`process ${first.process.pid}`));
  await killed(first);
  const release = await acquire(heard);
  await expect(acquire(heard)).rejects.toMatchObject(conflict(`process ${process.pid}`));
  await release();
  expect([heard, await readdir(directory)]).toEqual([[], []]);
  const second = holder();
  expect(await second.next()).toBe('held');
  second.process.stdin.end();
  expect(await second.next()).toBe('released');
});

it('a lock whose process id was given to another process is no lock', async () => {
  const release = await acquire();
  const text = await readFile(path(), 'utf8');
  await release();
  await writeFile(path(), JSON.stringify({ ...JSON.parse(text), born: '1' }));
  await (await acquire())();
});

it.each(['', '{"pid":12,', '{"pid":1,"born":"of an older mien"}'])(
  'a lock that says %j blocks no start',
  async (text) => {
    await writeFile(path(), text);
    const heard: string[] = [];
    await (await acquire(heard))();
    expect([heard, await readdir(directory)]).toEqual([['waits'], []]);
  },
);

it('a lock that is touched is held, whatever it says', async () => {
  await writeFile(path(), 'torn');
  const toucher = setInterval(() => void writeFile(path(), 'torn'), 50);
  await expect(acquire()).rejects.toMatchObject(conflict('another container'));
  clearInterval(toucher);
});

it('a lock that was deleted by hand is put back, and one that another took is told as lost', async () => {
  const heard: string[] = [];
  const release = await acquire(heard);
  await unlink(path());
  await vi.waitFor(() => readFile(path()));
  await expect(acquire()).rejects.toMatchObject({ code: 'CONFLICT' });
  await writeFile(path(), 'of another');
  await vi.waitFor(() => expect(heard).toEqual(['lost']));
  await release();
  expect(await readFile(path(), 'utf8')).toBe('of another');
});

it('of many who find a dead lock one gets it', async () => {
  for (let round = 0; round < 5; round++) {
    const release = await acquire();
    const dead = JSON.parse(await readFile(path(), 'utf8'));
    await release();
    await writeFile(path(), JSON.stringify({ ...dead, born: '1' }));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => acquire()));
    const taken = results.filter((result) => result.status === 'fulfilled');
    expect(taken).toHaveLength(1);
    await sleep(3 * TIMES.beatMs);
    await taken[0]!.value();
  }
});

describe.runIf(canMakeNamespaces())('two containers on one volume', () => {
  it('one is refused while the other holds the lock, although both are process 1 to themselves', async () => {
    const first = holder(['unshare', ...UNSHARE]);
    expect(await first.next()).toBe('held');
    const second = holder(['unshare', ...UNSHARE]);
    expect(await second.next()).toBe('waits');
    expect(await second.next()).toBe('undefined');
    await expect(acquire()).rejects.toMatchObject(conflict('another container'));
    await killed(first);
    await (await acquire())();
  });

  it('one that was halted for long finds its lock taken', async () => {
    const first = holder(['unshare', ...UNSHARE]);
    expect(await first.next()).toBe('held');
    const [node] = execFileSync('pgrep', ['-P', String(first.process.pid)], { encoding: 'utf8' }).split('\n');
    process.kill(Number(node), 'SIGSTOP');
    const release = await acquire();
    process.kill(Number(node), 'SIGCONT');
    expect(await first.next()).toBe('lost');
    await release();
  });
});

const { inUse } = watchLock({ shutOff: async () => {} }, 'data', undefined);
const path = () => join(directory, 'mien.lock');
const conflict = (who: string) => ({
  code: 'CONFLICT',
  message: expect.stringMatching(new RegExp(`Another mien \\(.*${who}.*set DATABASE_URL`)),
});

function canMakeNamespaces(): boolean {
  try {
    execFileSync('unshare', [...UNSHARE, 'true'], { stdio: 'pipe' });
    return true;
  } catch (error) {
    console.warn(`SKIPPED: locks between containers need unshare: ${(error as Error).message}`);
    return false;
  }
}
