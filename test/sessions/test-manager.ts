import { expect, onTestFinished } from 'vitest';
import { MemoryBus } from '../../src/bus/index.ts';
import type { SessionRecord } from '../../src/domain/stream.ts';
import { MienError } from '../../src/errors.ts';
import {
  LoadControl,
  type RegisterInput,
  StreamManager,
  type StreamManagerDeps,
} from '../../src/sessions/index.ts';
import type { SessionTimeouts } from '../../src/sessions/session-timeouts.ts';
import { createTimeline } from '../../src/timeline/index.ts';
import { MemoryStore } from '../helpers/memory-store.ts';
import { analyser, type Decode, FILE_INFO, frames, LIVE_INFO } from './fakes.ts';

export const INPUT: RegisterInput = {
  name: 'clip',
  source: { type: 'file', path: 'clip.mp4' },
  purpose: 'RESEARCH',
  realtime: false,
};
export const CAMERA: RegisterInput = {
  ...INPUT,
  name: 'camera',
  realtime: null,
  source: { type: 'url', url: 'rtsp://camera/1' },
};
export const LIMITS: Partial<SessionTimeouts> = { reopenMs: 5, storeRetryMs: 5, drainMs: 200 };

/** `decode` gives the frames of each opening. */
type TestDeps = Partial<StreamManagerDeps> & { decode?: Decode };
const probeByType: StreamManagerDeps['probe'] = async ({ type }) => (type === 'url' ? LIVE_INFO : FILE_INFO);

/** A stream manager upon a store in memory and the real bus; it is closed after the test. */
export class TestManager {
  readonly store = new MemoryStore();
  readonly bus = new MemoryBus();
  readonly heard: string[] = [];
  readonly warnings: string[] = [];
  readonly meter = { decoded: 0, scored: 0, dropped: {} as Record<string, number> };
  readonly manager: StreamManager;

  constructor({ probe = probeByType, decode = frames(20), limits = LIMITS, ...more }: TestDeps = {}) {
    const log: StreamManagerDeps['log'] = {
      debug: () => {},
      info: () => {},
      warn: (_, text) => this.warnings.push(text),
      error: (_, text) => this.warnings.push(text),
    };
    const work = () => ({ seconds: 0, threads: 1 });
    this.manager = new StreamManager({
      streams: this.store.repository,
      sessions: this.store.sessions,
      sink: this.store,
      probe,
      openSource: async (source, options) => {
        const info = await probe(source, options.signal);
        return { info, frames: decode(source, info, options), setFrameRate() {} };
      },
      openAnalyser: () => analyser(),
      openTimeline: createTimeline({ thresholds: { confidence: 0.3, quality: 0.3 } }),
      publisher: this.bus,
      modelId: 'model',
      log,
      load: new LoadControl({ modelRate: null, work, overcommit: true, log }),
      meter: {
        decoded: (count) => (this.meter.decoded += count),
        scored: (count) => (this.meter.scored += count),
        dropped: (counts) => {
          for (const [reason, count] of Object.entries(counts)) {
            this.meter.dropped[reason] = (this.meter.dropped[reason] ?? 0) + count;
          }
        },
      },
      limits: { pollMs: 10, ...limits },
      ...more,
    });
    void this.#listen();
    // Not by a hook of this file: files of a tier share what they have imported, so that one would serve the first of them alone.
    onTestFinished(async () => {
      await this.manager.close();
      this.bus.close();
    });
  }

  /** Everything that is published; of a moment, also whether it was stored by then. */
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
    await until(() => !this.manager.running().some((entry) => entry.streamId === streamId));
    return (await this.store.sessions.latest(streamId))!;
  }

  get seqs(): number[] {
    return this.heard.filter((what) => what.startsWith('moment')).map((what) => Number(what.slice(7)));
  }
}

/** Real time passes, whatever a test makes of the clock: a file that comes later may stop it while this still waits. */
const { setTimeout: setRealTimeout } = globalThis;
export async function until(condition: () => boolean, milliseconds = 60_000): Promise<void> {
  for (const end = Date.now() + milliseconds; !condition(); ) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setRealTimeout(resolve, 1));
  }
}
export const range = (to: number) => Array.from({ length: to }, (_, index) => index);
export const code = (expected: string) => expect.objectContaining({ code: expected });

/** A source that is each of these in turn when it is opened, and then the last one. */
export function oneAfterTheOther(...all: Decode[]): { decode: Decode; count: () => number } {
  let count = 0;
  const decode: Decode = (...given) => all[Math.min(count++, all.length - 1)]!(...given);
  return { decode, count: () => count };
}
export const thenFails = (
  decode: Decode,
  error: unknown = new MienError('SOURCE_FAILED', 'The source broke off.'),
): Decode =>
  async function* (...given) {
    yield* decode(...given);
    throw error;
  };
