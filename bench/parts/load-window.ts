/** What the streams of a server get in a stretch of time, as a subscriber of them all sees it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { DROP_REASONS } from '../../src/domain/frame.ts';
import { measured, quantile } from '../harness.ts';
import type { Server } from './server.ts';

const DOCUMENT =
  'subscription { frameEmotions { sessionId mediaTime wallTime skippedBefore faces { track expression confidence } } }';

interface Moment {
  sessionId: string;
  mediaTime: number;
  wallTime: string;
  skippedBefore: number;
}

/** Of one session, since the subscription began. */
interface SessionCount {
  moments: number;
  /** Milliseconds since the epoch at which media time 0 would have been seen without any delay: the least so far. */
  origin: number;
}

export interface LoadWindow {
  /** Frames scored a second, in all, and by session. */
  scored: number;
  perSession: number[];
  /** Frames a second that nobody left out, and that were not scored, by reason; only reasons that were met. */
  dropped: Record<string, number>;
  /** Frames a second that were left out by a lowered rate. */
  leftOut: number;
  /** Moments a second that were scored, and not sent because this subscriber was too slow. */
  skipped: number;
  /** Frames a second at which the streams may be scored, at the end. */
  rates: number;
  /** Frames a second that the server takes for its capacity, at the end. */
  capacity: number;
  /** Cores in use. */
  cores: { server: number; ffmpeg: number };
  /** Megabytes. */
  memory: { server: number; ffmpeg: number };
  /** Milliseconds that moments arrived later than the earliest of their session would have: at the 99th percentile. */
  lagP99: number;
  /** Milliseconds from a frame's arrival to the subscriber. */
  age: { p50: number; p99: number };
}

export interface LoadWatch {
  /** @param streams that should give moments; one that gives none has a rate of 0 */
  watch(seconds: number, streams: number): Promise<LoadWindow>;
  /** Seconds from now until a stretch of a second begins with so many moments; Infinity when none does in as many seconds. */
  timeTo(moments: number, seconds: number): Promise<number>;
  close(): Promise<void>;
}

/** To read the memory of large processes takes moments in which nothing is taken here: what came in them would count as late. */
const LET_IN_MS = 500;

/** Subscribes to all streams. */
export function watchLoad(server: Server): LoadWatch {
  const client = createClient({ url: server.url.replace('http', 'ws'), webSocketImpl: WebSocket });
  const sessions = new Map<string, SessionCount>();
  const ages: number[] = [];
  const lags: number[] = [];
  const arrivals: number[] = [];
  let skipped = 0;
  let failure: unknown = null;
  client.subscribe<{ frameEmotions: Moment }>(
    { query: DOCUMENT },
    {
      next: ({ data }) => {
        const { sessionId, mediaTime, wallTime, skippedBefore } = data!.frameEmotions;
        const now = Date.now();
        const origin = now - mediaTime * 1000;
        const session = sessions.get(sessionId) ?? { moments: 0, origin };
        session.moments += 1;
        session.origin = Math.min(session.origin, origin);
        sessions.set(sessionId, session);
        ages.push(now - Date.parse(wallTime));
        arrivals.push(now);
        skipped += skippedBefore;
        lags.push(origin - session.origin);
      },
      error: (error) => (failure = error),
      complete: () => {},
    },
  );

  async function watch(seconds: number, streams: number): Promise<LoadWindow> {
    const began = performance.now();
    const [metrics, usage] = [await server.metrics(), await usageOf(server)];
    await sleep(LET_IN_MS);
    const counted = await count(seconds, streams);
    const [after, used] = [await server.metrics(), await usageOf(server)];
    const elapsed = (performance.now() - began) / 1000;
    if (failure) throw failure;
    const more = (name: string, label?: string) => after(name, label) - metrics(name, label);
    const cores = (of: 'server' | 'ffmpeg') =>
      measured(`the processor time of ${of}`, used[of].cpuSeconds - usage[of].cpuSeconds) / elapsed;
    const dropped = (reason: string) => more('mien_frames_dropped_total', `reason="${reason}"`) / elapsed;
    return {
      ...counted,
      dropped: Object.fromEntries(
        [...DROP_REASONS, 'late']
          .map((reason) => [reason, dropped(reason)] as const)
          .filter(([, count]) => count > 0),
      ),
      leftOut: dropped('shed'),
      rates: measured('the effective rates', after('mien_effective_frame_rate')),
      capacity: measured('the capacity', after('mien_capacity_frames_per_second')),
      cores: { server: cores('server'), ffmpeg: cores('ffmpeg') },
      memory: { server: used.server.megabytes, ffmpeg: used.ffmpeg.megabytes },
    };
  }

  /** What arrives from now on. */
  async function count(seconds: number, streams: number) {
    for (const session of sessions.values()) session.moments = 0;
    [ages.length, lags.length, skipped] = [0, 0, 0];
    const began = performance.now();
    await sleep(seconds * 1000);
    const elapsed = (performance.now() - began) / 1000;
    const sorted = (values: number[]) => [...values].sort((a, b) => a - b);
    return {
      scored: (measured('moments', ages.length) + skipped) / elapsed,
      skipped: skipped / elapsed,
      perSession: ratesOf([...sessions.values()], streams, elapsed),
      lagP99: quantile(sorted(lags), 0.99),
      age: { p50: quantile(sorted(ages), 0.5), p99: quantile(sorted(ages), 0.99) },
    };
  }

  async function timeTo(moments: number, seconds: number): Promise<number> {
    const [from, before] = [Date.now(), arrivals.length];
    await sleep(seconds * 1000);
    if (failure) throw failure;
    return begins(arrivals.slice(before), moments, from);
  }

  return { watch, timeTo, close: async () => void (await client.dispose()) };
}

/** An ffmpeg that gives way is replaced by another: on a busy machine none runs for a moment. */
const REPLACED_MS = 20_000;

/** @throws Error when no ffmpeg runs; of streams that are decoded in turns some have none */
async function usageOf(server: Server): Promise<ReturnType<Server['usage']>> {
  const last = Date.now() + REPLACED_MS;
  for (;;) {
    try {
      return server.usage(1);
    } catch (error) {
      if (Date.now() > last) throw error;
      await sleep(50);
    }
  }
}

/**
 * Seconds from `from` until a stretch of a second begins in which so many arrive; Infinity without one.
 * @param arrivals ascending, in milliseconds
 */
export function begins(arrivals: readonly number[], count: number, from: number): number {
  const first = arrivals.findIndex((at, i) => (arrivals[i + count - 1] ?? Infinity) < at + 1000);
  return first < 0 ? Infinity : (arrivals[first]! - from) / 1000;
}

/** Frames a second of the sessions that gave any, and 0 for each stream without one. */
function ratesOf(sessions: readonly SessionCount[], streams: number, elapsed: number): number[] {
  const rates = sessions.filter(({ moments }) => moments > 0).map(({ moments }) => moments / elapsed);
  return [...rates, ...Array<number>(Math.max(0, streams - rates.length)).fill(0)];
}

/** 1 when all get the same, 1/n when one gets all (Jain, Chiu and Hawe, 1984). */
export function jainFairness(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares === 0 ? 0 : (sum * sum) / (shares.length * squares);
}
