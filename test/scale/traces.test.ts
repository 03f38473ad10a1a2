/** One trace from the frame at a `mien worker` to the socket of a `mien api`, and from a client's command to the worker that carries it out. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { until } from '../api/harness.ts';
import { SERVER } from '../helpers/database.ts';
import { HAS_NATS } from '../helpers/nats-server.ts';
import { type OtlpReceiver, openOtlpReceiver, type SeenSpan } from '../helpers/otlp-receiver.ts';
import {
  expectInOrder,
  expectMoment,
  expectNothingPersonal,
  lineOf,
  namesOf,
  tracesTo,
} from '../helpers/traces.ts';
import { follow, type Node, openScale, type Scale } from './place.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

describe.runIf(SERVER && HAS_NATS)('traces across servers', () => {
  let scale: Scale;
  let receiver: OtlpReceiver;
  beforeAll(async () => {
    scale = await openScale();
    receiver = await openOtlpReceiver();
    await scale.place.square('clip.mp4', 60, 5);
  });
  afterAll(async () => {
    await scale?.close();
    await receiver?.close();
  });

  const named = (name: string, service: string) =>
    receiver.spans.filter((span) => span.name === name && span.service === service);

  it('have one id from the frame to the sockets of two APIs, and from the client to the worker', async () => {
    const toReceiver = tracesTo(receiver.endpoint);
    const worker = await scale.start('worker', toReceiver);
    const apis = [await scale.start('api', toReceiver), await scale.start('api', toReceiver)] as const;
    // Of a server that makes none: it shows what others tell all the same.
    const silent = await scale.start('api');
    const client = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;
    const id = await register(apis[0], client);
    const viewers = [...apis, silent].map(({ url }) => follow(url, id, 'websocket'));
    for (const { seen } of viewers) await until(() => seen.length > 10, 'moments are shown', 120_000);
    await until(() => named('write to sockets', 'mien-api').length > 20, 'it is told', 60_000);
    await apis[0].mien.request(`mutation { stopStream(input: { id: "${id}" }) { session { id } } }`);
    for (const { leave } of viewers) leave();
    for (const node of [...apis, silent, worker]) expect(await node.end('SIGTERM')).toBe(0);

    const { spans } = receiver;
    expectNothingPersonal(spans, ['A private name', 'clip.mp4', 'postgresql://']);
    const written = named('write to sockets', 'mien-api');
    const lines = written.map((span) => lineOf(span, spans).reverse());
    const whole = lines.filter(([first]) => first!.name === 'moment');
    expect(whole.length).toBeGreaterThan(10);
    for (const line of whole) {
      expect(namesOf(line)).toEqual(['moment', 'publish', 'receive', 'deliver', 'write to sockets']);
      const services = ['mien-worker', 'mien-worker', 'mien-api', 'mien-api', 'mien-api'];
      expect(line.map(({ service }) => service)).toEqual(services);
      expect(new Set(line.map(({ traceId }) => traceId)).size).toBe(1);
      expectInOrder(line);
      expectMoment(line[0]!, spans);
    }
    // Each moment at both.
    const traces = whole.map(([first]) => first!.traceId);
    expect(new Set(traces).size).toBeLessThan(traces.length);

    const [answered] = named('answer register', 'mien-worker');
    const command = lineOf(answered as SeenSpan, spans).reverse();
    expect(namesOf(command)).toEqual(['mutation', 'ask register', 'answer register']);
    expect(command[0]).toMatchObject({ traceId: 'c'.repeat(32), parentId: 'd'.repeat(16) });
    expectInOrder(command);
    const stopped = named('mutation', 'mien-api').filter(({ traceId }) => traceId !== 'c'.repeat(32));
    expect(stopped).toHaveLength(1);
  });
});

async function register({ url }: Node, traceparent: string): Promise<string> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent },
    body: JSON.stringify({
      query: `mutation { registerStream(input: { name: "A private name", source: { file: "clip.mp4" }, purpose: RESEARCH,
        loop: true, realtime: true, frameRate: 5 }) { stream { id } } }`,
    }),
  });
  const { data } = (await response.json()) as { data: { registerStream: { stream: { id: string } } } };
  return data.registerStream.stream.id;
}
