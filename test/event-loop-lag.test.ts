import { afterEach, expect, it } from 'vitest';
import { EventLoopWatch } from '../src/event-loop-lag.ts';
import { createMetrics } from '../src/metrics.ts';
import { sleep } from '../src/threads/sleep.ts';

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

function block(milliseconds: number): void {
  for (const until = performance.now() + milliseconds; performance.now() < until; );
}

it('a block of the event loop is seen when it has begun from rest, and once', async () => {
  const watch = new EventLoopWatch(20);
  opened.push(watch);
  await sleep(30);
  watch.read();
  block(80);
  await sleep(30);
  expect(watch.read().longest).toBeGreaterThan(0.05);
  await sleep(60);
  expect(watch.read().longest).toBeLessThan(0.05);
});

it('a loop that has work is measured every few milliseconds', async () => {
  const watch = new EventLoopWatch(20);
  opened.push(watch);
  for (let i = 0; i < 30; i++) {
    block(3);
    await sleep(3);
  }
  const { min, mean, p50, p99, longest } = watch.read();
  expect(min).toBeGreaterThan(0);
  expect(mean).toBeGreaterThanOrEqual(min);
  expect(p50).toBeGreaterThan(0.005);
  expect(p99).toBeGreaterThanOrEqual(p50);
  expect(longest).toBeGreaterThanOrEqual(p99 * 0.99);
});

it('the metrics tell the delay of the event loop by the names that prom-client gives it, each once', async () => {
  const metrics = createMetrics();
  opened.push(metrics);
  const text = await metrics.registry.metrics();
  for (const statistic of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'])
    expect(text.match(new RegExp(`^nodejs_eventloop_lag_${statistic}_seconds \\S+$`, 'gm'))).toHaveLength(1);
});
