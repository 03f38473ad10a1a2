/** The thread in which models run. It takes what is pending, one frame a stream, and scores it together. */
import { parentPort, workerData } from 'node:worker_threads';
import { MienError } from '../errors.ts';
import { analyse, type Pipeline } from './analyse.ts';
import { Detector } from './detect.ts';
import { Ensemble } from './ensemble.ts';
import { openModels } from './open.ts';
import {
  type CallResult,
  type FromWorker,
  pack,
  type Spent,
  type ToWorker,
  type WorkerSetup,
} from './protocol.ts';
import type { ModelSession } from './session.ts';
import { Tracker } from './track.ts';

type FrameMessage = Extract<ToWorker, { type: 'frame' }>;

/** A doubtful detection, good enough to keep a known face, has at least this share of the card's score. */
const DOUBTFUL = 0.5;

const port = parentPort!;
const setup = workerData as WorkerSetup;
const streams = new Map<number, { tracker: Tracker; pending: FrameMessage[] }>();
let spent = nothingSpent(0);
let pipeline: Pipeline | null = null;
let running = false;

port.on('message', receive);
start().catch((error: unknown) => {
  const code = error instanceof MienError ? error.code : null;
  send({ type: 'failed', code, message: error instanceof Error ? error.message : String(error) });
  port.close();
});

async function start(): Promise<void> {
  const { models, device, threads, maxBatch } = setup;
  const opened = await openModels(models, device, threads);
  const detector = timed(opened.detector, (seconds, pictures) => {
    spent.detection += seconds;
    spent.searched += pictures;
  });
  const ensemble = timed(opened.ensemble, (seconds, faces) => {
    spent.ensemble += seconds;
    spent.batches.push(faces);
  });
  pipeline = {
    detector: new Detector(detector, models.detector, models.detector.thresholds.score * DOUBTFUL),
    ensemble: new Ensemble(ensemble, models.ensemble, maxBatch),
    card: models.ensemble,
  };
  send({ type: 'ready', device: opened.device, skipped: opened.skipped });
  void work();
}

function receive(message: ToWorker): void {
  if (message.type === 'open') {
    streams.set(message.stream, { tracker: openTracker(message.firstTrack), pending: [] });
  } else if (message.type === 'close') {
    streams.delete(message.stream);
  } else if (message.type === 'stop') {
    streams.clear();
    // With its port closed the thread ends as soon as the run in hand is done.
    port.close();
  } else {
    streams.get(message.stream)?.pending.push(message);
    void work();
  }
}

/** Scores until nothing is pending. Messages come in between runs, so the next batch holds what has arrived. */
async function work(): Promise<void> {
  if (running || !pipeline) return;
  running = true;
  for (let batch = gather(); batch.length > 0; batch = gather()) {
    const began = performance.now();
    spent = nothingSpent(batch.length);
    const results = await scoreAll(pipeline, batch);
    spent.total = (performance.now() - began) / 1000;
    const buffers = results.flatMap(({ faces }) => (faces ? [faces.buffer as ArrayBuffer] : []));
    port.postMessage({ type: 'done', results, spent } satisfies FromWorker, buffers);
    // Lets waiting messages in: without it, two streams would be scored in turns instead of together.
    await new Promise(setImmediate);
  }
  running = false;
}

function gather(): FrameMessage[] {
  return [...streams.values()].flatMap(({ pending }) => pending.splice(0, 1));
}

/** One bad frame fails alone: when a batch fails, its frames are tried one by one. */
async function scoreAll(pipeline: Pipeline, batch: FrameMessage[]): Promise<CallResult[]> {
  try {
    return await score(pipeline, batch);
  } catch (error) {
    if (batch.length === 1) return [{ call: batch[0]!.call, faces: null, error: String(error) }];
    const results: CallResult[] = [];
    for (const message of batch) results.push(...(await scoreAll(pipeline, [message])));
    return results;
  }
}

async function score(pipeline: Pipeline, batch: FrameMessage[]): Promise<CallResult[]> {
  const jobs = batch.map(({ stream, pixels, width, height, mediaTime }) => ({
    tracker: streams.get(stream)!.tracker,
    picture: { pixels, width, height },
    mediaTime,
  }));
  const readings = await analyse(pipeline, jobs);
  const units = pipeline.card.actionUnits.length;
  return batch.map(({ call }, i) => ({ call, faces: pack(readings[i]!, units) }));
}

function openTracker(firstTrack: number): Tracker {
  const { models, detectEvery } = setup;
  const { crop, input, thresholds } = models.ensemble;
  const template = crop.template.flat().map((fraction) => fraction * input.size);
  const sure = models.detector.thresholds.score;
  const { face } = thresholds;
  return new Tracker({ template, cropSize: input.size, sure, detectEvery, firstTrack, face });
}

function timed(session: ModelSession, report: (seconds: number, count: number) => void): ModelSession {
  return {
    async run(pixels) {
      const began = performance.now();
      const answers = await session.run(pixels);
      report((performance.now() - began) / 1000, pixels.dims[0]);
      return answers;
    },
    close: () => session.close(),
  };
}

function nothingSpent(frames: number): Spent {
  return { frames, batches: [], searched: 0, detection: 0, ensemble: 0, total: 0 };
}

function send(message: FromWorker): void {
  port.postMessage(message);
}
