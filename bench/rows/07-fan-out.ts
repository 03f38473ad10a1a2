/**
 * Deliveries per second to 1, 100 and 1000 subscribers of one stream, each asking for what a dashboard shows. Server
 * and subscribers in a process each. Moments are published in bursts that fit every queue (nothing may be
 * dropped), the next when all have arrived. Against `ws` broadcasting the same bytes, serialised once, and
 * against Yoga with createPubSub as documented, over the same transport. Every WebSocket has an operation id of its own,
 * a UUID as graphql-ws' client gives them; `ws` sends everyone the same one. Then what a delivery costs the server's
 * process, which other programs disturb less, and the age of deliveries, at twenty moments per second.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { inTurn, quantile, type Row, type RowOptions } from '../harness.ts';
import { compared } from '../parts/results.ts';
import { type SideProcess, startSide } from '../parts/side-process.ts';

export const row: Row = {
  name: 'fan-out',
  measures: 'deliveries per second to many subscribers, against raw ws and plain createPubSub',
  run,
};

type Transport = 'ws' | 'sse';
interface Pair {
  publisher: SideProcess;
  subscribers: SideProcess;
  count: number;
}

const BURST: Record<number, number> = { 1: 200, 100: 100, 1000: 30 };
/** Moments per burst for the slow side. */
const SHORT_BURST = 4;

async function* run({ quick, log }: RowOptions) {
  for (const transport of ['ws', 'sse'] as const) {
    for (const count of quick ? [1, 100] : [1, 100, 1000]) {
      log(`${count} subscribers, ${transport}`);
      const mien = await connectPair('mien', transport, count);
      yield* against(mien, 'raw', transport, quick);
      if (quick || count === 1000) yield* against(mien, 'yoga', transport, quick);
      await disconnect(mien);
    }
  }
}

async function* against(mien: Pair, other: 'raw' | 'yoga', transport: Transport, quick: boolean) {
  const { count } = mien;
  const rival = await connectPair(other, other === 'raw' ? 'ws' : transport, count);
  const name = other === 'raw' ? 'ws' : 'createPubSub';
  const word = transport === 'ws' ? 'WebSocket' : 'SSE';
  const head = { row: 'fan-out', case: `${count} × ${word}, against ${name}`, unit: 'deliveries/s' };
  const burst = BURST[count]!;
  const rounds = await inTurn(
    () => rate(mien, burst, quick),
    () => rate(rival, other === 'yoga' ? SHORT_BURST : burst, quick),
    quick ? 1 : 3,
  );
  const atLeast = other === 'raw' ? 0.7 : 5;
  yield compared(head, rounds, name, count === 1000 ? { atLeast } : null);
  if (other === 'raw' && count > 1) {
    const costs = await inTurn(
      () => cost(mien, burst),
      () => cost(rival, burst),
      quick ? 1 : 5,
    );
    yield compared({ ...head, case: `${count} × ${word}, processor time`, unit: 'µs/delivery' }, costs, name);
    const ages = await inTurn(
      () => age(mien, quick),
      () => age(rival, quick),
      quick ? 1 : 3,
    );
    yield compared({ ...head, case: `${count} × ${word}, p99 at 20/s`, unit: 'ms' }, ages, name);
  }
  await disconnect(rival);
}

async function disconnect({ publisher, subscribers }: Pair): Promise<void> {
  await subscribers.stop();
  await publisher.stop();
}

async function connectPair(side: string, transport: Transport, count: number): Promise<Pair> {
  const publisher = startSide(`${side}.ts`);
  const subscribers = startSide('subscribers.ts');
  const { port } = await publisher.ask<{ port: number }>({});
  await subscribers.ask({ connect: count, port, transport });
  for (let tries = 0; ; tries++) {
    await publisher.ask({ count: 1, pace: 0 });
    await sleep(300);
    const { heard } = await subscribers.ask<{ heard: number }>({ heard: true });
    if (heard === count) break;
    if (tries > 100) throw new Error(`${side}: ${heard} of ${count} subscribers hear anything`);
  }
  await sleep(500);
  await subscribers.ask({ reset: true });
  return { publisher, subscribers, count };
}

/** Bursts for about a second. */
async function rate({ publisher, subscribers, count }: Pair, burst: number, quick: boolean): Promise<number> {
  const began = performance.now();
  let deliveries = 0;
  while (performance.now() - began < (quick ? 300 : 1000)) {
    const arrived = subscribers.ask<{ timedOut: boolean }>({ expect: burst * count, date: false });
    await publisher.ask({ count: burst, pace: 0 });
    if ((await arrived).timedOut) throw new Error('deliveries were lost');
    deliveries += burst * count;
  }
  return (deliveries / (performance.now() - began)) * 1000;
}

/** Microseconds of the server's processor time per delivery, over ten bursts. */
async function cost({ publisher, subscribers, count }: Pair, burst: number): Promise<number> {
  const before = await publisher.ask<{ cpu: number }>({});
  for (let i = 0; i < 10; i++) {
    const arrived = subscribers.ask<{ timedOut: boolean }>({ expect: burst * count, date: false });
    await publisher.ask({ count: burst, pace: 0 });
    if ((await arrived).timedOut) throw new Error('deliveries were lost');
  }
  const after = await publisher.ask<{ cpu: number }>({});
  return (after.cpu - before.cpu) / (10 * burst * count);
}

/** The 99th percentile of the deliveries' age in milliseconds. */
async function age({ publisher, subscribers, count }: Pair, quick: boolean): Promise<number> {
  const moments = quick ? 10 : 20;
  const arrived = subscribers.ask<{ ages: number[] }>({ expect: moments * count, date: true });
  await publisher.ask({ count: moments, pace: 50 });
  const { ages } = await arrived;
  return quantile(
    ages.sort((a, b) => a - b),
    0.99,
  );
}
