/**
 * Frames per second of the whole chain as `mien analyze` runs it (probe, decode, detect, track, ensemble, timeline)
 * over a 720p clip, at 10 frames scored per second of video. Against the slower of its two limits, each alone on the
 * same cores: ffmpeg into nothing, and `session.run` frame by frame, of the detector as often as mien searched and of
 * the ensemble on the faces that it told, with one thread or all, whichever is faster. (mien runs the faces of several
 * frames together where they wait, which costs less than one frame a run; the note says how many.) A second case
 * holds the same frames per second against what the processor time of both limits together allows on the cores.
 * A third is what JavaScript costs: the processor time of the process, all its threads, per frame, less that of the
 * very same runs (as many searches, the same numbers of faces) made bare, one after the other; ffmpeg is another process.
 * (So what two busy cores cost each other counts too.)
 */
import { availableParallelism } from 'node:os';
import type { Frame } from '../../src/domain/frame.ts';
import { analyseSource } from '../../src/streams/index.ts';
import { inTurn, type Result, type Row, type RowOptions, type Spread, spread } from '../harness.ts';
import { type BareModels, bareDecode, openBareModels } from '../parts/bare.ts';
import { makeClips } from '../parts/clips.ts';
import { compared, limited, recorded } from '../parts/results.ts';
import { DEVICE, decodeAll, openIngest, openVision, timelinesOf } from '../parts/rooms.ts';

export const row: Row = {
  name: 'analyze',
  measures: 'frames per second of the whole chain, against the slower of decoding and inference alone',
  run,
};

const RATE = 10;

async function* run({ quick }: RowOptions) {
  const clips = makeClips(quick ? 20 : 60);
  const bare = [await openBareModels(1), await openBareModels(availableParallelism())];
  for (const [name, path] of [
    ['one face', clips.one],
    ['three faces', clips.three],
  ] as const) {
    const chain = await openChain(clips.dir, path);
    const [frame] = await decodeAll(clips.dir, path, RATE);
    await chain.run();
    const limits = await limitsOf(path, bare, frame!, chain.shape());
    const slower = limits.decoding.fps < limits.inference.fps ? limits.decoding : limits.inference;
    const rounds = await inTurn(chain.run, slower.again, quick ? 1 : 3);
    const { decoding, inference } = limits;
    const note =
      `decoding alone ${decoding.fps.toFixed(0)} frames/s and ${(decoding.cpu * 1000).toFixed(1)} ms of processor time ` +
      `a frame, inference alone ${inference.fps.toFixed(0)} and ${(inference.cpu * 1000).toFixed(1)}; ${chain.spent()}`;
    const head = { row: 'analyze', case: `${name}, 720p, ${DEVICE}`, unit: 'frames/s', note };
    yield compared(head, rounds, slower.name, { atLeast: 0.85 });
    yield shared(`${name}, 720p, ${DEVICE}, of what the cores can share`, rounds.mien, limits);
    const beside = {
      ...{ row: 'analyze', unit: 'ms/frame' },
      case: `${name}, 720p, ${DEVICE}, processor time beside the models`,
    };
    const spent = await besideModels(chain, bare[0]!, frame!, quick ? 1 : 3);
    // The limit is asked for one face; every further one is a crop to cut.
    yield path === clips.one ? limited(beside, spent, 1) : recorded(beside, spent);
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

/** Milliseconds per frame of the process, less those of the same runs with nothing around them; once a round. */
async function besideModels(
  { run, shape, runs }: Awaited<ReturnType<typeof openChain>>,
  bare: BareModels,
  frame: Frame,
  rounds: number,
): Promise<number[]> {
  const used = async (work: () => Promise<unknown>) => {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const values = [];
  for (let round = 0; round < rounds; round++) {
    const [before, { frames, searched }] = [runs.length, shape()];
    const whole = await used(run);
    const after = shape();
    const models = await used(async () => {
      for (const faces of runs.slice(before)) await bare.score(faces);
      const searches = Math.round(after.searched * after.frames - searched * frames);
      for (let i = 0; i < searches; i++) await bare.detect(frame);
    });
    values.push((whole - models) / (after.frames - frames));
  }
  return values;
}

async function openChain(dir: string, path: string) {
  let told = 0;
  const runs: number[] = [];
  const vision = await openVision({ metrics: { batchSize: (faces) => void runs.push(faces) } });
  const ingest = openIngest(dir);
  const deps = {
    probe: ingest.probe,
    decode: ingest.decode,
    openAnalyser: vision.open,
    openTimeline: timelinesOf(vision),
  };
  const options = { frameRate: RATE, signal: new AbortController().signal };
  return {
    /** Faces of every run of the ensemble until now. */
    runs,
    async run() {
      const began = performance.now();
      const { moments } = await analyseSource(deps, { type: 'file', path }, options, ({ faces }) => {
        told += faces.length;
      });
      return (moments / (performance.now() - began)) * 1000;
    },
    /** What the models did beside ffmpeg, per frame. */
    spent() {
      const { frames, faces, detectionSeconds, ensembleSeconds } = vision.stats();
      const inside = ((detectionSeconds + ensembleSeconds) * 1000) / frames;
      return `beside each other, ${inside.toFixed(1)} ms in session.run, ${(faces / runs.length).toFixed(1)} faces a run`;
    },
    /** Frames until now; how often the detector was asked, and how many faces were told, per frame. */
    shape() {
      const { frames, searched } = vision.stats();
      return { frames, searched: searched / frames, faces: told / frames };
    },
    async close() {
      await ingest.close();
      await vision.close();
    },
  };
}

type Limits = Awaited<ReturnType<typeof limitsOf>>;

async function limitsOf(
  path: string,
  bare: readonly BareModels[],
  frame: Frame,
  shape: { searched: number; faces: number },
) {
  const decode = () => bareDecode(path, RATE, Math.min(4, availableParallelism()));
  const decoded = await decode();
  const inferring = [];
  for (const models of bare) {
    const infer = () => inferOnly(models, frame, shape, 100);
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

/** `count` frames' worth of runs, in the proportions that mien had. */
async function inferOnly(
  bare: BareModels,
  frame: Frame,
  { searched, faces }: { searched: number; faces: number },
  count: number,
) {
  const began = performance.now();
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    if (Math.floor((i + 1) * searched) > Math.floor(i * searched)) await bare.detect(frame);
    const due = Math.round((i + 1) * faces) - Math.round(i * faces);
    if (due > 0) await bare.score(due);
  }
  const { user, system } = process.cpuUsage(before);
  return { fps: (count / (performance.now() - began)) * 1000, cpu: (user + system) / 1e6 / count };
}
