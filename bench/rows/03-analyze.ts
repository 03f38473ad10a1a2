/**
 * Frames per second of the whole chain as `mien analyze` runs it (probe, decode, detect, track, ensemble, timeline) over
 * a 720p clip of a minute, at 10 frames scored per second of video. V8 compiles for some clips; they do not count.
 * Against the slower of its two limits, each alone on the same cores: ffmpeg into nothing, and `session.run` frame by
 * frame, of the detector as often as mien searched (at half the size too) and of the ensemble on the faces that it told,
 * with one thread or all, whichever is faster. (mien runs the faces of several frames together, which costs less than one
 * frame a run; the note says how many.) The time from the start of a clip to its first answer, which is within the first
 * figure, is told beside it. A second case holds the same frames per second against what the processor time of both limits
 * together allows on the cores.
 * A third is what JavaScript costs: the processor time of the process per frame, all its threads but those in which the
 * models run (Linux tells it by thread; the models' are those that take the most); ffmpeg is another process. A fourth,
 * of the whole process less that of the very same runs (as many searches, the same numbers of faces) made bare, one after
 * the other, also counts what busy cores take from a run.
 */
import { availableParallelism } from 'node:os';
import type { Frame } from '../../src/domain/frame.ts';
import { downscale } from '../../src/vision/image/resize.ts';
import { inTurn, type Result, type Row, type RowOptions, type Spread, spread } from '../harness.ts';
import { type Limits, limitsOf } from '../parts/analyze-limits.ts';
import { AnalyzePipeline } from '../parts/analyze-pipeline.ts';
import { type BareModels, openBareModels } from '../parts/baselines.ts';
import { makeClips } from '../parts/clips.ts';
import { DEVICE, decodeAll } from '../parts/pipeline.ts';
import { compared, limited, recorded } from '../parts/results.ts';
import { threadTimes, timeOfModels } from '../parts/thread-times.ts';

export const row: Row = {
  name: 'analyze',
  measures: 'frames per second of the whole chain, against the slower of decoding and inference alone',
  run,
};

const RATE = 10;
/** Clips until V8 has compiled what they run. */
const WARM_UP_CLIPS = 6;

async function* run({ quick }: RowOptions) {
  const clips = makeClips(quick ? 20 : 60);
  const bare = [await openBareModels(1), await openBareModels(availableParallelism())];
  for (const [name, path] of [
    ['one face', clips.one],
    ['three faces', clips.three],
  ] as const) {
    const pipeline = await AnalyzePipeline.open(clips.dir, path, RATE);
    const [frame] = await decodeAll(clips.dir, path, RATE);
    for (let i = 0; i < (quick ? 1 : WARM_UP_CLIPS); i++) await pipeline.run();
    const limits = await limitsOf(path, RATE, bare, frame!, pipeline.workload());
    const slower = limits.decoding.fps < limits.inference.fps ? limits.decoding : limits.inference;
    const rounds = await inTurn(() => pipeline.run(), slower.again, quick ? 1 : 5);
    const { decoding, inference } = limits;
    const note =
      `decoding alone ${decoding.fps.toFixed(0)} frames/s and ${(decoding.cpu * 1000).toFixed(1)} ms of processor time ` +
      `a frame, inference alone ${inference.fps.toFixed(0)} and ${(inference.cpu * 1000).toFixed(1)}; ${pipeline.describeInference()}`;
    const head = { row: 'analyze', case: `${name}, 720p, ${DEVICE}`, unit: 'frames/s', note };
    yield compared(head, rounds, slower.name, { atLeast: 0.85 });
    yield recorded(
      { row: 'analyze', case: `${name}, 720p, ${DEVICE}, to the first answer`, unit: 'ms' },
      pipeline.firstAnswers,
    );
    yield shared(`${name}, 720p, ${DEVICE}, of what the cores can share`, rounds.mien, limits);
    const spent = await besideModels(pipeline, bare[0]!, frame!, quick ? 1 : 3);
    const beside = (what: string) => ({
      ...{ row: 'analyze', unit: 'ms/frame' },
      case: `${name}, 720p, ${DEVICE}, ${what}`,
    });
    const others = beside("processor time of the threads beside the models'");
    // The limit is asked for one face; every further one is a crop to cut.
    if (spent.others.length > 0)
      yield path === clips.one ? limited(others, spent.others, 1) : recorded(others, spent.others);
    yield recorded(beside('processor time beyond that of the bare runs'), spent.beyond);
    await pipeline.close();
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
  pipeline: AnalyzePipeline,
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
    const { batches } = pipeline;
    const [before, { frames, detections, halfSizeDetections }, threads] = [
      batches.length,
      pipeline.workload(),
      threadTimes(),
    ];
    const whole = await used(() => pipeline.run());
    const models = timeOfModels(threads, threadTimes());
    const after = pipeline.workload();
    const half = downscale(frame, 2);
    const alone = await used(async () => {
      for (const faces of batches.slice(before)) await bare.score(faces);
      const since = (now: number, then: number) => Math.round(now * after.frames - then * frames);
      for (let i = 0; i < since(after.detections, detections); i++) await bare.detect(frame);
      for (let i = 0; i < since(after.halfSizeDetections, halfSizeDetections); i++) await bare.detect(half);
    });
    const count = after.frames - frames;
    if (models !== null) spent.others.push((whole - models) / count);
    spent.beyond.push((whole - alone) / count);
  }
  return spent;
}
