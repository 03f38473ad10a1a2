/**
 * Frames per second of the whole chain as `mien analyze` runs it (probe, decode, detect, track, ensemble, timeline) over
 * a 720p clip of a minute, at 10 frames scored per second of video. V8 compiles for some clips; they do not count.
 * Against the slower of its two limits, each alone on the same cores: ffmpeg into nothing, and `session.run` frame by
 * frame, of the detector as often as mien ran it (at half the size too) and of the ensemble on the faces that it told,
 * with one thread or all, whichever is faster. (mien runs the faces of several frames together, which costs less than one
 * frame a run; the note says how many.) The time from the start of a clip to its first answer, which is within the first
 * figure, is told beside it. A second case holds the same frames per second against what the processor time of both limits
 * together allows on the cores.
 * A third is what JavaScript costs: the processor time of the process per frame, all its threads but those in which the
 * models run (Linux tells it by thread; the models' are those that take the most); ffmpeg is another process. A fourth,
 * of the whole process less that of the very same runs (as many detections, the same numbers of faces) made bare, one after
 * the other, also counts what busy cores take from a run.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, platform } from 'node:os';
import type { Frame } from '../../src/domain/frame.ts';
import { analyseSource } from '../../src/sessions/index.ts';
import { downscale } from '../../src/vision/image/resize.ts';
import { inTurn, type Result, type Row, type RowOptions, type Spread, spread } from '../harness.ts';
import { type BareModels, bareDecode, openBareModels } from '../parts/baselines.ts';
import { makeClips } from '../parts/clips.ts';
import {
  DEVICE,
  decodeAll,
  INTRA_OP_THREADS,
  MODEL_THREADS,
  openIngest,
  openVision,
  timelinesOf,
} from '../parts/pipeline.ts';
import { compared, limited, recorded } from '../parts/results.ts';

export const row: Row = {
  name: 'analyze',
  measures: 'frames per second of the whole chain, against the slower of decoding and inference alone',
  run,
};

const RATE = 10;
/** Frames' worth of bare runs that are timed at once: as many as a clip has. */
const BARE_FRAMES = 600;
/** Clips until V8 has compiled what they run. */
const WARMING = 6;

async function* run({ quick }: RowOptions) {
  const clips = makeClips(quick ? 20 : 60);
  const bare = [await openBareModels(1), await openBareModels(availableParallelism())];
  for (const [name, path] of [
    ['one face', clips.one],
    ['three faces', clips.three],
  ] as const) {
    const chain = await openChain(clips.dir, path);
    const [frame] = await decodeAll(clips.dir, path, RATE);
    for (let i = 0; i < (quick ? 1 : WARMING); i++) await chain.run();
    const limits = await limitsOf(path, bare, frame!, chain.shape());
    const slower = limits.decoding.fps < limits.inference.fps ? limits.decoding : limits.inference;
    const rounds = await inTurn(chain.run, slower.again, quick ? 1 : 5);
    const { decoding, inference } = limits;
    const note =
      `decoding alone ${decoding.fps.toFixed(0)} frames/s and ${(decoding.cpu * 1000).toFixed(1)} ms of processor time ` +
      `a frame, inference alone ${inference.fps.toFixed(0)} and ${(inference.cpu * 1000).toFixed(1)}; ${chain.spent()}`;
    const head = { row: 'analyze', case: `${name}, 720p, ${DEVICE}`, unit: 'frames/s', note };
    yield compared(head, rounds, slower.name, { atLeast: 0.85 });
    yield recorded(
      { row: 'analyze', case: `${name}, 720p, ${DEVICE}, to the first answer`, unit: 'ms' },
      chain.firsts,
    );
    yield shared(`${name}, 720p, ${DEVICE}, of what the cores can share`, rounds.mien, limits);
    const spent = await besideModels(chain, bare[0]!, frame!, quick ? 1 : 3);
    const beside = (what: string) => ({
      ...{ row: 'analyze', unit: 'ms/frame' },
      case: `${name}, 720p, ${DEVICE}, ${what}`,
    });
    const others = beside("processor time of the threads beside the models'");
    // The limit is asked for one face; every further one is a crop to cut.
    if (spent.others.length > 0)
      yield path === clips.one ? limited(others, spent.others, 1) : recorded(others, spent.others);
    yield recorded(beside('processor time beyond that of the bare runs'), spent.beyond);
    await chain.close();
  }
  clips.remove();
}

/** The processor time of both, spread over the cores without a gap; what mien saves by larger runs, it may exceed it by. */
function shared(name: string, mien: Spread, { decoding, inference }: Limits): Result {
  const bound = availableParallelism() / (decoding.cpu + inference.cpu);
  const over = (value: number) => value / bound;
  const ratio = { ...mien, median: over(mien.median), min: over(mien.min), max: over(mien.max) };
  const against = { name: 'cores / processor time', spread: spread([bound]) };
  return { row: 'analyze', case: name, unit: 'frames/s', mien, against, ratio, target: null };
}

