/**
 * Pictures per second of processor time, of all processes, as `mien analyze` takes them: into a file for each, and into one. Against decoding
 * them by the same process and the very same runs of the models (one of the detector, and those of the ensemble that mien makes: a face that is
 * new is scored twice, the second time where it was seen to be), with nothing else. Of many pictures less that of few, so that what starts is not counted.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyseSource } from '../../src/sessions/index.ts';
import { inTurn, type Row, type RowOptions } from '../harness.ts';
import { makePictures } from '../parts/clips.ts';
import { openIngest, openVision, timelinesOf } from '../parts/pipeline.ts';
import { descendantsOf, timesIfThere } from '../parts/process-tree.ts';
import { compared } from '../parts/results.ts';

export const row: Row = {
  name: 'pictures',
  measures: 'pictures per second of processor time, against decoding them and the runs of the models alone',
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
  const perSecond = async (command: (directory: string) => string[]) => {
    const cost = async (directory: string) => {
      rmSync(out, { recursive: true, force: true });
      return processorTime(command(directory));
    };
    return count / ((await cost(many)) - (await cost(few)));
  };
  const alone = () => perSecond((directory) => [ALONE, directory, runs.join(',')]);
  const analyze = (to: string) => () => perSecond((from) => [MAIN, 'analyze', from, '*.jpg', to, out]);
  const note = `one run of the detector and ${runs.length} of the ensemble a picture, of ${runs.join(' and ')} faces`;
  for (const [name, to] of [
    ['a file for each', '--out-dir'],
    ['one file', '--out'],
  ] as const) {
    const head = { row: 'pictures', case: `JPEG, 720p, into ${name}`, unit: 'pictures/CPU s', note };
    const rounds = await inTurn(analyze(to), alone, quick || MANY >= LONG ? 1 : 5);
    yield compared(head, rounds, 'decoding and session.run alone', { atLeast: 0.9 });
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

/** Seconds, user and system, of a program and all that it starts. */
async function processorTime(command: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', ...command], { stdio: 'ignore' });
  const used = new Map<number, number>();
  const look = () => {
    for (const pid of [child.pid!, ...descendantsOf(child.pid!)])
      used.set(pid, timesIfThere(pid)?.own ?? used.get(pid) ?? 0);
  };
  const timer = setInterval(look, 20);
  const [code] = await once(child, 'exit');
  clearInterval(timer);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}.`);
  return [...used.values()].reduce((sum, seconds) => sum + seconds, 0);
}
