/** Webhooks, tried against a real receiver that checks signatures as the library of Standard Webhooks does. */
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { LiveEvent } from '../../src/domain/live-event.ts';
import type { OutputRecord } from '../../src/domain/output.ts';
import { createAllowedHosts } from '../../src/outputs/allowed-hosts.ts';
import { OutputRun } from '../../src/outputs/output-run.ts';
import { StreamNames } from '../../src/outputs/stream-names.ts';
import { createWebhookSender } from '../../src/outputs/webhook/webhook-sender.ts';
import { isErased } from '../../src/sessions/is-erased.ts';
import { until } from '../api/harness.ts';
import {
  countingMetrics,
  episodeEvent,
  momentAt,
  openBus,
  openReceiver,
  outputRecord,
  type Receiver,
  rule,
  SECRET,
  SESSION,
  STREAM,
  session,
} from './receiver.ts';

const OTHER = '0190b0f0-0000-7000-8000-000000000009';

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function receiver(): Promise<Receiver> {
  const made = await openReceiver();
  opened.push(() => made.close());
  return made;
}

/** An output that is turned on, over a bus of its own. */
function run(
  record: OutputRecord,
  { milliseconds, allowPrivate = true }: { milliseconds?: number; allowPrivate?: boolean } = {},
) {
  const bus = openBus();
  const metrics = countingMetrics();
  const over: (string | null)[] = [];
  const target = record.target;
  if (target?.kind !== 'WEBHOOK') throw new Error('no webhook');
  const output = new OutputRun({
    ...{ record, feed: bus, metrics, log: { info() {}, warn() {} } },
    sender: createWebhookSender(target, { reach: createAllowedHosts(allowPrivate), milliseconds }),
    names: new StreamNames(async () => 'the door'),
    onOver: (why) => void over.push(why),
    pauses: { shortest: 5, longest: 20 },
  });
  opened.push(() => output.drain());
  return { bus, output, metrics, over };
}

