/** The bench measures what it says, and fails where something that it measures is missing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { platform } from 'node:os';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import { inTurn, measured, spread } from '../../bench/harness.ts';
import { parseMetrics } from '../../bench/parts/metrics.ts';
import { descendantsOf, usageBelow, usageOf } from '../../bench/parts/process-tree.ts';

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
  expect(usageBelow(process.pid, ['no-such-program'], 0)).toEqual({ cpuSeconds: 0, megabytes: 0 });
  expect(() => usageBelow(process.pid, ['no-such-program'], 1)).toThrow('0 of 1 no-such-program');
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
  const idle = spawn('sleep', ['60']);
  children.push(idle);
  await once(idle, 'spawn');
  await expect
    .poll(() => message(() => usageBelow(process.pid, ['sleep'], 1)))
    .toContain('Nothing was measured');
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
