/** The same device through mien: crops cut, tracks carried on, answers told; by one worker and by several; and whole clips. */
import type { Frame } from '../../src/domain/frame.ts';
import { AnalyzePipeline } from '../parts/analyze-pipeline.ts';
import { type Clips, makeClips } from '../parts/clips.ts';
import { copyOf, decodeAll, openVision } from '../parts/pipeline.ts';
import type { Measured, PartOptions } from './part.ts';

const STREAMS = [1, 16, 64, 256];
const WORKERS = [1, 2, 3, 4];
/** Streams that all workers share. */
const SHARED = 64;

interface Feed {
  streams: number;
  workers: number;
  detectEvery: number;
  seconds: number;
}

/** Faces a second with as many streams as faces in a run, searched for seldom; and pictures a second, each searched. */
export async function* throughVision({ seconds, quick }: PartOptions): AsyncGenerator<Measured> {
  const frame = await oneFace();
  const counts = quick ? STREAMS.slice(0, 2) : STREAMS;
  const each = seconds / (counts.length + 1);
  for (const streams of counts) {
    const fed = await feed(frame, { streams, workers: 1, detectEvery: 1e5, seconds: each });
    yield { part: 'faces, vision', streams, ...fed };
  }
  const searched = await feed(frame, { streams: 16, workers: 1, detectEvery: 1, seconds: each });
  yield { part: 'pictures, vision', streams: 16, ...searched };
}

/** How many workers, each a thread of JavaScript with a session of its own, it takes until the device is the limit. */
export async function* fedByWorkers({ seconds, quick }: PartOptions): AsyncGenerator<Measured> {
  const frame = await oneFace();
  const counts = quick ? WORKERS.slice(0, 2) : WORKERS;
  for (const workers of counts) {
    const streams = quick ? 4 : SHARED;
    const fed = await feed(frame, { streams, workers, detectEvery: 5, seconds: seconds / counts.length });
    yield { part: 'workers', workers, streams, ...fed };
  }
}

/** Clips as `mien analyze` reads them, from the file to the last reading. */
export async function* analyzed({ quick }: PartOptions): AsyncGenerator<Measured> {
  const clips = makeClips(quick ? 5 : 60);
  for (const name of ['one', 'three'] as const) {
    const pipeline = await AnalyzePipeline.open(clips.dir, clips[name], 10);
    await pipeline.run();
    const perSecond = Math.round(await pipeline.run());
    yield { part: 'analyze, 720p', faces: name, perSecond, beside: pipeline.describeInference() };
    await pipeline.close();
    if (quick) break;
  }
  clips.remove();
}

async function oneFace(): Promise<Frame> {
  const clips: Clips = makeClips(1);
  const [frame] = await decodeAll(clips.dir, clips.one, 10);
  clips.remove();
  return frame!;
}

/** The same frame for every stream, two in flight each as recordings have them, until the time is over. */
async function feed(frame: Frame, { streams, workers, detectEvery, seconds }: Feed) {
  const vision = await openVision({ workers, detectEvery, maxBatch: Math.max(32, streams) });
  const analysers = Array.from({ length: streams }, (_, i) => vision.open(String(i)));
  let time = 0;
  // A tenth of a second from one frame of a stream to its next; where none is to be searched, time hardly moves.
  const step = detectEvery < 1000 ? 0.1 / streams : 1e-6;
  const next = (analyser: (typeof analysers)[number]) => {
    time += step;
    return analyser.analyse(copyOf(frame, time));
  };
  // The first run of a size takes longer.
  for (let i = 0; i < 3; i++) await Promise.all(analysers.map(next));
  const before = vision.stats();
  const began = performance.now();
  const drive = async (analyser: (typeof analysers)[number]) => {
    let last = next(analyser);
    do {
      const following = next(analyser);
      await last;
      last = following;
    } while (performance.now() - began < seconds * 1000);
    await last;
  };
  const cpu = process.cpuUsage();
  await Promise.all(analysers.map(drive));
  const took = (performance.now() - began) / 1000;
  const after = vision.stats();
  const { user, system } = process.cpuUsage(cpu);
  await vision.close();
  const perSecond = (now: number, then: number) => Math.round((now - then) / took);
  return {
    facesPerSecond: perSecond(after.faces, before.faces),
    picturesPerSecond: perSecond(after.detectedFrames, before.detectedFrames),
    framesPerSecond: perSecond(after.frames, before.frames),
    cores: Math.round((user + system) / took / 1e4) / 100,
  };
}
