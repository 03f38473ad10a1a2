/**
 * What it costs that the server asks who somebody is: two servers in one process, of which one is open to everybody and the other
 * asks for a token, a hundred of which are good. How much longer a small query takes over a connection that stays open, and how much
 * more processor time; and the processor time of a delivery to a hundred subscribers of one stream. Fails where the server that is to ask lets somebody in
 * without a token.
 */
import { Agent, request } from 'node:http';
import { measured, type Result, type Row, type RowOptions, spread } from '../harness.ts';
import { compared, limited } from '../parts/results.ts';
import { type SideProcess, startSide } from '../parts/side-process.ts';
import type { AuthAnswer, AuthQuestion } from '../sides/auth.ts';

export const row: Row = {
  name: 'auth',
  measures: 'what authentication adds to a query and to a delivered event, against a server that is open',
  run,
};

type Side = AuthQuestion['of'];
type Access = Pick<AuthAnswer, 'ports' | 'token'>;

/** Milliseconds that a query may take longer. */
const QUERY_LIMIT = 0.2;
/** Of the processor time of a delivery: nothing, but for what the measure itself varies by. */
const DELIVERY_LIMIT = 1.05;
const SUBSCRIBERS = 100;
const BURST = 100;
/** Of each side, in a round. */
const BURSTS = 20;

async function* run({ quick, log }: RowOptions): AsyncIterable<Result> {
  const server = startSide('auth.ts');
  try {
    const { ports, token } = await server.ask<AuthAnswer>({});
    log('queries');
    yield* queries(server, { ports, token }, quick);
    log('deliveries');
    yield await deliveries(server, { ports, token }, quick);
  } finally {
    await server.stop();
  }
}

/** By how much the median time of a query is longer, and how much more processor time it costs the server. */
async function* queries(
  server: SideProcess,
  { ports, token }: Access,
  quick: boolean,
): AsyncIterable<Result> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await assertAsked(agent, ports.asking);
  const ask = (side: Side) => query(agent, ports[side], side === 'asking' ? token : null);
  const longer: number[] = [];
  const dearer: number[] = [];
  // The first round warms up, and does not count: what is not compiled yet costs several times as much.
  for (let round = 0; round <= (quick ? 3 : 9); round++) {
    const count = quick && round > 0 ? 100 : 1000;
    const taken = await inPairs(count, ask);
    const costs = { open: 0, asking: 0 };
    for (const side of ['open', 'asking', 'asking', 'open'] as const)
      costs[side] += await costOf(server, () => repeat(count / 2, () => ask(side)));
    if (round === 0) continue;
    longer.push(spread(taken.asking).median - spread(taken.open).median);
    dearer.push((measured('a query', costs.asking) - measured('a query', costs.open)) / count / 1000);
  }
  agent.destroy();
  const head = { row: 'auth', unit: 'ms' };
  yield limited({ ...head, case: 'added to a query' }, longer, QUERY_LIMIT);
  yield limited({ ...head, case: 'added to a query, processor time' }, dearer, QUERY_LIMIT);
}

/** Milliseconds that each took, of as many of both in turn. */
async function inPairs(count: number, ask: (side: Side) => Promise<number>): Promise<Record<Side, number[]>> {
  const times: Record<Side, number[]> = { open: [], asking: [] };
  for (let i = 0; i < count; i++) {
    const order: Side[] = i % 2 === 0 ? ['open', 'asking'] : ['asking', 'open'];
    for (const side of order) times[side].push(await ask(side));
  }
  return times;
}

async function repeat(count: number, work: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i++) await work();
}

/** Processor time of the server in microseconds, while `work` is done. */
async function costOf(server: SideProcess, work: () => Promise<void>): Promise<number> {
  const before = await server.ask<AuthAnswer>({});
  await work();
  return (await server.ask<AuthAnswer>({})).cpu - before.cpu;
}

