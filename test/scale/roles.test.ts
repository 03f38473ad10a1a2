/** `mien api` and `mien worker`, several of each, as processes of their own: a crash, a rolling deploy, one that stands still. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { until } from '../api/harness.ts';
import { run } from '../cli/harness.ts';
import { createSession, MODEL, SERVER } from '../helpers/database.ts';
import { HAS_NATS } from '../helpers/nats-server.ts';
import {
  follow,
  keyOf,
  longestGap,
  type Node,
  openScale,
  pausesOf,
  type Scale,
  type Seen,
  storedOf,
  untilRuns,
  type Viewer,
} from './place.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

/** As the server has it. */
const TTL_MS = 5_000;

describe.runIf(SERVER && HAS_NATS)('servers with roles', () => {
  let scale: Scale;

  beforeEach(async () => {
    scale = await openScale();
    await scale.place.square('clip.mp4', 600, 5);
  });
  afterEach(() => scale?.close());

  it('one that is not told what it shares says what to do', async () => {
    const { DATABASE_URL: _1, NATS_URL: _2, MIEN_SECRET_KEY: _3, ...alone } = scale.env;
    for (const role of ['api', 'worker']) {
      const { code, stderr } = await run([role], alone);
      expect(code).toBe(1);
      for (const name of ['DATABASE_URL', 'NATS_URL', 'MIEN_SECRET_KEY', 'mien serve'])
        expect(stderr).toContain(name);
    }
    const { stderr } = await run(['worker'], { ...alone, DATABASE_URL: scale.env.DATABASE_URL! });
    expect(stderr).not.toContain('DATABASE_URL:');
    expect(stderr).toContain('NATS_URL:');
  });

  it('an API asks a worker for what needs one, says when there is none, and who takes what workers do not', async () => {
    const api = await scale.start('api');
    await expect(register(api, 'One')).rejects.toThrow('No worker is up');
    await expect(register(api, 'Bad', 'frameRate: 99')).rejects.toThrow('`frameRate` must be');
    const worker = await scale.start('worker');
    await expect(register(api, 'None', '', '{ file: "none.mp4" }')).rejects.toThrow('none.mp4');
    await expect(register(api, 'Sent', '', '{ push: {} }')).rejects.toThrow('mien serve');
    const id = await register(api, 'One');
    expect(await register(api, 'One')).toBe(id);
    await expect(register(api, 'One', 'frameRate: 3')).rejects.toThrow('One');
    await untilRuns(scale.client, id, 1);
    interface Now {
      models: { id: string }[];
      capacity: { asked: number };
      stream: { effectiveFrameRate: number; warnings: string[] };
    }
    const now = () =>
      api.mien.request<Now>(
        `{ models { id } capacity { asked } stream(id: "${id}") { effectiveFrameRate warnings } }`,
      );
    await until(async () => (await now()).stream.effectiveFrameRate > 0, 'its rate is told');
    expect(await now()).toMatchObject({
      models: [{}, {}],
      capacity: { asked: 5 },
      stream: { warnings: [] },
    });
    const command = (text: string) => api.mien.request(`mutation { ${text} }`);
    await expect(command(`startStream(input: { id: "${id}" }) { session { id } }`)).rejects.toThrow(
      'running',
    );
    await command(`stopStream(input: { id: "${id}" }) { session { id } }`);
    await command(`startStream(input: { id: "${id}", label: "Second" }) { session { id } }`);
    await untilRuns(scale.client, id, 2);
    await command(`removeStream(input: { id: "${id}" }) { removedStreamId }`);
    expect(await storedOf(scale.client, id)).toEqual([]);
    expect(await (await fetch(`${worker.url}/ready`)).json()).toEqual({ status: 'ready', bus: 'up' });
    expect(await (await fetch(`${worker.url}/health`)).json()).toMatchObject({ status: 'ok' });
    const metrics = await (await fetch(`${worker.url}/metrics`)).text();
    for (const name of [
      'sessions_owned',
      'lease_age_seconds',
      'takeovers_total',
      'bus_up',
      'bus_sent_bytes_total',
    ])
      expect(metrics).toMatch(new RegExp(`^mien_${name} \\d`, 'm'));
    expect((await fetch(`${worker.url}/graphql`)).status).toBe(404);
    expect((await fetch(`${api.url}/preview/${crypto.randomUUID()}`)).status).toBe(404);
  });

  it('with all workers gone an API stops, erases and removes what they ran, and says what came of it', async () => {
    const api = await scale.start('api');
    const worker = await scale.start('worker');
    const ids = [
      await register(api, 'One'),
      await register(api, 'Two'),
      await register(api, 'Three'),
    ] as const;
    for (const id of ids) await untilRuns(scale.client, id, 1);
    await worker.end('SIGKILL');
    const { stopStream } = await api.mien.request<{
      stopStream: { session: { state: string; failure: string } };
    }>(`mutation { stopStream(input: { id: "${ids[0]}" }) { session { state failure } } }`);
    expect(stopStream.session.state).toBe('INTERRUPTED');
    expect(stopStream.session.failure).toContain('ended without stopping it, or had lost the database');
    const ofSecond = 'SELECT id FROM session WHERE stream_id = $1';
    const session = (await scale.client.query<{ id: string }>(ofSecond, [ids[1]])).rows[0]!.id;
    await api.mien.request(
      `mutation { erase(input: { target: { session: "${session}" }, reason: "asked for" }) { erasure { id } } }`,
    );
    expect(await storedOf(scale.client, ids[1])).toEqual([]);
    await api.mien.request(`mutation { removeStream(input: { id: "${ids[2]}" }) { removedStreamId } }`);
    expect(await storedOf(scale.client, ids[2])).toEqual([]);
    // A worker that comes up begins none of them.
    await scale.start('worker');
    const live = "SELECT 1 FROM session WHERE state IN ('STARTING', 'RUNNING', 'RECONNECTING')";
    await untilRuns(scale.client, await register(api, 'Four'), 1);
    expect((await scale.client.query(live)).rows).toHaveLength(1);
  });

  it('an erasure that was cut off at an API that is gone is done by any server that is there', async () => {
    const gone = await openStore({ rollUp, ...scale.database.config });
    await gone.models.upsert(MODEL);
    const { id: sessionId } = await createSession(gone);
    await gone.sessions.setState(sessionId, 'ENDED');
    await scale.start('worker');
    const requester = { kind: 'TOKEN', id: 't', name: 'somebody' } as const;
    const order = { request: { type: 'SESSION', sessionId }, requester, reason: 'asked for' } as const;
    const { id } = await gone.erasures.begin(order, async () => {});
    await gone.close();
    const finished = 'SELECT 1 FROM erasure WHERE id = $1 AND finished_at IS NOT NULL';
    await until(
      async () => (await scale.client.query(finished, [id])).rows.length > 0,
      'it is done',
      240_000,
    );
    expect((await scale.client.query('SELECT 1 FROM session')).rows).toEqual([]);
  });

  it('an output that is added at an API is told by the worker, and is changed there, too', async () => {
    const receiver = createSocket('udp4').bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    onTestFinished(() => void receiver.close());
    let received = 0;
    receiver.on('message', () => {
      received += 1;
    });
    const api = await scale.start('api');
    await scale.start('worker');
    await register(api, 'One');
    const { addOutput } = await api.mien.request<{ addOutput: { output: { id: string } } }>(
      `mutation { addOutput(input: { name: "Receiver", enabled: true, topics: [MOMENTS],
        target: { osc: { host: "127.0.0.1", port: ${receiver.address().port} } } }) { output { id } } }`,
    );
    const { id } = addOutput.output;
    const outputs = async () =>
      (
        await api.mien.request<{ outputs: { nodes: { id: string; sent: number; state: string }[] } }>(
          '{ outputs { nodes { id sent state } } }',
        )
      ).outputs.nodes;
    await until(() => received > 3, 'it is told');
    await until(async () => (await outputs())[0]!.sent > 3, 'that is known at the API');
    expect(await outputs()).toMatchObject([{ id, state: 'READY' }]);
    await api.mien.request(
      `mutation { updateOutput(input: { id: "${id}", enabled: false }) { output { id } } }`,
    );
    await until(async () => (await outputs())[0]!.state === 'OFF', 'it is off');
    const last = received;
    await sleep(1_000);
    expect(received).toBe(last);
  });

  it('a worker that is killed: the other runs its stream within twice the lease, and no viewer misses what is stored', async () => {
    const [first, second] = [await scale.start('api'), await scale.start('api')];
    await Promise.all([scale.start('worker'), scale.start('worker')]);
    const id = await register(first, 'One');
    const viewers = [follow(second.url, id), follow(first.url, id, 'websocket')];
    await until(() => viewers.every(({ seen }) => seen.length > 5), 'moments are shown');
    const worker = await scale.workerOf(id);
    await sleep(TTL_MS + 1_000);
    const killed = performance.now();
    await worker.end('SIGKILL');
    const sessions = async () =>
      (await scale.client.query('SELECT 1 FROM session WHERE stream_id = $1', [id])).rowCount;
    await until(async () => (await sessions()) === 2, 'it goes on', 2 * TTL_MS);
    console.info(`a new session after ${Math.round(performance.now() - killed)} ms`);
    await untilRuns(scale.client, id, 2);
    await stop(first, id);
    await expectWhole(id, viewers);
  });

  it('all are replaced one after the other: nobody misses or repeats what is stored, or waits for long', async () => {
    const nodes: Node[] = [];
    for (const role of ['api', 'api', 'worker', 'worker'] as const) nodes.push(await scale.start(role));
    const ids: string[] = [];
    for (const name of ['One', 'Two', 'Three']) ids.push(await register(nodes[0]!, name));
    const viewers = ids.map((id) => [
      follow(scale.balancer.url, id),
      follow(scale.balancer.url, id, 'websocket'),
      follow(nodes[1]!.url, id),
    ]);
    await until(() => viewers.flat().every(({ seen }) => seen.length > 5), 'moments are shown');
    // Who is asked directly is not there again; who comes by the balancer is.
    for (const [direct] of viewers.map((all) => all.splice(2))) direct!.leave();
    const gaps: string[] = [];
    for (const node of nodes) {
      const from = viewers.flat().map(({ seen }) => seen.length - 1);
      const code = await node.end('SIGTERM');
      expect(code).toBe(0);
      await scale.start(node.role as 'api' | 'worker');
      await until(
        () => viewers.flat().every(({ seen }, at) => seen.length > from[at]! + 10),
        `moments are shown after the end of a ${node.role}`,
      );
      const waits = viewers.flat().map(({ seen }, at) => Math.round(longestGap(seen.slice(from[at]!))));
      gaps.push(`${node.role} ${Math.max(...waits)}`);
    }
    console.info(`longest gaps, in ms: ${gaps.join(', ')}`);
    const apis = await Promise.all([scale.start('api')]);
    for (const id of ids) await stop(apis[0]!, id);
    for (const [at, id] of ids.entries()) await expectWhole(id, viewers[at]!);
    // From one session to the next: how long its source then takes to open is ffmpeg's, and the machine's, part of the gap.
    const pauses: number[] = [];
    for (const id of ids) pauses.push(...(await pausesOf(scale.client, id)));
    console.info(`from one session to the next, in ms: ${pauses.join(', ')}`);
    expect(pauses.length).toBeGreaterThanOrEqual(ids.length);
    expect(Math.max(...pauses)).toBeLessThan(3_000);
  });

  it('an API that stands still for 20 s holds up nobody else, and what it did not show is counted', async () => {
    const [still, other] = [await scale.start('api'), await scale.start('api')];
    await scale.start('worker');
    const id = await register(still, 'One');
    const [here, there] = [follow(still.url, id, 'websocket'), follow(other.url, id)];
    await until(() => here.seen.length > 5 && there.seen.length > 5, 'moments are shown');
    const from = there.seen.length - 1;
    still.process.kill('SIGSTOP');
    await sleep(20_000);
    const meanwhile = there.seen.slice(from);
    still.process.kill('SIGCONT');
    console.info(`longest gap of the others: ${Math.round(longestGap(meanwhile))} ms`);
    expect(longestGap(meanwhile)).toBeLessThan(3_000);
    expect(meanwhile.length).toBeGreaterThan(50);
    const newest = there.seen.at(-1)!;
    await until(() => here.seen.at(-1)!.seq > newest.seq, 'it shows what is new');
    await stop(other, id);
    await expectWhole(id, [there]);
    const stored = await storedOf(scale.client, id);
    await until(() => keyOf(here.seen.at(-1)!) === stored.at(-1), 'it shows the last', 60_000);
    const shown = here.seen.map(keyOf);
    const due = stored.slice(stored.indexOf(shown[0]!));
    expect(new Set(shown).size).toBe(shown.length);
    const skipped = here.seen.slice(1).reduce((sum, { skippedBefore }) => sum + skippedBefore, 0);
    console.info(`not shown: ${due.length - shown.length}, told: ${skipped}`);
    expect(due.length - shown.length).toBe(skipped);
    here.leave();
  });

  async function register(
    api: Node,
    name: string,
    more = '',
    source = '{ file: "clip.mp4" }',
  ): Promise<string> {
    const { registerStream } = await api.mien.request<{ registerStream: { stream: { id: string } } }>(
      `mutation { registerStream(input: { name: "${name}", source: ${source}, purpose: RESEARCH,
        ${source.includes('file') ? 'loop: true, realtime: true,' : ''} ${more.includes('frameRate') ? more : `frameRate: 5 ${more}`} }) { stream { id } } }`,
    );
    return registerStream.stream.id;
  }

  async function stop(api: Node, id: string): Promise<void> {
    await api.mien.request(`mutation { stopStream(input: { id: "${id}" }) { session { id } } }`);
  }

  /** Of a stream that has stopped: each saw all that is stored from its first moment on, once, in order; sessions have no gap. */
  async function expectWhole(id: string, viewers: readonly Viewer[]): Promise<void> {
    const stored = await storedOf(scale.client, id);
    for (const { seen, leave } of viewers) {
      await until(() => keyOf(seen.at(-1)!) === stored.at(-1), 'the last is shown');
      leave();
      const shown = seen.map(keyOf);
      expect(shown).toEqual(stored.slice(stored.indexOf(shown[0]!)));
      expect(seen.filter(({ skippedBefore }: Seen) => skippedBefore > 0)).toEqual([]);
    }
    const bySession = new Map<string, number[]>();
    for (const key of stored) {
      const [session, seq] = key.split('/') as [string, string];
      bySession.set(session, [...(bySession.get(session) ?? []), Number(seq)]);
    }
    for (const seqs of bySession.values()) expect(seqs).toEqual(seqs.map((_, at) => at));
  }
});
