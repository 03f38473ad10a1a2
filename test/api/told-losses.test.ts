/** What subscribers of shared and own executions are told of losses adds up to what each was not sent, whatever the interleaving. */
import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { Execution } from '../../src/api/fanout/execution.ts';
import type { SubscriptionPlan } from '../../src/api/fanout/operation.ts';
import type { Subscriber } from '../../src/api/fanout/subscriber.ts';
import { BoundedQueue } from '../../src/bus/index.ts';
import { ANYBODY } from '../helpers/access.ts';
import { seeded } from '../helpers/memory-store.ts';

const schema = buildSchema(`
  type Query { none: Int }
  type Subscription { event: Event! }
  type Event { seq: Int! skippedBefore: Int! }
`);
const args = {
  schema,
  document: parse('subscription { event { seq skippedBefore } }'),
  contextValue: { requester: ANYBODY },
};
const plan: SubscriptionPlan = {
  key: 'shared',
  skipPlace: { root: 'event', keys: ['skippedBefore'] },
  cursorOf: null,
  begin: null,
  live: null,
};

/** A reader of one subscriber, which reads as fast as it is let. @param missed events that are not for it */
function read(subscriber: Subscriber, missed: number) {
  const seen: { seq: number; skipped: number }[] = [];
  const writer = {
    full: false,
    write(delivery: { result: object }, skipped: number) {
      const { event } = (delivery.result as { data: { event: { seq: number } } }).data;
      seen.push({ seq: event.seq, skipped });
    },
    end() {},
  };
  subscriber.attach(writer);
  return { subscriber, writer, seen, missed };
}

/** `SEEDS=500 npm run test:unit -- told-losses` tries more. */
const SEEDS = Number(process.env.SEEDS ?? 150);

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function play(seed: number) {
  const random = seeded(seed);
  const queue = new BoundedQueue<number>({ capacity: 1 + Math.floor(random() * 6) });
  const source = {
    lost: () => queue.lost,
    [Symbol.asyncIterator]: () => ({
      async next() {
        const taken = await queue.take();
        if (taken === null) return { done: true as const, value: undefined };
        // The root value is the event's own, as the schema's resolvers take it.
        const event = { seq: taken.event, skippedBefore: taken.skippedBefore };
        return { done: false as const, value: { event, skippedBefore: taken.skippedBefore } };
      },
      async return() {
        queue.close();
        return { done: true as const, value: undefined };
      },
    }),
  };
  const options = {
    capacity: 1 + Math.floor(random() * 4),
    createContext: () => ({}),
    maskError: (error: unknown) => error as never,
  };
  const execution = new Execution(source as never, args, plan, options);
  let published = 0;
  let delivered = 0;
  execution.watch(() => {
    delivered += 1;
  });
  const readers: ReturnType<typeof read>[] = [];
  const join = () => {
    const subscriber = execution.join();
    // What waits, or is being executed, it is sent too.
    if (subscriber) readers.push(read(subscriber, queue.lost + delivered));
  };
  join();
  for (let step = 0; step < 120; step++) {
    const choice = random();
    if (choice < 0.5) queue.push(published++);
    else if (choice < 0.6) join();
    else if (choice < 0.75) await turn();
    else if (choice < 0.8) await Promise.resolve();
    else if (choice < 0.95) {
      const one = readers[Math.floor(random() * readers.length)]!;
      one.writer.full = !one.writer.full;
      if (!one.writer.full) one.subscriber.flush();
    } else if (readers.length > 1)
      readers.splice(Math.floor(random() * readers.length), 1)[0]!.subscriber.close();
  }
  // All read to the end, and an event that everybody gets tells of what was lost last.
  for (const { writer, subscriber } of readers) {
    writer.full = false;
    subscriber.flush();
  }
  for (let quiet = 0; quiet < 20; quiet++) await turn();
  queue.push(published++);
  for (let quiet = 0; quiet < 5; quiet++) await turn();
  execution.fail(null as never);
  return { readers, last: published - 1 };
}

test('each subscriber is told of as many losses as it had since it joined, in any interleaving of joining, losing, reading and leaving', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { readers, last } = await play(seed);
    for (const [index, { seen, missed }] of readers.entries()) {
      const told = seen.reduce((sum, { skipped }) => sum + skipped, 0);
      const about = () =>
        `seed ${seed}, reader ${index}, not for it ${missed}: ${JSON.stringify(seen)}, last ${last}`;
      if (seen.at(-1)?.seq !== last || seen.length + told !== last + 1 - missed) expect.fail(about());
    }
  }
});
