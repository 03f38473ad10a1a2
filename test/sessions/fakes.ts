/** Small ports in memory: enough of each room to run the conductor for real. */
import type { RawReading } from '../../src/domain/face.ts';
import type { Frame, FrameSize, SourceInfo } from '../../src/domain/frame.ts';
import type { Moment } from '../../src/domain/moment.ts';
import {
  LIVE_STATES,
  type SessionRecord,
  type SessionState,
  type StreamRecord,
} from '../../src/domain/stream.ts';
import { MienError } from '../../src/errors.ts';
import type {
  Decode,
  FaceAnalyser,
  MomentHistory,
  MomentSink,
  SessionBook,
  SessionIndex,
  StreamBook,
} from '../../src/sessions/ports.ts';

export const tick = (milliseconds = 0) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** The same sequence for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function moment(sessionId: string, seq: number, more: Partial<Moment> = {}): Moment {
  return { sessionId, seq, mediaTime: seq / 10, wallTime: 1000 + seq * 100, dropped: {}, faces: [], ...more };
}

export function raw(track: number, probabilities: number[], more: Partial<RawReading> = {}): RawReading {
  return {
    track,
    box: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
    probabilities,
    agreement: 1,
    valence: 0,
    arousal: 0,
    pose: { yaw: 0, pitch: 0, roll: 0 },
    actionUnits: [0.1],
    landmarks: [{ x: 0.15, y: 0.25 }],
    quality: { score: 1, issues: [] },
    ...more,
  };
}

/** Store: streams, sessions and moments in maps. `away`: refuses appends; `reads`: what happens before a page is read. */
export class MemoryStore implements MomentSink, MomentHistory {
  readonly streams = new Map<string, StreamRecord>();
  readonly records = new Map<string, SessionRecord>();
  readonly moments = new Map<string, Moment[]>();
  readonly states: string[] = [];
  /** Each time that the size of a session's frames was told, and with which state. */
  readonly sizes: (FrameSize & { in: SessionState })[] = [];
  readonly boots = new Map<string, number>();
  readonly finished: Parameters<NonNullable<MomentSink['finish']>>[] = [];
  away = false;
  broken: unknown = null;
  commitMs = 0;
  beforeRead: () => Promise<void> = async () => {};
  #clock = 1_700_000_000_000;
  #ids = 0;

  readonly book: StreamBook = {
    create: async (input) => {
      const record = { ...input, id: `stream-${++this.#ids}`, wanted: false, createdAt: new Date() };
      this.streams.set(record.id, record);
      return record;
    },
    get: async (id) => this.streams.get(id) ?? null,
    byName: async (name) => [...this.streams.values()].filter((stream) => stream.name === name),
    wanted: async () => [...this.streams.values()].filter((stream) => stream.wanted),
    byUpload: async (token) =>
      [...this.streams.values()].filter(({ source }) => source.type === 'upload' && source.token === token),
    countBoot: async (id) => {
      this.boots.set(id, (this.boots.get(id) ?? 0) + 1);
      return this.boots.get(id)!;
    },
    forgiveBoots: async (id) => {
      this.boots.delete(id);
    },
    setWanted: async (id, wanted) => {
      const stream = this.streams.get(id);
      if (stream) this.streams.set(id, { ...stream, wanted });
    },
    remove: async (id) => {
      this.streams.delete(id);
      for (const session of this.#of(id)) {
        this.records.delete(session.id);
        this.moments.delete(session.id);
      }
    },
  };

