/**
 * `mien serve` on PGlite with 1 to 48 streams (or `BENCH_STREAMS=16,64`), one after the other added to the same server: a 720p clip with one face,
 * looping in real time, ten frames scored per second asked for. Each number of streams is watched for 30 seconds by a subscriber of all:
 * what is scored and dropped, how evenly, how far behind, and what it costs with the decoders. Capacity is the most that was
 * scored a second at any number of streams. At the end all streams but one stop, and it is measured how long that one needs to be
 * scored as often as it asks for. Frames that a lowered rate left out are told apart from those that were lost; both are missing. What is
 * added to inference is, of each moment, its latency less the runs of the models that it was part of, by the server's traces of half of the moments.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { totalDrops } from '../../src/domain/frame.ts';
import { measured, quantile, type Result, type Row, type RowOptions, spread } from '../harness.ts';
import { makeClips } from '../parts/clips.ts';
import { jainFairness, type LoadWindow, watchLoad } from '../parts/load-window.ts';
import { type MomentTraces, openMomentTraces } from '../parts/moment-traces.ts';
import { compared, limited, recorded } from '../parts/results.ts';
import { type Server, startServer } from '../parts/server.ts';

export const row: Row = {
  name: 'load',
  measures: 'what 1 to 48 real-time streams get, beyond what the machine can score',
  run,
};

/** With about two and four times the capacity of two cores. */
const STREAMS = process.env.BENCH_STREAMS?.split(',').map(Number) ?? [1, 2, 4, 8, 16, 24, 48];
/** Frames a second that each stream asks for. */
const ASKED = 10;
/** Seconds in which streams that begin, or that are left alone, find their pace. */
const SETTLE = 5;
/** Seconds that the stream that is left is watched for; told where it did not recover in them. */
const UNRECOVERED = 20;

/** With what each moment took besides the models' runs for it: at the 99th percentile, in milliseconds. */
type Levels = Map<number, LoadWindow & { addedP99: number }>;

async function* run({ quick, log }: RowOptions): AsyncIterable<Result> {
  const levels = quick ? STREAMS.slice(0, 3) : STREAMS;
  const clips = makeClips(20);
  const traces = await openMomentTraces();
  const server = await startServer(clips.dir, undefined, undefined, traces.env);
  try {
    const { seen, recovered } = await climb(server, traces, levels, quick ? 3 : 30, log);
    for (const streams of levels) yield* told(seen, streams);
    yield* judged(seen);
    const left = `1 stream left of ${levels.at(-1)}, until it is scored as often as it asks for`;
    yield limited({ row: 'load', case: left, unit: 's' }, [Math.min(recovered, UNRECOVERED)], 5);
  } finally {
    await server.stop();
    await traces.close();
    clips.remove();
  }
}

async function climb(
  server: Server,
  traces: MomentTraces,
  levels: number[],
  seconds: number,
  log: (line: string) => void,
) {
  const load = watchLoad(server);
  const seen: Levels = new Map();
  const ids: string[] = [];
  for (const streams of levels) {
    while (ids.length < streams) ids.push(await server.startStream('one.mp4', `stream ${ids.length}`));
    await sleep(SETTLE * 1000);
    traces.begin();
    const window = await load.watch(seconds, streams);
    const addedP99 = quantile(await traces.added(), 0.99);
    seen.set(streams, { ...window, addedP99 });
    log(`${streams}: ${describe(window)}; p99 added to inference ${addedP99.toFixed(0)} ms`);
  }
  await Promise.all(ids.splice(1).map((id) => server.stopStream(id)));
  const recovered = await load.timeTo(0.9 * ASKED, UNRECOVERED);
  log(`1 left: ${recovered.toFixed(1)} s until it is scored as often as it asks for`);
  await load.close();
  return { seen, recovered };
}

