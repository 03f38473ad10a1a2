/**
 * Pictures per second as `mien analyze` takes them, into a file for each and into one: by the clock, and of the processor time of all processes.
 * Against decoding them by the same process, ahead, and the very same runs of the models (one of the detector, and those of the ensemble that mien
 * makes: a face that is new is scored twice, the second time where it was seen to be), with nothing else: in one thread, which `session.run`
 * blocks, or with the models' own threads on all cores, whichever is faster. Of many pictures less those of few, so that what starts is not counted.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyseSource } from '../../src/sessions/index.ts';
import { inTurn, type Row, type RowOptions, spread } from '../harness.ts';
import { makePictures } from '../parts/clips.ts';
import { openIngest, openVision, timelinesOf } from '../parts/pipeline.ts';
import { descendantsOf, timesIfThere } from '../parts/process-tree.ts';
import { compared } from '../parts/results.ts';

export const row: Row = {
  name: 'pictures',
  measures: 'pictures per second, against decoding them and the runs of the models alone',
  run,
};

/** Or `BENCH_PICTURES=10000`. */
const MANY = Number(process.env.BENCH_PICTURES ?? 2_000);
const FEW = 20;
/** Of so many pictures, and more, one round is enough: each takes minutes, in which what disturbs it comes and goes. */
const LONG = 1_000;
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const ALONE = fileURLToPath(new URL('../sides/pictures.ts', import.meta.url));

async function* run({ quick }: RowOptions) {
  const place = mkdtempSync(join(tmpdir(), 'mien-bench-'));
  const [many, few, out] = ['many', 'few', 'out'].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  makePictures(many, quick ? 60 : MANY);
  mkdirSync(few);
  for (const name of readdirSync(many).slice(0, FEW)) cpSync(join(many, name), join(few, name));
  const count = readdirSync(many).length - FEW;
  const runs = await runsOf(join(many, readdirSync(many)[0]!));
  const rateOf = async (command: (directory: string) => string[]): Promise<Rate> => {
    const cost = async (directory: string) => {
      rmSync(out, { recursive: true, force: true });
      return costOf(command(directory));
    };
    const [all, start] = [await cost(many), await cost(few)];
    return { clock: count / (all.seconds - start.seconds), cpu: count / (all.cpuSeconds - start.cpuSeconds) };
  };
  const alone = (threads: number) => () =>
    rateOf((directory) => [ALONE, directory, runs.join(','), String(threads)]);
  const analyze = (to: string) => () => rateOf((from) => [MAIN, 'analyze', from, '*.jpg', to, out]);
  const note = `one run of the detector and ${runs.length} of the ensemble a picture, of ${runs.join(' and ')} faces`;
  const rounds = quick || MANY >= LONG ? 1 : 5;
  const [one, all] = [await alone(1)(), await alone(availableParallelism())()];
  const fastest = alone(one.clock >= all.clock ? 1 : availableParallelism());
  for (const [name, to] of [
    ['a file for each', '--out-dir'],
    ['one file', '--out'],
  ] as const) {
    const head = (unit: string) => ({ row: 'pictures', case: `JPEG, 720p, into ${name}`, unit, note });
    const { byClock, byCpu } = await bothInTurn(analyze(to), fastest, rounds);
    yield compared(head('pictures/s'), byClock, 'decoding and session.run alone', { atLeast: 0.9 });
    yield compared(head('pictures/CPU s'), byCpu, 'decoding and session.run alone');
  }
  rmSync(place, { recursive: true });
}

/** How many faces each run of the ensemble has of this picture. */
async function runsOf(path: string): Promise<number[]> {
  const runs: number[] = [];
  const vision = await openVision({ metrics: { batchSize: (faces) => void runs.push(faces) } });
  const ingest = openIngest(dirname(path), true);
  const deps = { open: ingest.open, openAnalyser: vision.open, openTimeline: timelinesOf(vision) };
  const options = { frameRate: 10, smoothing: 0, detectSize: 'STANDARD' as const };
  await analyseSource(
    deps,
    { type: 'file', path },
    { ...options, signal: new AbortController().signal },
    () => {},
  );
  await Promise.all([ingest.close(), vision.close()]);
  return runs;
}

/** Pictures a second. */
interface Rate {
  clock: number;
  cpu: number;
}

/** The same rounds, by both. */
async function bothInTurn(mien: () => Promise<Rate>, against: () => Promise<Rate>, rounds: number) {
  const [ours, theirs]: [Rate[], Rate[]] = [[], []];
  const byClock = await inTurn(clockOf(mien, ours), clockOf(against, theirs), rounds);
  // The first of each is not counted.
  const [own, other] = [ours.slice(1).map(({ cpu }) => cpu), theirs.slice(1).map(({ cpu }) => cpu)];
  const ratio = spread(own.map((cpu, round) => cpu / other[round]!));
  return { byClock, byCpu: { mien: spread(own), against: spread(other), ratio } };
}

const clockOf = (measure: () => Promise<Rate>, all: Rate[]) => async () => {
  const rate = await measure();
  all.push(rate);
  return rate.clock;
};

/** By the clock, and of processor time, user and system, of a program and all that it starts. */
async function costOf(command: readonly string[]): Promise<{ seconds: number; cpuSeconds: number }> {
  const began = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', ...command], { stdio: 'ignore' });
  const used = new Map<number, number>();
  const look = () => {
    for (const pid of [child.pid!, ...descendantsOf(child.pid!)])
      used.set(pid, timesIfThere(pid)?.own ?? used.get(pid) ?? 0);
  };
  const timer = setInterval(look, 20);
  const [code] = await once(child, 'exit');
  clearInterval(timer);
  const seconds = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}.`);
  return { seconds, cpuSeconds: [...used.values()].reduce((sum, one) => sum + one, 0) };
}