describe('a webhook', () => {
  test('is told of episodes, states, coverage and rules, each signed and with an id of its own', async () => {
    const hook = await receiver();
    const { bus, output } = run(outputRecord(hook.url, { rules: [rule()] }));
    bus.status(STREAM, session('RUNNING'));
    for (let seq = 0; seq <= 20; seq++) bus.moment(STREAM, momentAt(seq, ['HAPPINESS']), seq);
    // A hole of twelve seconds.
    bus.moment(STREAM, momentAt(141, [], { previousDuration: 0.15 }), 141);
    bus.episode(STREAM, episodeEvent(3), 22);
    bus.episode(STREAM, episodeEvent(3, 'APEX'), 22);
    bus.episode(STREAM, episodeEvent(3, 'OFFSET'), 23);
    bus.status(STREAM, session('FAILED', 'The camera is gone.'));
    await hook.until(8);
    const stream = { id: STREAM, name: 'the door' };
    const common = { stream, session: { id: SESSION } };
    const joy = { name: 'joy', apparentExpression: 'HAPPINESS', minDuration: 2, minConfidence: 0 };
    const episode = {
      ...{ id: `${SESSION}:episode:3`, trackNumber: 1, apparentExpression: 'HAPPINESS' },
      ...{ onset: 3, apex: 3.5, peak: 0.9 },
    };
    const about = { ...common, rule: joy, trackNumber: 1, since: 0, until: 2 };
    expect(hook.received.map(({ payload: { type, data } }) => ({ type, data }))).toEqual([
      { type: 'session.state', data: { ...common, state: 'RUNNING', failure: null } },
      { type: 'rule.began', data: { ...about, tracks: 1 } },
      { type: 'rule.ended', data: { ...about, tracks: 0 } },
      { type: 'coverage.low', data: { ...common, coverage: 0.012, seconds: 10, mediaTime: 14.1 } },
      { type: 'episode.onset', data: { ...common, episode: { ...episode, offset: null } } },
      { type: 'episode.offset', data: { ...common, episode: { ...episode, offset: 4 } } },
      { type: 'coverage.ended', data: { ...common, coverage: 0.012, seconds: 10, mediaTime: 14.1 } },
      { type: 'session.state', data: { ...common, state: 'FAILED', failure: 'The camera is gone.' } },
    ]);
    expect(hook.received[4]!.payload.timestamp).toBe(new Date(1_760_000_003_000).toISOString());
    expect(new Set(hook.received.map(({ id }) => id)).size).toBe(8);
    await until(() => output.status.sent === 8, 'the last one is taken');
    expect(output.status).toMatchObject({ state: 'READY', failed: 0, dropped: 0, lastError: null });
  });

  test('is tried again with the same id and another signature, and what comes behind waits for its turn', async () => {
    const hook = await receiver();
    hook.answers.splice(0, 1, 500, 429, (response) => response.destroy(), 200);
    const { bus, output } = run(outputRecord(hook.url));
    bus.episode(STREAM, episodeEvent(0), 0);
    bus.episode(STREAM, episodeEvent(1), 1);
    await hook.until(5);
    const [first, ...again] = hook.received;
    expect(again.slice(0, 3).map(({ id }) => id)).toEqual([first!.id, first!.id, first!.id]);
    expect(hook.received.map(({ payload }) => payload.data.episode.onset)).toEqual([0, 0, 0, 0, 1]);
    await until(() => output.status.sent === 2, 'both are taken');
    expect(output.status).toMatchObject({ state: 'READY', failed: 0 });
    expect(output.status.lastError?.message).toMatch(/^127\.0\.0\.1:\d+ broke off the connection/);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ['never ends', (response) => response.writeHead(200).write('so')],
    ['breaks off', (response) => response.writeHead(200).write('so', () => response.destroy())],
    ['is 10 MB', (response) => response.writeHead(200).end(Buffer.alloc(10_000_000))],
  ])('is taken by the status of an answer that %s', async (_, answer) => {
    const hook = await receiver();
    hook.answers[0] = answer;
    const { bus, output } = run(outputRecord(hook.url), { milliseconds: 2000 });
    bus.episode(STREAM, episodeEvent(0), 0);
    await until(() => output.status.sent + output.status.failed === 1, 'it is taken');
    expect(output.status).toMatchObject({ sent: 1, lastError: null });
    expect(hook.received).toHaveLength(1);
  });

  test('is given up after eight tries, and told in a sentence', async () => {
    const hook = await receiver();
    hook.answers[0] = 503;
    const { bus, output } = run(outputRecord(hook.url));
    bus.episode(STREAM, episodeEvent(0), 0);
    await until(() => output.status.failed === 1, 'it is given up');
    expect(hook.received).toHaveLength(8);
    expect(output.status).toMatchObject({ state: 'FAILING', sent: 0 });
    expect(output.status.lastError?.message).toMatch(/^127\.0\.0\.1:\d+ answered 503: it is tried again\.$/);
  });

  test.each([
    [400, 'answered 400: check the URL and what the receiver says.'],
    [404, 'answered 404: there is nothing at this URL, check it.'],
  ])('that is answered %i is not tried again', async (status, sentence) => {
    const hook = await receiver();
    hook.answers.splice(0, 1, status, 204);
    const { bus, output } = run(outputRecord(hook.url));
    bus.episode(STREAM, episodeEvent(0), 0);
    bus.episode(STREAM, episodeEvent(1), 1);
    await until(() => output.status.sent === 1, 'the next one is taken');
    expect(hook.received).toHaveLength(2);
    expect(output.status).toMatchObject({
      failed: 1,
      lastError: { message: expect.stringContaining(sentence) },
    });
  });

  test('that is answered 410 is stopped', async () => {
    const hook = await receiver();
    hook.answers[0] = 410;
    const { bus, over } = run(outputRecord(hook.url));
    bus.episode(STREAM, episodeEvent(0), 0);
    bus.episode(STREAM, episodeEvent(1), 1);
    await until(() => over.length > 0, 'it is over');
    expect(over).toEqual([expect.stringContaining('answered 410: it wants no more messages.')]);
    expect(hook.received).toHaveLength(1);
  });

  test('with another secret is refused by the receiver, and told that its signature is', async () => {
    const hook = await receiver();
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    const { bus, output } = run(
      outputRecord(hook.url, { target: { kind: 'WEBHOOK', url: hook.url, secret: other } }),
    );
    bus.episode(STREAM, episodeEvent(0), 0);
    await until(() => output.status.failed === 1, 'it is refused');
    expect(output.status.lastError?.message).toContain('does not accept the signature');
    expect(hook.received).toEqual([]);
  });

  test('follows no redirect, and does not tell where in it the secret is', async () => {
    const hook = await receiver();
    const inside = await receiver();
    hook.answers[0] = (response) => response.writeHead(307, { location: inside.url }).end();
    const { bus, output } = run(outputRecord(hook.url));
    bus.episode(STREAM, episodeEvent(0), 0);
    await until(() => output.status.failed === 1, 'it is given up');
    expect(inside.received).toEqual([]);
    expect(output.status.lastError?.message).toContain(`redirects to ${new URL(inside.url).origin}, which`);
    expect(output.status.lastError?.message).not.toContain('secret');
  });
});