/** @throws Error where somebody without a token is let in: then nothing would be measured */
async function assertAsked(agent: Agent, port: number): Promise<void> {
  const { status } = await post(agent, port, null);
  if (status !== 401) throw new Error(`Who shows no token is answered ${status}.`);
}

/** @returns milliseconds @throws Error where it is not answered */
async function query(agent: Agent, port: number, token: string | null): Promise<number> {
  const began = performance.now();
  const { status, body } = await post(agent, port, token);
  const took = performance.now() - began;
  if (status !== 200 || !body.includes('"__typename":"Query"'))
    throw new Error(`A query was answered ${status}: ${body}`);
  return took;
}

async function deliveries(server: SideProcess, { ports, token }: Access, quick: boolean): Promise<Result> {
  const subscribers: Record<Side, SideProcess> = {
    open: startSide('subscribers.ts'),
    asking: startSide('subscribers.ts'),
  };
  const to = { connect: SUBSCRIBERS, transport: 'ws' };
  try {
    await subscribers.open.ask({ ...to, port: ports.open });
    await subscribers.asking.ask({ ...to, port: ports.asking, token });
    for (const side of ['open', 'asking'] as const) await untilAllHear(server, subscribers[side], side);
    const rounds = await burstsInTurn((side) => cost(server, subscribers[side], side), quick ? 1 : 15);
    const name = `a delivery, ${SUBSCRIBERS} × WebSocket, processor time`;
    const head = { row: 'auth', case: name, unit: 'µs' };
    return compared(head, rounds, 'open to everybody', { atMost: DELIVERY_LIMIT });
  } finally {
    for (const side of Object.values(subscribers)) await side.stop();
  }
}

async function untilAllHear(server: SideProcess, subscribers: SideProcess, of: Side): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    await server.ask({ count: 1, of });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { heard } = await subscribers.ask<{ heard: number }>({ heard: true });
    if (heard < SUBSCRIBERS) continue;
    await subscribers.ask({ reset: true });
    return;
  }
  throw new Error(`Not all subscribers of the server that is ${of} hear anything.`);
}

/**
 * Microseconds of a delivery, of both sides. Their bursts take turns one by one, and each side goes first as often as the
 * other: what the collector of garbage or another program takes meanwhile meets both alike.
 */
async function burstsInTurn(cost: (side: Side) => Promise<number>, rounds: number) {
  const taken: Record<Side, number[]> = { open: [], asking: [] };
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    const sums = { open: 0, asking: 0 };
    for (let i = 0; i < BURSTS; i++) {
      const order: Side[] = i % 2 === 0 ? ['open', 'asking'] : ['asking', 'open'];
      for (const side of order) sums[side] += await cost(side);
    }
    if (round === 0) continue;
    for (const side of ['open', 'asking'] as const)
      taken[side].push(measured('a delivery', sums[side]) / (BURSTS * BURST * SUBSCRIBERS));
  }
  return {
    mien: spread(taken.asking),
    against: spread(taken.open),
    ratio: spread(taken.asking.map((value, at) => value / taken.open[at]!)),
  };
}

/** Microseconds of the server's processor time for one burst. */
async function cost(server: SideProcess, subscribers: SideProcess, of: Side): Promise<number> {
  return costOf(server, async () => {
    const arrived = subscribers.ask<{ timedOut: boolean }>({ expect: BURST * SUBSCRIBERS, date: false });
    await server.ask({ count: BURST, of });
    if ((await arrived).timedOut) throw new Error('Deliveries were lost.');
  });
}

function post(agent: Agent, port: number, token: string | null): Promise<{ status: number; body: string }> {
  const body = '{"query":"{ __typename }"}';
  const headers = {
    ...{ 'content-type': 'application/json', 'content-length': body.length },
    ...(token !== null && { authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    const asked = request({ agent, port, host: '127.0.0.1', path: '/graphql', method: 'POST', headers });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    asked.end(body);
  });
}
