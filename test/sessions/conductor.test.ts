import { afterEach, describe, expect, it } from 'vitest';
import { MemoryBus } from '../../src/bus/index.ts';
import type { Frame } from '../../src/domain/frame.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { MienError } from '../../src/errors.ts';
import {
  createStreams,
  type Pace,
  type RegisterInput,
  type Streams,
  type StreamsDeps,
} from '../../src/sessions/index.ts';
import { AHEAD } from '../../src/sessions/ordered-prefetch.ts';
import type { Decode } from '../../src/sessions/ports.ts';
import { createTimeline } from '../../src/timeline/index.ts';
import { analyser, FILE_INFO, frame, frames, LIVE_INFO, MemoryStore, silent, tick } from './fakes.ts';

const INPUT: RegisterInput = {
  name: 'clip',
  source: { type: 'file', path: 'clip.mp4' },
  purpose: 'RESEARCH',
  realtime: false,
};
const CAMERA: RegisterInput = {
  ...INPUT,
  name: 'camera',
  realtime: null,
  source: { type: 'url', url: 'rtsp://camera/1' },
};
const PACE: Partial<Pace> = { stall: 50, backoff: 5, storeRetry: 5, drain: 200 };

class House {
  readonly store = new MemoryStore();
  readonly bus = new MemoryBus();
  readonly heard: string[] = [];
  readonly warnings: string[] = [];
  readonly meter = { decoded: 0, scored: 0, dropped: {} as Record<string, number> };
  readonly streams: Streams;

  constructor(more: Partial<StreamsDeps> = {}) {
    this.streams = createStreams({
      streams: this.store.book,
      sessions: this.store.sessions,
      sink: this.store,
      probe: async (source) => (source.type === 'url' ? LIVE_INFO : FILE_INFO),
      decode: frames(20),
      openAnalyser: () => analyser(),
      openTimeline: createTimeline({ thresholds: { confidence: 0.3, quality: 0.3 } }),
      publisher: this.bus,
      modelId: 'model',
      log: {
        debug: () => {},
        info: () => {},
        warn: (_, text) => this.warnings.push(text),
        error: (_, text) => this.warnings.push(text),
      },
      meter: {
        decoded: (count) => (this.meter.decoded += count),
        scored: (count) => (this.meter.scored += count),
        dropped: (counts) => {
          for (const [reason, count] of Object.entries(counts)) {
            this.meter.dropped[reason] = (this.meter.dropped[reason] ?? 0) + count;
          }
        },
      },
      pace: PACE,
      ...more,
    });
    void this.#listen();
    houses.push(this);
  }

  /** Committed when they are heard: `what` and whether the store had it. */
  async #listen(): Promise<void> {
    const queue = this.bus.subscribe(['moment', 'status', 'episode', 'removed'], {}, { capacity: 10_000 });
    for (let taken = await queue.take(); taken !== null; taken = await queue.take()) {
      const { event } = taken;
      if (event.kind === 'moment') {
        const { sessionId, seq } = event.moment;
        const stored = this.store.moments.get(sessionId)?.some((moment) => moment.seq === seq);
        this.heard.push(stored ? `moment ${seq}` : `moment ${seq} before its commit`);
      } else if (event.kind === 'status') this.heard.push(event.session.state);
      else if (event.kind === 'episode') this.heard.push(event.event.kind);
      else this.heard.push(event.kind);
    }
  }

  async ended(streamId: string): Promise<SessionRecord> {
    await until(() => !this.streams.running().some((entry) => entry.streamId === streamId));
    return (await this.store.sessions.latest(streamId))!;
  }

  get seqs(): number[] {
    return this.heard.filter((what) => what.startsWith('moment')).map((what) => Number(what.slice(7)));
  }
}

const houses: House[] = [];
afterEach(async () => {
  for (const house of houses.splice(0)) {
    await house.streams.close();
    house.bus.close();
  }
});