  readonly sessions: SessionBook & SessionIndex = {
    create: async ({ streamId, modelId }) => this.addSession(streamId, { modelId }),
    setState: async (id, state, { failure = null, frame } = {}) => {
      this.#checkAway();
      const record = this.records.get(id);
      if (!record) throw new Error('no such session');
      const endedAt = LIVE_STATES.includes(state) ? null : new Date();
      const changed = { ...record, state, failure, endedAt };
      this.records.set(id, changed);
      this.states.push(state);
      if (frame) this.sizes.push({ in: state, ...frame });
      return changed;
    },
    interruptLive: async (ids) => {
      const given = [...this.records.values()].filter(({ id }) => ids.includes(id));
      const left = given.filter(({ state }) => LIVE_STATES.includes(state));
      return Promise.all(left.map(({ id }) => this.sessions.setState(id, 'INTERRUPTED')));
    },
    get: async (id) => this.records.get(id) ?? null,
    latest: async (streamId) => this.#of(streamId).at(-1) ?? null,
    live: async (streamId) => this.#of(streamId).filter(({ state }) => LIVE_STATES.includes(state)),
    startedSince: async (time, streamId) => this.#of(streamId).filter(({ startedAt }) => startedAt >= time),
  };

  addSession(streamId: string, more: Partial<SessionRecord> = {}): SessionRecord {
    this.#clock += 1000;
    const session: SessionRecord = {
      id: `session-${++this.#ids}`,
      streamId,
      state: 'STARTING',
      failure: null,
      modelId: 'model',
      startedAt: new Date(this.#clock),
      endedAt: null,
      ...more,
    };
    this.records.set(session.id, session);
    return session;
  }

  async append(added: Moment): Promise<void> {
    this.#checkAway();
    if (this.commitMs > 0) await tick(this.commitMs);
    const all = this.moments.get(added.sessionId) ?? [];
    if (added.seq !== all.length) throw new Error(`moment ${added.seq} does not follow ${all.length - 1}`);
    this.moments.set(added.sessionId, [...all, added]);
  }

  async finish(...told: Parameters<NonNullable<MomentSink['finish']>>): Promise<void> {
    this.finished.push(told);
  }

  async page(sessionId: string, after: number, limit: number): Promise<Moment[]> {
    await this.beforeRead();
    const page = (this.moments.get(sessionId) ?? []).filter(({ seq }) => seq > after).slice(0, limit);
    await this.beforeRead();
    return page;
  }

  async extent(sessionId: string) {
    await this.beforeRead();
    const all = this.moments.get(sessionId) ?? [];
    return { oldest: all[0]?.seq ?? null, newest: all.at(-1)?.seq ?? -1 };
  }

  #of(streamId: string | undefined): SessionRecord[] {
    return [...this.records.values()]
      .filter((session) => streamId === undefined || session.streamId === streamId)
      .sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  }

  #checkAway(): void {
    if (this.broken) throw this.broken;
    if (this.away) throw new MienError('STORE_UNAVAILABLE', 'The database is away.');
  }
}

export const FILE_INFO: SourceInfo = {
  kind: 'file',
  live: false,
  width: 4,
  height: 2,
  duration: 1,
  codec: 'h264',
  rotation: 0,
};
export const LIVE_INFO: SourceInfo = { ...FILE_INFO, kind: 'rtsp', live: true, duration: null };

export function frame(index: number, more: Partial<Frame> = {}): Frame {
  return {
    pixels: new Uint8Array(8),
    width: 4,
    height: 2,
    mediaTime: index / 10,
    wallTime: Date.now(),
    dropped: {},
    ...more,
  };
}

/** A source of so many frames, `every` milliseconds apart; endless when `count` is infinite. */
export function frames(count: number, every = 0, more: Partial<Frame> = {}): Decode {
  return async function* (_source, _info, { signal }) {
    for (let index = 0; index < count && !signal.aborted; index++) {
      await tick(every);
      yield frame(index, more);
    }
  };
}

/** A source that sends nothing until it is stopped. */
export const silent: Decode = async function* (_source, _info, { signal }) {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  yield* [];
};

export const HAPPY = [0.05, 0.9, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005];
export const CALM = [0.9, 0.05, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005];

export function analyser(faces: (frame: Frame) => RawReading[] = () => [raw(1, HAPPY)]): FaceAnalyser {
  return { analyse: async (given) => faces(given), close: async () => {} };
}