/** One line of the table for each figure of a number of streams. */
function* told(seen: Levels, streams: number): Iterable<Result> {
  const window = seen.get(streams)!;
  const name = `${streams} stream${streams === 1 ? '' : 's'}`;
  const { cores, memory } = window;
  const head = (what: string, unit: string) => ({ row: 'load', case: `${name}, ${what}`, unit });
  yield recorded({ ...head('scored', 'frames/s'), note: describe(window) }, [window.scored]);
  yield recorded(head('processor time a frame', 'ms'), [
    ((cores.server + cores.ffmpeg) / window.scored) * 1000,
  ]);
  yield recorded(head('memory', 'MB'), [memory.server + memory.ffmpeg]);
  yield recorded(head('lost', '%'), [shareOf(totalDrops(window.dropped), streams)]);
  yield recorded(head('left out by a lowered rate', '%'), [shareOf(window.leftOut, streams)]);
  yield recorded(head('frame to subscriber, p50', 'ms'), [window.age.p50]);
  yield recorded(head('frame to subscriber, p99', 'ms'), [window.age.p99]);
  yield limited(head('lag behind the source, p99', 'ms'), [window.lagP99], 2000);
  if (streams > 1) {
    yield limited(head('unfairness (1 less Jain’s index)', ''), [1 - jainFairness(window.perSession)], 0.05);
  }
}

/** What is asked in proportion to the capacity. */
function* judged(seen: Levels): Iterable<Result> {
  const capacity = measured('capacity', Math.max(...[...seen.values()].map(({ scored }) => scored)));
  const last = [...seen.values()].at(-1)!;
  const head = {
    row: 'load',
    case: 'capacity, as the server tells it with the most streams',
    unit: 'frames/s',
  };
  const [told, best] = [spread([last.capacity]), spread([capacity])];
  yield compared(
    head,
    { mien: told, against: best, ratio: spread([last.capacity / capacity]) },
    'most scored',
  );
  for (const [streams, window] of seen) {
    const offered = streams * ASKED;
    const load = offered / capacity;
    const share = `${streams} streams, ${load.toFixed(2)} of the capacity asked for`;
    if (load >= 1) {
      yield {
        ...{ row: 'load', case: `${share}, scored`, unit: 'frames/s', mien: spread([window.scored]) },
        against: { name: 'capacity', spread: spread([capacity]) },
        ...{ ratio: spread([window.scored / capacity]), target: { atLeast: 0.9 } },
      };
    }
    if (load < 0.9)
      yield limited({ row: 'load', case: `${share}, not scored`, unit: '%' }, [missing(window, streams)], 1);
    if (load <= 0.5) {
      const head = { row: 'load', case: `${share}, p99 added to inference`, unit: 'ms' };
      yield limited(head, [window.addedP99], 40);
    }
  }
}

/** Frames that were asked for and not scored, in percent; whichever way they were lost, counted or not. */
function missing({ scored }: LoadWindow, streams: number): number {
  return Math.max(0, 100 - shareOf(scored, streams));
}

/** Frames a second in percent of those asked for. */
function shareOf(framesPerSecond: number, streams: number): number {
  return (100 * framesPerSecond) / (streams * ASKED);
}

function describe({ scored, dropped, leftOut, skipped, ...window }: LoadWindow): string {
  const { cores, memory, lagP99, age, perSession, rates, capacity } = window;
  const [least, most] = [Math.min(...perSession), Math.max(...perSession)];
  const drops = Object.entries(dropped).map(([reason, count]) => `${count.toFixed(1)} ${reason}`);
  return (
    `${scored.toFixed(1)} scored/s (${rates.toFixed(1)} allowed, capacity told ${capacity.toFixed(0)}), lost/s: ${drops.join(', ') || 'none'}; ` +
    `left out ${leftOut.toFixed(1)}/s, not sent ${skipped.toFixed(1)}/s; ` +
    `${cores.server.toFixed(2)} + ${cores.ffmpeg.toFixed(2)} cores, ` +
    `${memory.server.toFixed(0)} + ${memory.ffmpeg.toFixed(0)} MB (mien + ffmpeg); lag p99 ${lagP99.toFixed(0)} ms, ` +
    `frame to subscriber p50 ${age.p50.toFixed(0)}, p99 ${age.p99.toFixed(0)} ms; fairness ${jainFairness(perSession).toFixed(3)} (${least.toFixed(1)} to ${most.toFixed(1)} each)`
  );
}