async function until(condition: () => boolean, milliseconds = 60_000): Promise<void> {
  for (const end = Date.now() + milliseconds; !condition(); await tick(1)) {
    if (Date.now() > end) throw new Error('waited in vain');
  }
}
const range = (to: number) => Array.from({ length: to }, (_, index) => index);
const code = (wanted: string) => expect.objectContaining({ code: wanted });

/** Fails as told, attempt by attempt; then goes on as the last one. */
function attempts(...all: Decode[]): { decode: Decode; count: () => number } {
  let count = 0;
  const decode: Decode = (...given) => all[Math.min(count++, all.length - 1)]!(...given);
  return { decode, count: () => count };
}
const thenFails = (
  decode: Decode,
  error: unknown = new MienError('SOURCE_FAILED', 'The source broke off.'),
): Decode =>
  async function* (...given) {
    yield* decode(...given);
    throw error;
  };

describe('a file', () => {
  it('is scored from its first frame to its last, then the session ends', async () => {
    const house = new House();
    const { id, wanted } = await house.streams.register(INPUT);
    expect(wanted).toBe(true);
    expect(await house.ended(id)).toMatchObject({ state: 'ENDED', failure: null, modelId: 'model' });
    expect(house.seqs).toEqual(range(20));
    expect(house.heard.filter((what) => !what.startsWith('moment'))).toEqual([
      'STARTING',
      'RUNNING',
      'ONSET',
      'APEX',
      'OFFSET',
      'ENDED',
    ]);
    expect(house.store.streams.get(id)?.wanted).toBe(false);
    expect(house.meter).toMatchObject({ decoded: 20, scored: 20, dropped: {} });
  });

  it('publishes in order and after the commit, while later frames are scored', async () => {
    let most = 0;
    let waiting = 0;
    const house = new House({ openAnalyser: () => analyser(() => []) });
    const append = house.store.append.bind(house.store);
    let last: Promise<void> = Promise.resolve();
    house.store.append = (moment) => {
      most = Math.max(most, ++waiting);
      last = last.then(() => tick(2)).then(() => append(moment));
      return last.finally(() => waiting--);
    };
    const { id } = await house.streams.register(INPUT);
    await house.ended(id);
    expect(house.heard).toEqual(['STARTING', 'RUNNING', ...range(20).map((seq) => `moment ${seq}`), 'ENDED']);
    expect(most).toBeGreaterThan(3);
  });

  it('that breaks off fails the session, and keeps what was scored', async () => {
    const house = new House({ decode: thenFails(frames(3)) });
    const { id } = await house.streams.register(INPUT);
    expect(await house.ended(id)).toMatchObject({ state: 'FAILED', failure: 'The source broke off.' });
    expect(house.seqs).toEqual([0, 1, 2]);
  });

  it('shows nothing of an unexpected error', async () => {
    const house = new House({ decode: thenFails(frames(1), new Error('at /secret/path')) });
    const { id } = await house.streams.register(INPUT);
    const { state, failure } = await house.ended(id);
    expect([state, failure]).toEqual(['FAILED', expect.not.stringContaining('secret')]);
  });

  it('waits for a store that is away, and loses no frame', async () => {
    const house = new House({ pace: { ...PACE, inFlight: 4 } });
    house.store.away = true;
    const { id } = await house.streams.register(INPUT);
    await tick(30);
    expect(house.seqs).toEqual([]);
    house.store.away = false;
    expect(await house.ended(id)).toMatchObject({ state: 'ENDED' });
    expect(house.seqs).toEqual(range(20));
    expect(house.meter.dropped).toEqual({});
  });

  it('fails its session when the store refuses for good', async () => {
    const house = new House();
    house.store.append = async () => {
      throw new Error('no such table');
    };
    const { id } = await house.streams.register(INPUT);
    expect(await house.ended(id)).toMatchObject({ state: 'FAILED' });
    expect(house.seqs).toEqual([]);
  });
});

