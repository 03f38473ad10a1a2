/** `mien serve` tells a collector of its moments, from the frame to the sockets, and of what it is asked; or, unless that is asked for, nothing. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { until } from '../api/harness.ts';
import { type Workplace, workplace } from '../cli/harness.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { type OtlpReceiver, openOtlpReceiver, type SeenSpan } from '../helpers/otlp-receiver.ts';
import {
  expectInOrder,
  expectMoment,
  expectNothingPersonal,
  lineOf,
  namesOf,
  tracesTo,
} from '../helpers/traces.ts';
import { follow } from '../scale/place.ts';
import { type Server, startServer } from './server.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** Tells at the end which of OpenTelemetry's packages were loaded; prom-client loads its API for itself. */
const SPY = `process.on('exit', () => {
  const loaded = Object.keys(require.cache).map((path) => /@opentelemetry.([\\w-]+)/.exec(path)?.[1]);
  require('fs').writeSync(2, 'LOADED ' + [...new Set(loaded)].filter((name) => name && name !== 'api').sort() + '.');
});`;

let place: Workplace;
let database: TestDatabase;
let receiver: OtlpReceiver;
beforeAll(async () => {
  place = await workplace();
  await place.square('clip.mp4', 60, 5);
  await place.write('spy.cjs', SPY);
  database = await createDatabase('pglite');
  receiver = await openOtlpReceiver();
});
afterAll(async () => {
  await receiver?.close();
  await database?.dispose();
  await place?.dispose();
});

function serve(env: Record<string, string> = {}): Promise<Server> {
  return startServer({
    ...{ ...place.env, MIEN_DATA_DIR: database.config.dataDir, MIEN_DEMO: 'false', MIEN_LOG_LEVEL: 'debug' },
    ...{ MIEN_LOG_FORMAT: 'json', NODE_OPTIONS: `--require ${join(place.directory, 'spy.cjs')}`, ...env },
  });
}

const REGISTER = `mutation Given($name: String!) { registerStream(input: { name: $name, source: { file: "clip.mp4" },
  purpose: RESEARCH, loop: true, realtime: true, frameRate: 5 }) { stream { id } } }`;

async function register(server: Server, name: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: REGISTER, variables: { name } }),
  });
  const { data } = (await response.json()) as { data: { registerStream: { stream: { id: string } } } };
  return data.registerStream.stream.id;
}

const named = (name: string) => receiver.spans.filter((span) => span.name === name);

describe('traces of mien serve', () => {
  it('follow a moment to the sockets, and an operation from its client', async () => {
    const server = await serve(tracesTo(receiver.endpoint));
    const client = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16) };
    const id = await register(server, 'A private name', {
      traceparent: `00-${client.traceId}-${client.spanId}-01`,
    });
    const url = server.url.replace('/graphql', '');
    const viewers = [follow(url, id), follow(url, id), follow(url, id, 'websocket')];
    for (const { seen } of viewers) await until(() => seen.length > 10, 'moments are shown');
    await until(() => named('write to sockets').length > 10, 'it is told', 60_000);
    for (const { leave } of viewers) leave();
    expect(await server.end('SIGTERM')).toBe(0);

    const { spans } = receiver;
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(['mien']));
    expectNothingPersonal(spans, ['A private name', 'clip.mp4', place.directory]);
    const written = spans.find(
      ({ name, attributes }) => name === 'deliver' && attributes['mien.delivery.subscribers'] === 3,
    ) as SeenSpan;
    expect(written.attributes).toMatchObject({ 'mien.delivery.written': 3 });
    const line = lineOf(written, spans).reverse();
    expect(namesOf(line)).toEqual(['moment', 'publish', 'deliver']);
    expectInOrder(line);
    const moments = named('moment').filter(({ failed }) => !failed);
    expect(moments.length).toBeGreaterThan(10);
    for (const moment of moments) expectMoment(moment, spans);
    const models = moments.flatMap((moment) => spans.filter(({ traceId }) => traceId === moment.traceId));
    for (const name of ['await models', 'detect', 'score', 'store commit'])
      expect(namesOf(models)).toContain(name);
    // Each of them once.
    expect(new Set(moments.map(({ attributes }) => attributes['mien.moment.seq'])).size).toBe(moments.length);

    const mutation = named('mutation').find(({ traceId }) => traceId === client.traceId);
    expect(named('mutation')).toHaveLength(1);
    expect(mutation).toMatchObject({ traceId: client.traceId, parentId: client.spanId, kind: 2 });
    expect(mutation!.attributes).toEqual({
      'graphql.operation.type': 'mutation',
      'graphql.operation.name': 'Given',
    });
    expect(named('subscription').length).toBeGreaterThanOrEqual(3);
    expect(server.log()).toMatch(/LOADED \S*exporter-trace-otlp-proto\S*sdk-trace/);
  });

  it('tell why an operation failed', async () => {
    receiver.spans.length = 0;
    const server = await serve(tracesTo(receiver.endpoint));
    await expect(
      server.query('mutation { removeStream(input: { id: "none" }) { removedStreamId } }'),
    ).rejects.toThrow();
    expect(await server.end('SIGTERM')).toBe(0);
    const [mutation] = named('mutation');
    expect(mutation).toMatchObject({ failed: true });
    expect(mutation!.attributes).toMatchObject({ 'error.type': expect.stringMatching(/^[A-Z_]+$/) });
  });

  it('are not made without OTEL_*: nothing is loaded, nobody is told', async () => {
    const before = receiver.requests.length;
    const server = await serve();
    const id = await register(server, 'Another');
    const viewer = follow(server.url.replace('/graphql', ''), id);
    await until(() => viewer.seen.length > 5, 'moments are shown');
    viewer.leave();
    expect(await server.end('SIGTERM')).toBe(0);
    expect(server.log()).toContain('LOADED .');
    expect(receiver.requests.length).toBe(before);
  });

  it('that nobody takes keep nothing waiting', async () => {
    const server = await serve({ ...tracesTo('http://127.0.0.1:9'), OTEL_EXPORTER_OTLP_TIMEOUT: '500' });
    const id = await register(server, 'A third');
    const viewer = follow(server.url.replace('/graphql', ''), id);
    await until(() => viewer.seen.length > 15, 'moments are shown');
    viewer.leave();
    const begun = performance.now();
    expect(await server.end('SIGTERM')).toBe(0);
    expect(performance.now() - begun).toBeLessThan(9_000);
    expect(server.log().match(/traces are not taken/g)).toHaveLength(1);
  });
});
