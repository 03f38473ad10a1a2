/** The bench measures what it says, and fails where something that it measures is missing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { platform } from 'node:os';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, it, vi } from 'vitest';
import { inTurn, measured, spread } from '../../bench/harness.ts';
import { begins } from '../../bench/parts/load-window.ts';
import { parseMetrics } from '../../bench/parts/metrics.ts';
import { addedBy } from '../../bench/parts/moment-traces.ts';
import { descendantsOf, programOf, usageBelow, usageOf } from '../../bench/parts/process-tree.ts';

const linux = it.skipIf(platform() !== 'linux');
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

linux('a child that another thread started is among the descendants of its process', async () => {
  const source = `
    const child = require('node:child_process').spawn('sleep', ['60']);
    require('node:worker_threads').parentPort.postMessage(child.pid);
    setInterval(() => {}, 1000);`;
  const worker = new Worker(source, { eval: true });
  const [pid] = (await once(worker, 'message')) as [number];
  try {
    expect(descendantsOf(process.pid)).toContain(pid);
  } finally {
    process.kill(pid, 'SIGKILL');
    await worker.terminate();
  }
});

linux('a child that must be there and is not fails the measurement', () => {
  // One that has not had any, as this process may have.
  const alone = spawn('sleep', ['60'], { detached: true });
  children.push(alone);
  expect(usageBelow(alone.pid!, ['no-such-program'], 0)).toEqual({ cpuSeconds: 0, megabytes: 0 });
  expect(() => usageBelow(alone.pid!, ['no-such-program'], 1)).toThrow('0 of 1 no-such-program');
});

linux('a child is measured with the children that it started, once it has cost something', async () => {
  const busy = spawn('sh', ['-c', 'sh -c "while :; do :; done" & while :; do :; done'], { detached: true });
  children.push(busy);
  try {
    await expect.poll(() => costs(() => usageBelow(busy.pid!, ['sh'], 1)), { timeout: 30_000 }).toBe(true);
    const both = usageBelow(process.pid, ['sh'], 2);
    expect(both.cpuSeconds).toBeGreaterThan(0);
    expect(both.megabytes).toBeGreaterThan(usageBelow(busy.pid!, ['sh'], 1).megabytes);
    expect(() => usageBelow(process.pid, ['sh'], 3)).toThrow('2 of 3 sh');
  } finally {
    process.kill(-busy.pid!, 'SIGKILL');
  }
});

linux('a child of which nothing can be measured yet fails the measurement', async () => {
  // A small process starts it: to begin as the copy of a large one costs something that can be measured. Looked at from there: this
  // process may have other children. One that happened to run when the kernel looked cost something for good; then another is tried.
  const measureNewChild = async () => {
    const idle = spawn('sh', ['-c', 'sleep 60 & wait'], { detached: true });
    children.push(idle);
    try {
      await vi.waitUntil(
        () => descendantsOf(idle.pid!).some((child) => programOf(child) === 'sleep'),
        30_000,
      );
      return message(() => usageBelow(idle.pid!, ['sleep'], 1));
    } finally {
      process.kill(-idle.pid!, 'SIGKILL');
      await once(idle, 'exit');
    }
  };
  await expect.poll(measureNewChild, { timeout: 60_000 }).toContain('Nothing was measured');
});

linux('the processor time of children that have ended is not lost', async () => {
  const busy = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done';
  const parent = spawn('sh', ['-c', `sh -c '${busy}'; echo done; exec sleep 60`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(parent);
  await once(parent.stdout, 'data');
  expect(usageBelow(process.pid, ['no-such-program'], 0).cpuSeconds).toBeGreaterThan(0);
});

linux('a process that has ended fails the measurement', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(() => usageOf(child.pid!)).toThrow('Nothing can be measured');
  expect(usageOf(process.pid).megabytes).toBeGreaterThan(1);
});

it('a metric that the server does not have fails; one by labels is 0 until it is counted', () => {
  const metrics = parseMetrics(
    '# TYPE a counter\na{x="1"} 2\na{x="2"} 3\n# TYPE b counter\n# TYPE c histogram\nc_sum 4\n',
  );
  expect([metrics('a'), metrics('b'), metrics('c_sum')]).toEqual([5, 0, 4]);
  expect(() => metrics('d')).toThrow('no metric d');
});

it('a rate is reached when the first stretch of a second begins that has so many, and never without one', () => {
  // Two a second for three seconds, then ten.
  const slow = Array.from({ length: 6 }, (_, i) => 1000 + i * 500);
  const fast = Array.from({ length: 20 }, (_, i) => 4000 + i * 100);
  expect(begins([...slow, ...fast], 9, 1000)).toBe(3);
  expect(begins(slow, 9, 1000)).toBe(Infinity);
  expect(begins([], 9, 1000)).toBe(Infinity);
});

it('what is added to inference is all of a moment but the runs of the models, and moments that are not told wholly do not count', () => {
  const part = (traceId: string, name: string, start: number, end: number) => ({
    ...{ traceId, name, start, end, service: 'mien', spanId: name, parentId: '', kind: 1 },
    ...{ attributes: {}, links: [], failed: false },
  });
  const searched = [
    part('a', 'moment', 100, 150),
    part('a', 'detect', 103, 120),
    part('a', 'score', 122, 130),
    part('a', 'deliver', 150, 155),
  ];
  const followed = [part('b', 'moment', 0, 20), part('b', 'score', 2, 10), part('b', 'deliver', 20, 21)];
  const unsent = [part('c', 'moment', 0, 500), part('c', 'score', 2, 10)];
  const unscored = [part('d', 'moment', 0, 500), part('d', 'deliver', 500, 501)];
  expect(addedBy([...searched, ...unscored, ...followed, ...unsent])).toEqual([13, 30]);
});

it('a round in which nothing was measured fails the bench', async () => {
  expect(measured('frames', 1)).toBe(1);
  for (const value of [0, -1, Number.NaN, Infinity])
    expect(() => measured('frames', value)).toThrow('frames');
  await expect(
    inTurn(
      async () => 1,
      async () => 0,
      1,
    ),
  ).rejects.toThrow('what it is held against');
  await expect(
    inTurn(
      async () => Number.NaN,
      async () => 1,
      1,
    ),
  ).rejects.toThrow('mien');
  expect(() => spread([1, Number.NaN])).toThrow('missing');
});

function costs(measure: () => unknown): boolean {
  return message(measure) === '';
}

/** What `work` throws; empty: nothing. */
function message(work: () => unknown): string {
  try {
    work();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