describe('dropped frames', () => {
  const lost = Object.assign(new Error('gone'), { name: 'WorkerLost' });

  it('are counted on the next moment, by reason, and leave no gap', async () => {
    let calls = 0;
    const dying = analyser(() => {
      if ([2, 3].includes(calls++)) throw lost;
      return [];
    });
    const house = new House({ decode: frames(6, 0, { dropped: { busy: 2 } }), openAnalyser: () => dying });
    const { id } = await house.streams.register(INPUT);
    const session = await house.ended(id);
    const dropped = house.store.moments.get(session.id)?.map((moment) => moment.dropped);
    expect(dropped).toEqual([{ busy: 2 }, { busy: 2 }, { busy: 6, worker: 2 }, { busy: 2 }]);
    expect(house.meter.dropped).toEqual({ busy: 12, worker: 2 });
  });

  it('after the last moment go into the end of the session', async () => {
    let calls = 0;
    const dying = analyser(() => {
      if (calls++ > 2) throw lost;
      return [];
    });
    const house = new House({ decode: frames(5), openAnalyser: () => dying });
    const { id } = await house.streams.register(INPUT);
    const session = await house.ended(id);
    expect(house.store.finished).toEqual([[session.id, [], { worker: 2 }]]);
  });

  it('of a live source, while the store is away, are counted and bounded', async () => {
    const house = new House({ decode: frames(Number.POSITIVE_INFINITY, 1), pace: { ...PACE, inFlight: 4 } });
    const { id } = await house.streams.register(CAMERA);
    await until(() => house.seqs.length > 2);
    house.store.away = true;
    await until(() => (house.meter.dropped.store ?? 0) > 5);
    house.store.away = false;
    const reached = house.seqs.length;
    await until(() => house.seqs.length > reached + 10);
    const session = await house.streams.stop(id);
    const moments = house.store.moments.get(session.id) ?? [];
    expect(moments.map(({ seq }) => seq)).toEqual(range(moments.length));
    expect(house.seqs).toEqual(range(moments.length));
    const dropped = moments.reduce((sum, moment) => sum + (moment.dropped.store ?? 0), 0);
    expect(dropped).toBe(house.meter.dropped.store);
  });
});

describe('a live source', () => {
  it('is opened again when it is lost; the session and its media time go on', async () => {
    const { decode, count } = attempts(thenFails(frames(3)), frames(3), frames(Number.POSITIVE_INFINITY, 2));
    const house = new House({ decode });
    const { id } = await house.streams.register(CAMERA);
    await until(() => count() === 3 && house.seqs.length > 8);
    const session = await house.streams.stop(id);
    expect(session.state).toBe('ENDED');
    const moments = house.store.moments.get(session.id) ?? [];
    expect(house.seqs).toEqual(range(moments.length));
    const times = moments.map(({ mediaTime }) => mediaTime);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(times).size).toBe(times.length);
    const states = house.store.states;
    expect(states).toEqual(['RUNNING', 'RECONNECTING', 'RUNNING', 'RECONNECTING', 'RUNNING', 'ENDED']);
  });

  it('tells the size of its frames once, with its first frame, however often it is opened', async () => {
    const other = frames(Number.POSITIVE_INFINITY, 2, { width: 2, height: 4 });
    const { decode, count } = attempts(silent, thenFails(frames(3)), other);
    const house = new House({ decode });
    const { id } = await house.streams.register(CAMERA);
    await until(() => count() === 3 && house.seqs.length > 8);
    await house.streams.stop(id);
    expect(house.store.states).toEqual(['RECONNECTING', 'RUNNING', 'RECONNECTING', 'RUNNING', 'ENDED']);
    expect(house.store.sizes).toEqual([{ in: 'RUNNING', width: 4, height: 2 }]);
  });

  it('is opened again when it sends nothing', async () => {
    const { decode, count } = attempts(silent, frames(Number.POSITIVE_INFINITY, 2));
    const house = new House({ decode });
    const { id } = await house.streams.register(CAMERA);
    await until(() => house.seqs.length > 3);
    expect(count()).toBe(2);
    await house.streams.stop(id);
    expect(house.store.states).toEqual(['RECONNECTING', 'RUNNING', 'ENDED']);
  });

  it('that cannot be reached when it starts is tried again; one that is refused is not', async () => {
    let tries = 0;
    let failure = new MienError('SOURCE_UNREACHABLE', 'Nobody answers.');
    const probe: StreamsDeps['probe'] = async () => {
      if (tries++ > 0) throw failure;
      return LIVE_INFO;
    };
    const house = new House({ probe, decode: thenFails(frames(1)) });
    const { id } = await house.streams.register(CAMERA);
    await until(() => tries > 3);
    expect(await house.store.sessions.latest(id)).toMatchObject({
      state: 'RECONNECTING',
      failure: 'Nobody answers.',
    });
    failure = new MienError('SOURCE_REFUSED', 'Private address.');
    expect(await house.ended(id)).toMatchObject({ state: 'FAILED', failure: 'Private address.' });
  });

  it('stops at once while it waits to be opened again', async () => {
    const house = new House({ decode: thenFails(frames(1)), pace: { ...PACE, backoff: 10_000 } });
    const { id } = await house.streams.register(CAMERA);
    await until(() => house.store.states.includes('RECONNECTING'));
    expect(await house.streams.stop(id)).toMatchObject({ state: 'ENDED' });
  });
});