describe('a receiver that accepts and never answers', () => {
  test('fails by a time limit, and what waits is bounded: the oldest is dropped and counted', async () => {
    const hook = await receiver();
    hook.answers[0] = () => {};
    const { bus, output, metrics } = run(outputRecord(hook.url), { milliseconds: 200 });
    bus.episode(STREAM, episodeEvent(0), 0);
    await hook.until(1);
    for (let index = 1; index <= 3000; index++) {
      bus.episode(STREAM, episodeEvent(index), index);
      // As events come in life: not thousands in one turn of the event loop.
      if (index % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => output.status.waiting === 1000, 'the queue is full');
    expect(output.status).toMatchObject({ sent: 0, dropped: 2000, waiting: 1000 });
    await until(() => output.status.lastError !== null, 'the time limit');
    expect(output.status.lastError?.message).toMatch(/did not answer within 0\.2 s/);
    expect(metrics.counts).toMatchObject({ sent: 0, dropped: 2000, waiting: 1000 });
  });

  test('keeps no other output from being told', async () => {
    const dead = await receiver();
    dead.answers[0] = () => {};
    const hook = await receiver();
    const { bus } = run(outputRecord(dead.url));
    const other = new OutputRun({
      ...{ record: outputRecord(hook.url), feed: bus, metrics: countingMetrics() },
      ...{ log: { info() {}, warn() {} }, names: new StreamNames(async () => null), onOver() {} },
      sender: createWebhookSender(
        { kind: 'WEBHOOK', url: hook.url, secret: SECRET },
        { reach: createAllowedHosts(true) },
      ),
    });
    opened.push(() => other.drain());
    for (let index = 0; index < 20; index++) bus.episode(STREAM, episodeEvent(index), index);
    await hook.until(20);
    expect(dead.received).toHaveLength(1);
  });

  test('does not keep the server from ending', async () => {
    const hook = await receiver();
    hook.answers[0] = () => {};
    const { bus, output } = run(outputRecord(hook.url));
    bus.episode(STREAM, episodeEvent(0), 0);
    await hook.until(1);
    await output.drain();
    expect(output.status).toMatchObject({ sent: 0 });
  });
});

describe('an address inside', () => {
  test.each(['http://127.0.0.1:9/', 'http://[::1]:9/', 'http://10.1.2.3/', 'http://169.254.169.254/latest/'])(
    '%s is not asked where no admin named it',
    async (url) => {
      const { bus, output } = run(outputRecord(url), { allowPrivate: false });
      bus.episode(STREAM, episodeEvent(0), 0);
      await until(() => output.status.failed === 1, 'it is refused');
      expect(output.status.lastError?.message).toContain('is a private, loopback or link-local address');
    },
  );

  test('is not asked either under a name that leads there, however it was when it was given', async () => {
    const reach = createAllowedHosts(false, async () => [{ address: '127.0.0.1', family: 4 }]);
    const hook = await receiver();
    const url = hook.url.replace('127.0.0.1', 'receiver.example');
    const sender = createWebhookSender({ kind: 'WEBHOOK', url, secret: SECRET }, { reach });
    expect(await sender.trial(AbortSignal.timeout(5000))).toMatchObject({
      ok: false,
      message: expect.stringContaining('receiver.example is a private'),
    });
    const inside = createAllowedHosts(true, async () => [{ address: '127.0.0.1', family: 4 }]);
    const allowed = createWebhookSender({ kind: 'WEBHOOK', url, secret: SECRET }, { reach: inside });
    expect(await allowed.trial(AbortSignal.timeout(5000))).toEqual({
      ...{ ok: true, message: 'It was taken, with the status 204.', status: 204, answer: '' },
    });
    expect(hook.received.map(({ payload }) => payload.type)).toEqual(['mien.test']);
  });
});

test('what was erased is let go of: what waits, and what is tried again', async () => {
  const hook = await receiver();
  hook.answers[0] = 500;
  const { bus, output } = run(outputRecord(hook.url));
  for (let index = 0; index < 3; index++) bus.episode(STREAM, episodeEvent(index), index);
  await hook.until(1);
  output.forget((event) => event.kind === 'episode' && event.event.episode.index < 2);
  hook.answers[0] = 204;
  await until(
    () => output.status.sent === 2,
    'the last one is taken, and the end of the first, which may have been',
  );
  const [last, end] = hook.received.slice(-2).map(({ payload }) => payload.data.episode);
  expect(last.onset).toBe(2);
  expect(end).toEqual({ id: `${SESSION}:episode:0` });
  expect(output.status).toMatchObject({ waiting: 0, dropped: 0, failed: 0 });
});

describe('what the receiver was told began', () => {
  const TRACK = (track: number) => (event: LiveEvent) =>
    isErased({ do: 'TRACK', sessionId: SESSION, track }, event);
  /** Of media time, with the moments in it. */
  const STRETCH = (since: number, until: number) => (event: LiveEvent) =>
    isErased(
      {
        ...{ do: 'STRETCH', sessionId: SESSION, fromSeq: since * 10, toSeq: until * 10 - 1, since, until },
        ...{ durationBefore: 0.1, firstSecond: since, lastSecond: until },
      },
      event,
    );
  const JOY = { name: 'joy', apparentExpression: 'HAPPINESS', minDuration: 0, minConfidence: 0 };
  const COMMON = { stream: { id: STREAM, name: 'the door' }, session: { id: SESSION } };
  const told = (hook: Receiver) => hook.received.map(({ payload: { type, data } }) => ({ type, data }));
  const ENDED = {
    type: 'rule.ended',
    data: { ...COMMON, rule: JOY, trackNumber: 1, tracks: 0, erased: true },
  };

  async function begin(change: Partial<OutputRecord> = {}) {
    const hook = await receiver();
    const rules = [rule({ minDuration: 0 })];
    const made = run(outputRecord(hook.url, { topics: ['EPISODES'], rules, ...change }));
    return {
      hook,
      ...made,
      settled: () => until(() => made.output.status.sent >= hook.received.length, 'taken'),
    };
  }

  test.each([
    ['its face', TRACK(1)],
    ['a stretch of it', STRETCH(1, 2)],
  ])(
    'ends for it where %s is erased while it lasts, without what was measured, and counts anew',
    async (_, isGone) => {
      const { hook, bus, output, settled } = await begin();
      for (let seq = 0; seq < 20; seq++) bus.moment(STREAM, momentAt(seq, ['HAPPINESS']), seq);
      await hook.until(1);
      await settled();
      output.forget(isGone);
      await hook.until(2);
      expect(told(hook)[1]).toEqual(ENDED);
      bus.moment(STREAM, momentAt(20, ['HAPPINESS']), 20);
      await hook.until(3);
      expect(told(hook)[2]).toMatchObject({ type: 'rule.began', data: { since: 2, tracks: 1 } });
    },
  );

  test('ends for it where its end is erased on the way', async () => {
    const { hook, bus, output } = await begin();
    let answer = () => {};
    hook.answers.splice(0, 1, 204, (response) => {
      answer = () => response.writeHead(204).end();
    });
    hook.answers.push(204);
    bus.moment(STREAM, momentAt(0, ['HAPPINESS']), 0);
    bus.episode(STREAM, episodeEvent(7), 1);
    await hook.until(2);
    // Behind an answer that is not there yet.
    for (let seq = 1; seq < 9; seq++) bus.moment(STREAM, momentAt(seq, ['NEUTRAL']), seq);
    bus.episode(STREAM, episodeEvent(7, 'OFFSET'), 10);
    await until(() => output.status.waiting === 2, 'the ends wait');
    output.forget(TRACK(1));
    answer();
    await hook.until(4);
    expect(told(hook).slice(2)).toEqual([
      ENDED,
      { type: 'episode.offset', data: { ...COMMON, episode: { id: `${SESSION}:episode:7` }, erased: true } },
    ]);
    expect(output.status).toMatchObject({ waiting: 0, dropped: 0 });
  });

  test('ends for it where an episode is erased whose end will never come', async () => {
    const { hook, bus, output, settled } = await begin();
    for (const index of [3, 8]) bus.episode(STREAM, episodeEvent(index), index);
    await hook.until(2);
    await settled();
    output.forget(STRETCH(2, 5));
    await hook.until(3);
    expect(told(hook)[2]).toEqual({
      ...{ type: 'episode.offset' },
      data: { ...COMMON, episode: { id: `${SESSION}:episode:3` }, erased: true },
    });
    // The other one goes on, and ends by itself; nothing ends twice.
    bus.episode(STREAM, episodeEvent(8, 'OFFSET'), 9);
    await hook.until(4);
    await settled();
    output.forget(STRETCH(0, 20));
    bus.episode(STREAM, episodeEvent(30), 30);
    await hook.until(5);
    expect(told(hook).slice(3)).toMatchObject([
      { type: 'episode.offset', data: { episode: { offset: 9 } } },
      { type: 'episode.onset', data: { episode: { onset: 30 } } },
    ]);
  });

  test('ends for it where the stream is removed, and nothing else tells of that', async () => {
    const { hook, bus, output } = await begin();
    bus.moment(STREAM, momentAt(0, ['HAPPINESS']), 0);
    bus.episode(STREAM, episodeEvent(0), 0);
    await hook.until(2);
    output.removed(STREAM, false);
    await hook.until(4);
    expect(
      told(hook)
        .slice(2)
        .map(({ type }) => type),
    ).toEqual(['rule.ended', 'episode.offset']);
  });

  test('and was not: nobody is told that it ended', async () => {
    const { hook, bus, output } = await begin();
    hook.answers.splice(0, 1, 404, 204);
    bus.moment(STREAM, momentAt(0, ['HAPPINESS']), 0);
    await until(() => output.status.failed === 1, 'it was refused');
    output.forget(TRACK(1));
    bus.episode(STREAM, episodeEvent(30), 30);
    await hook.until(2);
    expect(told(hook).map(({ type }) => type)).toEqual(['rule.began', 'episode.onset']);
  });
});

test('what is in hand when it is erased is let go of too', async () => {
  const hook = await receiver();
  let named = (_: string) => {};
  const asked: string[] = [];
  const bus = openBus();
  const output = new OutputRun({
    ...{ record: outputRecord(hook.url), feed: bus, metrics: countingMetrics() },
    ...{ log: { info() {}, warn() {} }, onOver() {} },
    names: new StreamNames((id) => {
      asked.push(id);
      return new Promise((resolve) => {
        named = resolve;
      });
    }),
    sender: createWebhookSender(
      { kind: 'WEBHOOK', url: hook.url, secret: SECRET },
      { reach: createAllowedHosts(true) },
    ),
  });
  opened.push(() => output.drain());
  bus.episode(STREAM, episodeEvent(0), 0);
  bus.episode(STREAM, episodeEvent(1), 1);
  await until(() => asked.length === 1, 'its name is asked for');
  output.forget((event) => event.kind === 'episode' && event.event.episode.index === 0);
  named('the door');
  await hook.until(1);
  expect(hook.received.map(({ payload }) => payload.data.episode.onset)).toEqual([1]);
});

test('what waits is let go of when an output is changed or removed, and brought when the server ends', async () => {
  for (const [end, onsets] of [
    [(output: OutputRun) => output.close(null), [0]],
    [(output: OutputRun) => output.drain(), [0, 1, 2]],
  ] as const) {
    const hook = await receiver();
    let answer = () => {};
    hook.answers.splice(0, 1, (response) => {
      answer = () => response.writeHead(204).end();
    });
    hook.answers.push(204);
    const { bus, output } = run(outputRecord(hook.url));
    for (let index = 0; index < 3; index++) bus.episode(STREAM, episodeEvent(index), index);
    await hook.until(1);
    const ended = end(output);
    answer();
    await ended;
    expect(hook.received.map(({ payload }) => payload.data.episode.onset)).toEqual(onsets);
  }
});

describe('when the server ends', () => {
  test('what is being made into messages, and what waits to be, is brought too', async () => {
    const hook = await receiver();
    let named = (_: string) => {};
    const bus = openBus();
    const output = new OutputRun({
      ...{ record: outputRecord(hook.url), feed: bus, metrics: countingMetrics() },
      ...{ log: { info() {}, warn() {} }, onOver() {} },
      names: new StreamNames(() => new Promise((resolve) => (named = resolve))),
      sender: createWebhookSender(
        { kind: 'WEBHOOK', url: hook.url, secret: SECRET },
        { reach: createAllowedHosts(true) },
      ),
    });
    for (let index = 0; index < 3; index++) bus.episode(STREAM, episodeEvent(index), index);
    await new Promise((resolve) => setImmediate(resolve));
    const ended = output.drain();
    bus.episode(STREAM, episodeEvent(3), 3);
    named('the door');
    await ended;
    expect(hook.received.map(({ payload }) => payload.data.episode.onset)).toEqual([0, 1, 2]);
  });

  test('a receiver that takes its time is waited for', async () => {
    const hook = await receiver();
    hook.answers[0] = (response) => void setTimeout(() => response.writeHead(204).end(), 1500);
    const { bus, output } = run(outputRecord(hook.url));
    bus.episode(STREAM, episodeEvent(0), 0);
    await hook.until(1);
    await output.drain();
    expect(output.status).toMatchObject({ sent: 1, dropped: 0 });
  });

  test('what its receiver did not take is counted as dropped, and logged', async () => {
    const hook = await receiver();
    hook.answers[0] = () => {};
    const bus = openBus();
    const told: object[] = [];
    const metrics = countingMetrics();
    const output = new OutputRun({
      ...{ record: outputRecord(hook.url), feed: bus, metrics, onOver() {} },
      log: { info() {}, warn: (fields: object, text: string) => void told.push({ ...fields, text }) },
      names: new StreamNames(async () => 'the door'),
      sender: createWebhookSender(
        { kind: 'WEBHOOK', url: hook.url, secret: SECRET },
        { reach: createAllowedHosts(true) },
      ),
    });
    for (let index = 0; index < 3; index++) bus.episode(STREAM, episodeEvent(index), index);
    await hook.until(1);
    const began = performance.now();
    await output.drain();
    expect(performance.now() - began).toBeLessThan(5000);
    expect(metrics.counts).toMatchObject({ sent: 0, dropped: 3 });
    expect(told).toEqual([
      { output: 'an-output', dropped: 3, text: expect.stringContaining('it is lost to that') },
    ]);
  });
});

test('a fault of mien ends the output, and no more than that', async () => {
  const hook = await receiver();
  const told: string[] = [];
  const fault = new Error('a fault');
  const output = new OutputRun({
    ...{ record: outputRecord(hook.url), metrics: countingMetrics(), onOver() {} },
    feed: {
      subscribe: () => ({ take: () => Promise.reject(fault), push() {}, length: 0, end() {}, close() {} }),
    },
    log: { info() {}, warn: (fields: object) => void told.push(String((fields as { err: Error }).err)) },
    names: new StreamNames(async () => null),
    sender: createWebhookSender(
      { kind: 'WEBHOOK', url: hook.url, secret: SECRET },
      { reach: createAllowedHosts(true) },
    ),
  });
  await until(() => output.status.state === 'FAILING', 'it says so');
  expect(told).toEqual(['Error: a fault']);
  expect(output.status.lastError?.message).toContain('Something went wrong inside mien');
  await output.drain();
});

test('of a stream that is removed nothing is told any more but that, where no other server tells it', async () => {
  const hook = await receiver();
  hook.answers.splice(0, 1, 500, 204);
  const { bus, output } = run(outputRecord(hook.url));
  for (let index = 0; index < 3; index++) bus.episode(STREAM, episodeEvent(index), index);
  await hook.until(1);
  output.removed(OTHER, false);
  output.removed(STREAM, true);
  await until(() => output.status.sent === 2, 'that is told');
  expect(hook.received.slice(1).map(({ payload: { type, data } }) => ({ type, ...data }))).toMatchObject([
    { type: 'episode.offset', erased: true },
    { type: 'stream.removed', stream: { id: STREAM, name: 'the door' } },
  ]);
});
