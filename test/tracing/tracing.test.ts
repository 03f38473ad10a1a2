/** Spans as a collector gets them, made by the tracer itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTracing, type Tracing, type TracingSettings } from '../../src/tracing/index.ts';
import { until } from '../api/harness.ts';
import { type OtlpReceiver, openOtlpReceiver, type SeenSpan } from '../helpers/otlp-receiver.ts';

let receiver: OtlpReceiver;
const opened: Tracing[] = [];
const lines: [string, object, string][] = [];
const log = {
  info: (fields: object, message: string) => void lines.push(['info', fields, message]),
  warn: (fields: object, message: string) => void lines.push(['warn', fields, message]),
};
beforeEach(async () => {
  lines.length = 0;
  receiver = await openOtlpReceiver();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((tracing) => tracing.close()));
  await receiver.close();
});

function open(more: Partial<TracingSettings> = {}): Tracing {
  const tracing = openTracing(
    {
      endpoint: `${receiver.endpoint}/v1/traces`,
      headers: { authorization: 'Bearer x' },
      timeoutMs: 1_000,
      ...{ sampler: 'always_on', ratio: 1, resource: { 'service.name': 'test' } },
      batch: { delayMs: 20, size: 512, queue: 2048 },
      ...more,
    },
    log,
  );
  opened.push(tracing);
  return tracing;
}

const IDS = { streamId: 'a-stream', id: 'a-session' };
const named = (name: string) => receiver.spans.filter((span) => span.name === name);
const only = (name: string): SeenSpan => {
  expect(named(name)).toHaveLength(1);
  return named(name)[0]!;
};

it('a moment is its steps, one behind the other from its frame to its publishing', async () => {
  const moment = open().follow(IDS, Date.now() - 500)!;
  moment.step('analyse');
  await sleep(20);
  moment.begin('score', { at: 0 }).end();
  moment.step('commit');
  moment.set({ 'mien.moment.seq': 7 });
  moment.step('publish');
  moment.end();
  moment.step('timeline');
  await until(() => receiver.spans.length === 6, 'all is sent');
  const whole = only('moment');
  expect(whole).toMatchObject({ service: 'test', parentId: '', failed: false });
  expect(whole.attributes).toEqual({
    'mien.stream.id': 'a-stream',
    'mien.session.id': 'a-session',
    'mien.moment.seq': 7,
  });
  const steps = ['frame buffer', 'analyse', 'commit', 'publish'].map(only);
  for (const step of steps) expect(step).toMatchObject({ traceId: whole.traceId, parentId: whole.spanId });
  expect(steps.map(({ start }) => start)).toEqual([whole.start, ...steps.slice(0, -1).map(({ end }) => end)]);
  expect(steps.at(-1)!.end).toBeCloseTo(whole.end, 0);
  expect(whole.end - whole.start).toBeGreaterThanOrEqual(515);
  // What would have begun before its step begins with it.
  expect(only('score')).toMatchObject({ parentId: steps[1]!.spanId, start: steps[1]!.start });
  expect(receiver.requests[0]).toMatchObject({
    path: '/v1/traces',
    headers: { authorization: 'Bearer x', 'content-type': 'application/x-protobuf' },
  });
});

it('a moment that was lost says why', async () => {
  open().follow(IDS, Date.now())!.end('worker');
  await until(() => receiver.spans.length === 2, 'all is sent');
  expect(only('moment')).toMatchObject({ failed: true, attributes: { 'error.type': 'worker' } });
});

it('a commit is a part of its first moment that is followed, and linked with the others', async () => {
  const tracing = open();
  const [one, other] = [tracing.follow(IDS, Date.now())!, tracing.follow(IDS, Date.now())!];
  for (const moment of [one, other]) moment.step('commit');
  expect(tracing.commit([], 3)).toBeNull();
  tracing.commit([one, other], 40)!.end();
  for (const moment of [one, other]) moment.end();
  await until(() => receiver.spans.length === 7, 'all is sent');
  const commit = only('store commit');
  const [first, second] = named('commit').sort(({ spanId }) => (spanId === commit.parentId ? -1 : 1));
  expect(commit).toMatchObject({ parentId: first!.spanId, links: [second!.spanId] });
  expect(second!.links).toEqual([commit.spanId]);
  expect(second!.traceId).not.toBe(commit.traceId);
  expect(commit.attributes).toMatchObject({ 'mien.commit.items': 40 });
});

it('what came from another server goes on with its trace, and its deliveries are summed up', async () => {
  const [here, there] = [open(), open()];
  const sent = here.follow(IDS, Date.now())!;
  sent.step('publish');
  const got = there.received(sent.traceparent, Date.now())!;
  got.end();
  sent.end();
  const { deliveries } = got;
  for (let execution = 0; execution < 3; execution++) {
    deliveries.executing();
    deliveries.offered();
    await sleep(5);
    deliveries.offered();
    deliveries.written();
  }
  await until(() => named('deliver').length > 0, 'it is told');
  deliveries.written();
  await sleep(100);
  const [publish, receive, deliver, write] = ['publish', 'receive', 'deliver', 'write to sockets'].map(only);
  expect(receive).toMatchObject({ traceId: publish!.traceId, parentId: publish!.spanId, kind: 5 });
  expect(deliver).toMatchObject({ traceId: publish!.traceId, parentId: receive!.spanId });
  expect(write).toMatchObject({ parentId: deliver!.spanId, end: deliver!.end });
  expect(deliver!.attributes).toEqual({
    'mien.delivery.executions': 3,
    'mien.delivery.subscribers': 6,
    'mien.delivery.written': 3,
  });
  expect(deliver!.end - deliver!.start).toBeGreaterThanOrEqual(13);
  expect(deliver!.end - deliver!.start).toBeLessThan(900);
});

it.each([
  ['no traceparent', 'nonsense'],
  ['ids of zeros', `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`],
  ['version ff', `ff-${'1'.repeat(32)}-${'1'.repeat(16)}-01`],
  ['more than its version has', `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01-more`],
])('%s begins a trace of its own', async (_, traceparent) => {
  open().operations.begin('query', traceparent)!.end();
  await until(() => receiver.spans.length === 1, 'it is sent');
  expect(receiver.spans[0]).toMatchObject({ parentId: '' });
  expect(receiver.spans[0]!.traceId).not.toBe('1'.repeat(32));
});

it('without a sampler of its own all mutations are followed, one moment in a hundred, and what whoever asks follows', () => {
  const tracing = open({ sampler: 'mien', ratio: 0.01 });
  const begin = (type: string, traceparent: string | null = null) =>
    tracing.operations.begin(type, traceparent, { details: { 'graphql.operation.type': type } });
  const many = Array.from({ length: 5_000 }, () => tracing.follow(IDS, Date.now()));
  const followed = many.filter((moment) => moment !== null).length;
  // Three standard deviations and more of 50.
  expect(followed).toBeGreaterThan(15);
  expect(followed).toBeLessThan(100);
  for (let i = 0; i < 20; i++) expect(begin('mutation')).not.toBeNull();
  expect(Array.from({ length: 500 }, () => begin('query')).filter(Boolean).length).toBeLessThan(25);
  const parent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}`;
  for (let i = 0; i < 20; i++) {
    expect(begin('query', `${parent}-01`)!.traceId).toBe('1'.repeat(32));
    expect(begin('mutation', `${parent}-00`)).toBeNull();
  }
});

it('what is done for an operation knows it, until that is over', async () => {
  const { operations } = open();
  expect(operations.current()).toBeNull();
  const span = operations.begin('mutation', null)!;
  await operations.within(span, async () => {
    await sleep(1);
    expect(operations.current()).toBe(span);
    span.end();
    expect(operations.current()).toBeNull();
  });
});

it('a collector that is away is told of once, and once more when it is back; what waits is bounded and dropped', async () => {
  receiver.status = 400;
  const tracing = open({ batch: { delayMs: 5, size: 10, queue: 20 } });
  const tell = (spans: number) => {
    for (let i = 0; i < spans; i++) tracing.operations.begin('query', null)!.end();
  };
  for (let round = 0; round < 3; round++) {
    tell(1_000);
    const before = receiver.requests.length;
    await until(() => receiver.requests.length > before, 'it is tried');
  }
  await until(() => lines.length > 0, 'it is told');
  // Of 3,000 spans no more than a queue and a batch in each round.
  expect(receiver.requests.length).toBeLessThan(30);
  receiver.status = 200;
  await until(() => {
    tell(1);
    return lines.length > 1;
  }, 'it is told again');
  const host = new URL(receiver.endpoint).host;
  expect(lines).toEqual([
    ['warn', { collector: host, why: 'Bad Request' }, expect.stringContaining('traces are not taken')],
    ['info', { collector: host, lost: expect.any(Number) }, 'traces are taken again'],
  ]);
});

it('at the end what waits is sent, and a collector that does not answer is waited for two seconds', async () => {
  const tracing = open({ batch: { delayMs: 60_000, size: 512, queue: 2048 } });
  const moment = tracing.follow(IDS, Date.now())!;
  moment.deliveries.executing();
  moment.end();
  await tracing.close();
  expect(receiver.spans.map(({ name }) => name).sort()).toEqual(['deliver', 'frame buffer', 'moment']);

  const nobody = open({ endpoint: 'http://127.0.0.1:9/v1/traces', timeoutMs: 10_000 });
  nobody.operations.begin('query', null)!.end();
  const begun = performance.now();
  await nobody.close();
  expect(performance.now() - begun).toBeLessThan(4_000);
});