describe('registering', () => {
  it.each([
    ['BAD_INPUT', { name: ' ' }],
    ['BAD_INPUT', { name: 'x'.repeat(201) }],
    ['BAD_INPUT', { name: 'a\nb' }],
    ['BAD_INPUT', { frameRate: 0.05 }],
    ['BAD_INPUT', { frameRate: 61 }],
    ['BAD_INPUT', { frameRate: Number.NaN }],
    ['BAD_INPUT', { purpose: 'SPYING' }],
    ['BAD_INPUT', { source: CAMERA.source, loop: true }],
    ['BAD_INPUT', { source: CAMERA.source, realtime: false }],
    ['PURPOSE_REFUSED', { purpose: 'WORKPLACE' }],
    ['PURPOSE_REFUSED', { purpose: 'EDUCATION' }],
  ])('refuses with %s: %o', async (wanted, change) => {
    const house = new House();
    const registering = (async () => house.streams.register({ ...INPUT, ...change }))();
    await expect(registering).rejects.toEqual(code(wanted));
    expect(house.store.streams.size).toBe(0);
  });

  it('allows a prohibited purpose that is named', async () => {
    const house = new House({ allowPurposes: ['WORKPLACE'] });
    await house.streams.register({ ...INPUT, purpose: 'WORKPLACE' });
    await expect((async () => house.streams.register({ ...INPUT, purpose: 'EDUCATION' }))()).rejects.toEqual(
      code('PURPOSE_REFUSED'),
    );
  });

  it('stores nothing of a source that probing refuses', async () => {
    const house = new House({
      probe: async () => {
        throw new MienError('SOURCE_NOT_VIDEO', 'Not a video.');
      },
    });
    await expect(house.streams.register(INPUT)).rejects.toEqual(code('SOURCE_NOT_VIDEO'));
    expect(house.store.streams.size).toBe(0);
  });

  it('refuses the same thing twice, also at the same time, but not another name or source', async () => {
    const house = new House();
    const twice = await Promise.allSettled([house.streams.register(INPUT), house.streams.register(INPUT)]);
    expect(twice.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(house.streams.register({ ...INPUT, name: ' clip ' })).rejects.toEqual(code('CONFLICT'));
    await house.streams.register({ ...INPUT, name: 'other' });
    await house.streams.register({ ...INPUT, source: { type: 'file', path: 'other.mp4' } });
    expect(house.store.streams.size).toBe(3);
  });

  it('probes once for registering and starting, and does not start what should wait', async () => {
    let probes = 0;
    const probe = async () => {
      probes += 1;
      return FILE_INFO;
    };
    const house = new House({ probe });
    const first = await house.streams.register(INPUT);
    await house.ended(first.id);
    expect(probes).toBe(1);
    const second = await house.streams.register({ ...INPUT, name: 'later', autoStart: false });
    expect([second.wanted, house.streams.running()]).toEqual([false, []]);
  });
});

describe('starting and stopping', () => {
  it('drains, then ends; stopping again gives the last session', async () => {
    const house = new House({ decode: frames(Number.POSITIVE_INFINITY, 1) });
    const { id } = await house.streams.register(INPUT);
    await until(() => house.seqs.length > 3);
    const ended = await house.streams.stop(id);
    expect(ended.state).toBe('ENDED');
    expect(house.seqs).toEqual(range(house.store.moments.get(ended.id)?.length ?? 0));
    expect(await house.streams.stop(id)).toEqual(ended);
    expect(house.store.streams.get(id)?.wanted).toBe(false);
  });

  it('says when there is nothing to stop, or nothing at all', async () => {
    const house = new House();
    const { id } = await house.streams.register({ ...INPUT, autoStart: false });
    await expect(house.streams.stop(id)).rejects.toEqual(code('CONFLICT'));
    for (const work of ['start', 'stop', 'remove'] as const) {
      await expect(house.streams[work]('nothing')).rejects.toEqual(code('NOT_FOUND'));
    }
  });

  it('runs one session of a stream at a time', async () => {
    const house = new House({ decode: frames(Number.POSITIVE_INFINITY, 1) });
    const { id } = await house.streams.register({ ...INPUT, autoStart: false });
    const both = await Promise.allSettled([house.streams.start(id), house.streams.start(id)]);
    expect(both[1]).toMatchObject({ status: 'rejected', reason: { code: 'CONFLICT' } });
    const stopped = house.streams.stop(id);
    const again = house.streams.start(id);
    expect((await stopped).id).not.toBe((await again).id);
    expect(house.streams.running()).toEqual([{ streamId: id, sessionId: (await again).id }]);
  });

  it('removes a stream with its sessions, running or not', async () => {
    const house = new House({ decode: frames(Number.POSITIVE_INFINITY, 1) });
    const { id } = await house.streams.register(INPUT);
    await until(() => house.seqs.length > 0);
    await house.streams.remove(id);
    expect([house.store.streams.size, house.store.records.size]).toEqual([0, 0]);
    expect(house.heard.slice(-2)).toEqual(['ENDED', 'removed']);
  });

  it('takes an upload when it is registered, and lets go of it with the last stream that uses it', async () => {
    const told: string[] = [];
    const uploads = {
      take: async (token: string) => void told.push(`take ${token}`),
      release: async (token: string) => void told.push(`release ${token}`),
    };
    const house = new House({ uploads, decode: frames(Number.POSITIVE_INFINITY, 1) });
    const source = { type: 'upload', token: 'abc' } as const;
    const one = await house.streams.register({ ...INPUT, name: 'one', source });
    const two = await house.streams.register({ ...INPUT, name: 'two', source, autoStart: false });
    const other = await house.streams.register({ ...INPUT, name: 'other', autoStart: false });
    await house.streams.remove(one.id);
    await house.streams.remove(other.id);
    expect(told).toEqual(['take abc', 'take abc']);
    await house.streams.remove(two.id);
    expect(told).toEqual(['take abc', 'take abc', 'release abc']);
  });

  it('removes a stream also when its upload cannot be deleted, and says so', async () => {
    const uploads = { take: async () => {}, release: () => Promise.reject(new Error('busy')) };
    const house = new House({ uploads });
    const { id } = await house.streams.register({
      ...{ ...INPUT, autoStart: false },
      source: { type: 'upload', token: 'abc' },
    });
    await house.streams.remove(id);
    expect(house.store.streams.size).toBe(0);
    expect(house.warnings).toContain('could not release an upload');
  });

  it('keeps streams apart: one that fails does not touch another', async () => {
    const decode: Decode = (source, ...rest) =>
      source.type === 'file' && source.path === 'bad.mp4'
        ? thenFails(frames(0))(source, ...rest)
        : frames(5, 2)(source, ...rest);
    const house = new House({ decode });
    const good = await house.streams.register(INPUT);
    const bad = await house.streams.register({
      ...INPUT,
      name: 'bad',
      source: { type: 'file', path: 'bad.mp4' },
    });
    expect((await house.ended(bad.id)).state).toBe('FAILED');
    expect((await house.ended(good.id)).state).toBe('ENDED');
  });
});

describe('the end of the server', () => {
  it('interrupts what runs, stores all of it, and the next boot goes on', async () => {
    const decode = frames(Number.POSITIVE_INFINITY, 1);
    const house = new House({ decode });
    const { id } = await house.streams.register(INPUT);
    await until(() => house.seqs.length > 3);
    await house.streams.close();
    const [session] = [...house.store.records.values()];
    expect(session).toMatchObject({ state: 'INTERRUPTED', failure: 'The server was stopped.' });
    expect(house.seqs).toEqual(range(house.store.moments.get(session!.id)?.length ?? 0));
    await expect(house.streams.start(id)).rejects.toEqual(code('SHUTTING_DOWN'));
    const next = new House({
      decode,
      streams: house.store.book,
      sessions: house.store.sessions,
      sink: house.store,
    });
    await next.streams.resumeWanted();
    expect(next.streams.running()).toMatchObject([{ streamId: id }]);
  });

  it('a crash leaves INTERRUPTED sessions and wanted streams, which start anew', async () => {
    const house = new House({ decode: frames(Number.POSITIVE_INFINITY, 1) });
    const fields = { name: 'a', purpose: 'RESEARCH', frameRate: 10, loop: false, realtime: null };
    const source = { type: 'file', path: 'a.mp4' } as const;
    const [wanted, other] = [
      await house.store.book.create({ ...fields, source }),
      await house.store.book.create({ ...fields, source }),
    ];
    await house.store.book.setWanted(wanted.id, true);
    const left = [house.store.addSession(wanted.id, { state: 'RUNNING' }), house.store.addSession(other.id)];
    await house.streams.resumeWanted();
    expect(left.map(({ id }) => house.store.records.get(id)?.state)).toEqual(['INTERRUPTED', 'INTERRUPTED']);
    expect(house.streams.running().map(({ streamId }) => streamId)).toEqual([wanted.id]);
  });

  it('tells whoever is registering meanwhile, and stores nothing of it', async () => {
    const probe: StreamsDeps['probe'] = (_, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const house = new House({ probe });
    const registering = expect(house.streams.register(INPUT)).rejects.toMatchObject({
      code: 'SHUTTING_DOWN',
      message: expect.stringMatching(/^The server is stopping/),
    });
    await tick(2);
    await house.streams.close();
    await registering;
    expect(house.store.streams.size).toBe(0);
  });

  it('does not wait for a store that stays away', async () => {
    const house = new House({ decode: frames(Number.POSITIVE_INFINITY, 1) });
    await house.streams.register(CAMERA);
    await until(() => house.seqs.length > 3);
    house.store.away = true;
    await tick(20);
    const start = Date.now();
    await house.streams.close();
    expect(Date.now() - start).toBeLessThan(10_000);
    expect(house.warnings).toContain('moments were not stored');
  });
});

describe('a frame', () => {
  it.each([
    [
      'of a recording while those before it are still scored, so that vision has some to choose from',
      false,
      1 + AHEAD,
    ],
    ['in real time when the one before it is done, so that it is the newest', true, 1],
  ])('is handed to the analyser once, in order: %s', async (_, realtime, atATime) => {
    const seen: number[] = [];
    let [busy, most] = [0, 0];
    let answered = Promise.resolve();
    const house = new House({
      decode: frames(20),
      openAnalyser: () => ({
        async analyse(given: Frame) {
          most = Math.max(most, ++busy);
          seen.push(given.mediaTime);
          answered = answered.then(async () => {
            await until(() => most >= atATime);
            await tick(5); // as long as it takes to be handed one too many
            busy -= 1;
          });
          await answered;
          return [];
        },
        flush() {},
        close: async () => {},
      }),
    });
    const { id } = await house.streams.register({ ...INPUT, realtime });
    expect((await house.ended(id)).state).toBe('ENDED');
    expect(seen).toEqual(range(20).map((index) => frame(index).mediaTime));
    expect(most).toBe(atATime);
  });
});
