import { expect, it } from 'vitest';
import { MemoryBus, OrderedPublisher } from '../../src/bus/index.ts';
import type { Episode } from '../../src/domain/moment.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';
import type { MomentTrace } from '../../src/domain/trace.ts';
import { moment } from '../helpers/memory-store.ts';

async function told(work: (publisher: OrderedPublisher) => void): Promise<string[]> {
  const bus = new MemoryBus();
  const queue = bus.subscribe(['moment', 'episode', 'status'], {});
  work(new OrderedPublisher(bus));
  await new Promise(setImmediate);
  const heard: string[] = [];
  for (let taken = queue.shift(); taken !== null; taken = queue.shift()) {
    const { event } = taken;
    if (event.kind === 'moment') heard.push(`moment ${event.position}`);
    else if (event.kind === 'status') heard.push(event.session.state);
    else heard.push(`${event.event.kind} ${event.position}.${event.event.episode.index}`);
  }
  return heard;
}

const episode = (index: number) => ({ sessionId: 's', index }) as Episode;
const session = { id: 's', state: 'ENDED' } as SessionRecord;

it('moments and episodes of one commit are published in its order, states behind what came before them', async () => {
  const heard = await told((publisher) => {
    publisher.moment('a', moment('s', 1), 2);
    publisher.episode('a', { kind: 'OFFSET', episode: episode(1) }, 2);
    publisher.episode('a', { kind: 'ONSET', episode: episode(0) }, 2);
    publisher.status('a', session);
    publisher.moment('b', moment('t', 0), 1);
    publisher.moment('c', moment('u', 0), 3);
  });
  expect(heard).toEqual(['moment 1', 'moment 2', 'ONSET 2.0', 'OFFSET 2.1', 'moment 3', 'ENDED']);
});

it('what nothing waits before and has no place is published at once, also behind an earlier commit', async () => {
  const bus = new MemoryBus();
  const queue = bus.subscribe(['status', 'removed'], {});
  const publisher = new OrderedPublisher(bus);
  publisher.moment('a', moment('s', 0), 1);
  await new Promise(setImmediate);
  publisher.status('a', session);
  publisher.status('a', session, true);
  publisher.removed('a');
  const event = { kind: 'status', streamId: 'a', session };
  expect([queue.shift(), queue.shift(), queue.shift()].map((taken) => taken?.event)).toEqual([
    event,
    { ...event, sameState: true },
    { kind: 'removed', streamId: 'a' },
  ]);
});

it('the trace of a moment tells when it was handed over, and ends when it is published', async () => {
  const bus = new MemoryBus();
  const queue = bus.subscribe(['moment'], {});
  const steps: string[] = [];
  const trace = {
    step: (name: string) => void steps.push(name),
    end: () => void steps.push(`${queue.length} published`),
  } as unknown as MomentTrace;
  new OrderedPublisher(bus).moment('a', { ...moment('s', 0), trace }, 1);
  await new Promise(setImmediate);
  expect(steps).toEqual(['publish', '1 published']);
});

it('what was erased meanwhile is not published', async () => {
  const heard = await told((publisher) => {
    publisher.moment('a', moment('s', 0), 1);
    publisher.moment('a', moment('t', 0), 2);
    publisher.forget((event) => event.kind === 'moment' && event.moment.sessionId === 's');
  });
  expect(heard).toEqual(['moment 2']);
});