/** Milliseconds per frame, once a round: of the threads in which no model runs, and of the process less those of bare runs. */
async function besideModels(
  { run, shape, runs }: Awaited<ReturnType<typeof openChain>>,
  bare: BareModels,
  frame: Frame,
  rounds: number,
): Promise<{ others: number[]; beyond: number[] }> {
  const used = async (work: () => Promise<unknown>) => {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const spent = { others: [] as number[], beyond: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const [before, { frames, detected, detectedAtHalfSize }, threads] = [runs.length, shape(), threadTimes()];
    const whole = await used(run);
    const models = ofModels(threads, threadTimes());
    const after = shape();
    const half = downscale(frame, 2);
    const alone = await used(async () => {
      for (const faces of runs.slice(before)) await bare.score(faces);
      const since = (now: number, then: number) => Math.round(now * after.frames - then * frames);
      for (let i = 0; i < since(after.detected, detected); i++) await bare.detect(frame);
      for (let i = 0; i < since(after.detectedAtHalfSize, detectedAtHalfSize); i++) await bare.detect(half);
    });
    const count = after.frames - frames;
    if (models !== null) spent.others.push((whole - models) / count);
    spent.beyond.push((whole - alone) / count);
  }
  return spent;
}

/** Milliseconds of processor time of each thread of the process, by its number; null where the system does not tell. */
function threadTimes(): Map<string, number> | null {
  if (platform() !== 'linux') return null;
  const own = '/proc/self/task';
  const of = (thread: string) =>
    Number(readFileSync(`${own}/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  return new Map(readdirSync(own).map((thread) => [thread, of(thread)]));
}

/** What the models' threads took meanwhile: two that run models, with their helpers, took more than any other. */
function ofModels(
  before: ReturnType<typeof threadTimes>,
  after: ReturnType<typeof threadTimes>,
): number | null {
  if (!before || !after) return null;
  const spent = [...after].map(([thread, time]) => time - (before.get(thread) ?? 0)).sort((a, b) => b - a);
  return spent.slice(0, MODEL_THREADS * INTRA_OP_THREADS).reduce((sum, time) => sum + time, 0);
}

async function openChain(dir: string, path: string) {
  let told = 0;
  const runs: number[] = [];
  const vision = await openVision({ metrics: { batchSize: (faces) => void runs.push(faces) } });
  const ingest = openIngest(dir);
  const deps = {
    open: ingest.open,
    openAnalyser: vision.open,
    openTimeline: timelinesOf(vision),
  };
  const options = { frameRate: RATE, signal: new AbortController().signal };
  const firsts: number[] = [];
  return {
    /** Milliseconds from each clip's start to its first answer. */
    firsts,
    /** Faces of every run of the ensemble until now. */
    runs,
    async run() {
      const began = performance.now();
      let first = 0;
      const { moments } = await analyseSource(deps, { type: 'file', path }, options, ({ faces }) => {
        first ||= performance.now() - began;
        told += faces.length;
      });
      firsts.push(first);
      return (moments / (performance.now() - began)) * 1000;
    },
    /** What the models did beside ffmpeg, per frame. */
    spent() {
      const { frames, faces, detectionSeconds, ensembleSeconds } = vision.stats();
      const inside = ((detectionSeconds + ensembleSeconds) * 1000) / frames;
      return `beside each other, ${inside.toFixed(1)} ms in session.run, ${(faces / runs.length).toFixed(1)} faces a run`;
    },
    /** Frames until now; how often the detector was asked, also at half the size, and how many faces were told, per frame. */
    shape() {
      const { frames, detectedFrames, halfSizeDetections } = vision.stats();
      return {
        frames,
        detected: detectedFrames / frames,
        detectedAtHalfSize: halfSizeDetections / frames,
        faces: told / frames,
      };
    },
    async close() {
      await ingest.close();
      await vision.close();
    },
  };
}

/** Per frame: detections, those at half the size, and faces. */
interface Shape {
  detected: number;
  detectedAtHalfSize: number;
  faces: number;
}

type Limits = Awaited<ReturnType<typeof limitsOf>>;

async function limitsOf(path: string, bare: readonly BareModels[], frame: Frame, shape: Shape) {
  const decode = () => bareDecode(path, RATE, Math.min(4, availableParallelism()));
  const decoded = await decode();
  const inferring = [];
  for (const models of bare) {
    const infer = () => inferOnly(models, frame, shape, BARE_FRAMES);
    await infer();
    inferring.push({
      name: 'session.run alone',
      ...(await infer()),
      again: () => infer().then(({ fps }) => fps),
    });
  }
  const fastest = inferring.reduce((best, other) => (other.fps > best.fps ? other : best));
  return {
    decoding: {
      name: 'ffmpeg alone',
      fps: decoded.frames / decoded.seconds,
      cpu: decoded.cpuSeconds / decoded.frames,
      again: () => decode().then(({ frames, seconds }) => frames / seconds),
    },
    /** As fast as it goes alone, and the processor time that it takes when it takes the least. */
    inference: { ...fastest, cpu: Math.min(...inferring.map(({ cpu }) => cpu)) },
  };
}

/** Whether the `i`th frame has one of what comes so often per frame. */
const isDue = (i: number, often: number): boolean => Math.floor((i + 1) * often) > Math.floor(i * often);

/** `count` frames' worth of runs, in the proportions that mien had. */
async function inferOnly(
  bare: BareModels,
  frame: Frame,
  { detected, detectedAtHalfSize, faces }: Shape,
  count: number,
) {
  const half = downscale(frame, 2);
  const began = performance.now();
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    if (isDue(i, detected)) await bare.detect(frame);
    if (isDue(i, detectedAtHalfSize)) await bare.detect(half);
    const due = Math.round((i + 1) * faces) - Math.round(i * faces);
    if (due > 0) await bare.score(due);
  }
  const { user, system } = process.cpuUsage(before);
  return { fps: (count / (performance.now() - began)) * 1000, cpu: (user + system) / 1e6 / count };
}
