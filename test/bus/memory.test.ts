import { describe, expect, it } from 'vitest';
import { MemoryBus } from '../../src/bus/index.ts';
import type { Scope } from '../../src/domain/live-event.ts';
import type { Moment } from '../../src/domain/moment.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';

const moment = (sessionId: string, seq: number): Moment => ({
  sessionId,
  seq,
  mediaTime: seq,
  wallTime: seq,
  previousDuration: 1,
  cut: false,
  dropped: {},
  faces: [],
});
const session = (id: string): SessionRecord => ({
  ...{ id, streamId: 'stream', modelId: 'model', state: 'RUNNING', failure: null },
  startedAt: new Date(0),
  endedAt: null,
});
const publish = (bus: MemoryBus, count: number, from = 0) => {
  for (let seq = from; seq < from + count; seq++) bus.moment('stream', moment('session', seq), 0);
};

describe('the memory bus', () => {
  it('tells each subscriber what it asked for, and nothing else', async () => {
    const bus = new MemoryBus();
    const all = bus.subscribe(['moment'], {});
    const stream = bus.subscribe(['moment'], { streamId: 'a' });
    const one = bus.subscribe(['moment'], { sessionId: 'a2' });
    const status = bus.subscribe(['status'], { streamId: 'a' });
    bus.moment('a', moment('a1', 0), 0);
    bus.moment('b', moment('b1', 0), 0);
    bus.moment('a', moment('a2', 0), 0);
    bus.status('a', session('a2'));
    bus.status('b', session('b1'));
    expect([all.length, stream.length, one.length, status.length]).toEqual([3, 2, 1, 1]);
    expect((await one.take())?.event).toMatchObject({ streamId: 'a', moment: { sessionId: 'a2' } });
  });

  it('tells of a state whether it is the one told before', () => {
    const bus = new MemoryBus();
    const queue = bus.subscribe(['status'], {});
    bus.status('a', session('s'));
    bus.status('a', session('s'), true);
    const event = { kind: 'status', streamId: 'a', session: session('s') };
    expect([queue.shift()?.event, queue.shift()?.event]).toEqual([event, { ...event, sameState: true }]);
  });

  it('tells who follows one session that it is gone, of which no stream is known', () => {
    const bus = new MemoryBus();
    const [one, other] = ['s', 't'].map((sessionId) => bus.subscribe(['removed'], { sessionId }));
    bus.publish({ kind: 'removed', streamId: '', sessionId: 's' });
    expect([one?.length, other?.length]).toEqual([1, 0]);
  });

  it('knows what is followed, and by whom an event would be heard', () => {
    const bus = new MemoryBus();
    const follow = (of: Scope) => bus.subscribe(['moment'], of);
    const heard = () =>
      (['moment', 'status'] as const).map((kind) =>
        [undefined, 's', 't'].map((sessionId) => bus.hasListeners(kind, 'a', sessionId)),
      );
    const NOBODY = [false, false, false];
    const EVERYBODY = [true, true, true];
    expect([bus.hasSubscribers, heard()]).toEqual([false, [NOBODY, NOBODY]]);
    bus.subscribe(['committed'], {});
    expect([bus.hasSubscribers, bus.followed()]).toEqual([
      true,
      { all: false, streamIds: new Set(), sessionIds: new Set() },
    ]);
    const ofSession = follow({ sessionId: 's' });
    expect(heard()).toEqual([[false, true, false], NOBODY]);
    const ofStream = follow({ streamId: 'a' });
    expect(heard()).toEqual([EVERYBODY, NOBODY]);
    expect(bus.followed()).toEqual({
      all: false,
      streamIds: new Set(['a']),
      sessionIds: new Set(['s']),
    });
    for (const queue of [ofSession, ofStream]) queue.close();
    const ofAll = follow({});
    expect([heard(), bus.followed()]).toEqual([
      [EVERYBODY, NOBODY],
      { all: true, streamIds: new Set(), sessionIds: new Set() },
    ]);
    ofAll.close();
    expect(heard()).toEqual([NOBODY, NOBODY]);
  });

  it('what is erased does not wait for anybody any more, and who goes by commits is told to look', () => {
    const bus = new MemoryBus();
    const moments = bus.subscribe(['moment'], { streamId: 'stream' });
    const commits = bus.subscribe(['committed'], {});
    publish(bus, 3);
    const forget = (seq: number) =>
      bus.forget((event) => event.kind === 'moment' && event.moment.seq === seq);
    forget(7);
    expect([moments.length, commits.length]).toEqual([3, 0]);
    forget(1);
    expect([moments.shift(), moments.shift()].map((taken) => taken?.event.moment.seq)).toEqual([0, 2]);
    expect([commits.shift()?.event, commits.length]).toEqual([{ kind: 'committed', positions: null }, 0]);
  });

  it('tells the losses of one kind alone, where that is asked for', () => {
    const bus = new MemoryBus();
    const queue = bus.subscribe(['moment', 'status'], {}, { capacity: 1, counted: 'moment' });
    publish(bus, 2);
    bus.status('stream', session('session'));
    publish(bus, 1, 2);
    expect([queue.shift()?.skippedBefore, queue.lost]).toEqual([2, 2]);
  });

  it('keeps the order of several kinds in one queue', async () => {
    const bus = new MemoryBus();
    const queue = bus.subscribe(['moment', 'status', 'removed'], { streamId: 'a' });
    bus.status('a', session('s'));
    bus.moment('a', moment('s', 0), 0);
    bus.removed('a');
    const kinds = [await queue.take(), await queue.take(), await queue.take()].map(
      (taken) => taken?.event.kind,
    );
    expect(kinds).toEqual(['status', 'moment', 'removed']);
  });

  it('tells of episodes by session', async () => {
    const bus = new MemoryBus();
    const queue = bus.subscribe(['episode'], { sessionId: 's' });
    const episode = {
      index: 0,
      track: 1,
      expression: 'FEAR',
      onset: 0,
      apex: 0,
      offset: null,
      peak: 1,
      startedAt: new Date(0),
      endedAt: null,
    } as const;
    bus.episode('a', { kind: 'ONSET', episode: { ...episode, sessionId: 's' } }, 0);
    bus.episode('a', { kind: 'ONSET', episode: { ...episode, sessionId: 'other' } }, 0);
    expect(queue.length).toBe(1);
  });

  it('survives a subscriber that never reads, whose memory stays bounded', async () => {
    let overflow = 0;
    const bus = new MemoryBus({ onOverflow: () => overflow++ });
    const stalled = bus.subscribe(['moment'], {}, { capacity: 16 });
    publish(bus, 5000);
    expect([stalled.length, overflow]).toEqual([16, 4984]);
    expect(await stalled.take()).toMatchObject({ event: { moment: { seq: 4984 } }, skippedBefore: 4984 });
  });

  it('neither starves nor feeds others because one is slow', async () => {
    const bus = new MemoryBus();
    bus.subscribe(['moment'], {}, { capacity: 1 });
    const quick = bus.subscribe(['moment'], { sessionId: 'session' }, { capacity: 4 });
    const other = bus.subscribe(['moment'], { sessionId: 'other' }, { capacity: 4 });
    const seqs: number[] = [];
    for (let seq = 0; seq < 100; seq++) {
      publish(bus, 1, seq);
      const taken = await quick.take();
      expect(taken?.skippedBefore).toBe(0);
      seqs.push(taken?.event.moment.seq ?? -1);
    }
    expect(seqs).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(other.length).toBe(0);
  });

  it('closes a subscriber that throws, and serves those after it', async () => {
    const errors: unknown[] = [];
    const bus = new MemoryBus({ onError: (error) => errors.push(error) });
    const thrower = bus.subscribe(
      ['moment'],
      {},
      {
        capacity: 1,
        onDrop: () => {
          throw new Error('not me');
        },
      },
    );
    const next = bus.subscribe(['moment'], {}, { capacity: 4 });
    publish(bus, 3);
    expect(errors).toHaveLength(1);
    expect(await thrower.take()).toBeNull();
    expect([next.length, bus.subscribers]).toEqual([3, 1]);
  });

  it('allows subscribing and leaving while it publishes', async () => {
    const bus = new MemoryBus();
    const joined: unknown[] = [];
    const second = bus.subscribe(['moment'], {});
    const first = bus.subscribe(
      ['moment'],
      {},
      {
        capacity: 1,
        onDrop: () => {
          second.close();
          joined.push(bus.subscribe(['moment'], { streamId: 'elsewhere' }));
        },
      },
    );
    publish(bus, 3);
    expect([first.length, joined.length, bus.subscribers]).toEqual([1, 2, 3]);
  });

  it('forgets topics nobody listens to, and ends every loop when it closes', async () => {
    const bus = new MemoryBus();
    const queues = Array.from({ length: 50 }, (_, index) =>
      bus.subscribe(['moment'], { sessionId: `${index}` }),
    );
    const ended = Promise.all(queues.map((queue) => queue.take()));
    expect(bus.subscribers).toBe(50);
    bus.close();
    expect(await ended).toEqual(queues.map(() => null));
    expect(bus.subscribers).toBe(0);
  });

  it('publishes to a thousand subscribers in a few microseconds each', () => {
    const bus = new MemoryBus();
    for (let index = 0; index < 1000; index++) bus.subscribe(['moment'], { streamId: 'stream' });
    publish(bus, 200);
    const start = process.cpuUsage();
    publish(bus, 200);
    const { user, system } = process.cpuUsage(start);
    // A tenth of a microsecond of processor time as a rule, however busy the machine is.
    expect((user + system) / (200 * 1000)).toBeLessThan(5);
  });
});
