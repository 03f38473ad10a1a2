/**
 * `mien serve` on PGlite with 1, 2, 4, 8 and 16 streams, one after the other added to the same server: a 720p clip
 * with one face, looping in real time, ten frames scored per second. After a few seconds of warming, a window is
 * watched: frames scored and dropped, processor time per scored frame (ffmpeg included), memory, and the event loop.
 * Against one stream's cost in the same round. A round is one server.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { measured, type Result, type Row, type RowOptions, spread } from '../harness.ts';
import { makeClips } from '../parts/clips.ts';
import { compared, limited } from '../parts/results.ts';
import { type Server, startServer } from '../parts/server.ts';

export const row: Row = {
  name: 'live',
  measures: 'processor time and memory of 1 to 16 real-time streams, against one stream’s',
  run,
};

const STREAMS = [1, 2, 4, 8, 16];
/** Intervals that the event loop's watches measure with, and count in, in milliseconds. */
const LOOP_P99_STEP = 10;
const LOOP_MAX_STEP = 10;

interface Seen {
  /** Per second. */
  scored: number;
  dropped: number;
  /** Milliseconds of processor time. */
  cpuPerFrame: number;
  /** Of it in ffmpeg, 0 to 1. */
  ffmpegShare: number;
  /** Cores in use. */
  cores: number;
  /** Megabytes. */
  memory: { server: number; ffmpeg: number };
  loop: { p99: number; max: number };
}

async function* run({ quick, log }: RowOptions): AsyncIterable<Result> {
  const levels = quick ? STREAMS.slice(0, 3) : STREAMS;
  const clips = makeClips(20);
  const rounds: Map<number, Seen>[] = [];
  for (let round = 0; round < (quick ? 1 : 2); round++) {
    const server = await startServer(clips.dir);
    rounds.push(await climb(server, levels, quick ? 2 : 5, log));
    await server.stop();
  }
  for (const streams of levels) yield cost(rounds, streams);
  for (const streams of levels.slice(1)) yield memory(rounds, streams);
  const four = rounds.map((seen) => seen.get(4)!.loop.max);
  yield limited({ row: 'live', case: '4 streams, longest block of the event loop', unit: 'ms' }, four, 20);
  clips.remove();
}

async function climb(server: Server, levels: number[], seconds: number, log: (line: string) => void) {
  const seen = new Map<number, Seen>();
  let running = 0;
  for (const streams of levels) {
    while (running < streams) await server.startStream('one.mp4', `stream ${running++}`);
    await sleep(3000);
    const window = await watch(server, seconds);
    const { scored, dropped, cpuPerFrame, cores } = window;
    log(
      `${streams}: ${scored.toFixed(1)} frames/s, ${dropped.toFixed(1)} dropped/s, ` +
        `${cpuPerFrame.toFixed(1)} ms each, ${cores.toFixed(2)} cores`,
    );
    seen.set(streams, window);
  }
  return seen;
}

async function watch(server: Server, seconds: number): Promise<Seen> {
  const before = await server.metrics();
  const [began, usageBefore] = [performance.now(), server.usage()];
  await sleep(seconds * 1000);
  const { server: own, ffmpeg } = server.usage();
  const spent = {
    server: own.cpuSeconds - usageBefore.server.cpuSeconds,
    ffmpeg: measured('the processor time of ffmpeg', ffmpeg.cpuSeconds - usageBefore.ffmpeg.cpuSeconds),
  };
  const elapsed = (performance.now() - began) / 1000;
  const after = await server.metrics();
  const more = (name: string) => after(name) - before(name);
  const scored = measured('frames scored', more('mien_frames_scored_total'));
  const together = spent.server + spent.ffmpeg;
  return {
    scored: scored / elapsed,
    dropped: more('mien_frames_dropped_total') / elapsed,
    cpuPerFrame: (together / scored) * 1000,
    ffmpegShare: spent.ffmpeg / together,
    cores: together / elapsed,
    memory: { server: own.megabytes, ffmpeg: ffmpeg.megabytes },
    loop: {
      p99: Math.max(0, after('nodejs_eventloop_lag_p99_seconds') * 1000 - LOOP_P99_STEP),
      max: Math.max(0, after('mien_event_loop_blocked_seconds') * 1000 - LOOP_MAX_STEP),
    },
  };
}

function cost(rounds: Map<number, Seen>[], streams: number): Result {
  const at = rounds.map((seen) => seen.get(streams)!);
  const one = rounds.map((seen) => seen.get(1)!.cpuPerFrame);
  const costs = at.map(({ cpuPerFrame }) => cpuPerFrame);
  const mid = (of: (seen: Seen) => number) => spread(at.map(of)).median;
  const note =
    `${mid((s) => s.scored).toFixed(1)} frames/s scored, ${mid((s) => s.dropped).toFixed(1)} dropped, ` +
    `${mid((s) => s.cores).toFixed(2)} cores, ${(100 * mid((s) => s.ffmpegShare)).toFixed(0)} % of it in ffmpeg; event loop p99 ${mid((s) => s.loop.p99).toFixed(1)} ms, ` +
    `at most ${mid((s) => s.loop.max).toFixed(1)} ms`;
  const head = { row: 'live', case: `${streams} streams, processor time per frame`, unit: 'ms', note };
  const sides = {
    mien: spread(costs),
    against: spread(one),
    ratio: spread(costs.map((value, i) => value / one[i]!)),
  };
  return compared(head, sides, 'one stream', streams === 16 ? { atMost: 1.1 } : null);
}

/** Megabytes more per stream beyond the first, ffmpeg included. */
function memory(rounds: Map<number, Seen>[], streams: number): Result {
  const more = (of: (seen: Seen) => number) =>
    rounds.map((seen) => (of(seen.get(streams)!) - of(seen.get(1)!)) / (streams - 1));
  const own = spread(more((seen) => seen.memory.server)).median;
  const note = `${own.toFixed(1)} MB of it in the server, the rest in ffmpeg`;
  const head = { row: 'live', case: `${streams} streams, memory per additional stream`, unit: 'MB', note };
  return limited(
    head,
    more((seen) => seen.memory.server + seen.memory.ffmpeg),
    40,
  );
}
