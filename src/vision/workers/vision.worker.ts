/** The thread that keeps the tracks and cuts the crops, of all streams together; the models run in others. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { MienError } from '../../errors.ts';
import { Detector } from '../detection/detector.ts';
import { Ensemble } from '../scoring/ensemble.ts';
import { Tracker } from '../tracking/tracker.ts';
import { Schedule } from './batch-scheduler.ts';
import { connectModels, type RemoteModels } from './model-client.ts';
import type { Job } from './stream-queue.ts';
import {
  type CallResult,
  type FromWorker,
  pack,
  type Spent,
  type ToWorker,
  type WorkerSetup,
} from './worker-protocol.ts';

type FrameMessage = Extract<ToWorker, { type: 'frame' }>;

/** A doubtful detection, good enough to keep a known face, has at least this share of the card's score. */
const DOUBTFUL = 0.5;

const port = parentPort!;
const setup = workerData as WorkerSetup & { ports: MessagePort[] };
start().catch((error: unknown) => {
  const code = error instanceof MienError ? error.code : null;
  send({ type: 'failed', code, message: error instanceof Error ? error.message : String(error) });
});

/** What is sent before the models are open waits in the port. */
async function start(): Promise<void> {
  const remote = await connectModels(setup.ports);
  send({ type: 'ready', device: remote.device, skipped: remote.skipped });
  port.on('message', receiver(remote));
}

function receiver(remote: RemoteModels): (message: ToWorker) => void {
  const { detector, ensemble } = setup.models;
  const finder = new Detector(remote.detector, detector, detector.thresholds.score * DOUBTFUL);
  const answers = openAnswers(remote, finder);
  const schedule = new Schedule({
    detector: finder,
    ensemble: new Ensemble(remote.ensemble, ensemble),
    card: ensemble,
    lanes: setup.ports.length,
    maxBatch: setup.maxBatch,
    onRun: answers.count,
    onAnswers: answers.send,
  });
  return (message) => {
    if (message.type === 'open') schedule.open(message.stream, openTracker(message.firstTrack));
    else if (message.type === 'close') schedule.close(message.stream);
    else if (message.type === 'frame') schedule.add(message.stream, answers.job(message));
    else {
      // With their ports closed the threads end as soon as the runs in hand are done.
      remote.close();
      port.close();
    }
  };
}

/** What is told to the main thread: answers that came together go together. */
function openAnswers({ detector, ensemble }: RemoteModels, finder: Detector) {
  const units = setup.models.ensemble.actionUnits.length;
  let results: CallResult[] = [];
  let spent = nothingSpent();
  const before = { detection: 0, ensemble: 0, halved: 0 };
  return {
    job({ call, pixels, width, height, mediaTime }: FrameMessage): Job {
      return {
        picture: { pixels, width, height },
        mediaTime,
        answer(readings, began) {
          results.push({ call, faces: pack(readings, units) });
          if (began < Infinity) spent.total = Math.max(spent.total, (performance.now() - began) / 1000);
        },
        fail(error) {
          results.push({ call, faces: null, error: String(error) });
        },
      };
    },
    count(model: 'detector' | 'ensemble', count: number) {
      if (model === 'detector') spent.searched += count;
      else spent.batches.push(count);
    },
    send() {
      if (results.length === 0) return;
      const now = { detection: detector.seconds, ensemble: ensemble.seconds, halved: finder.halved };
      spent.frames = results.length;
      spent.detection = now.detection - before.detection;
      spent.ensemble = now.ensemble - before.ensemble;
      spent.halved = now.halved - before.halved;
      Object.assign(before, now);
      const buffers = results.flatMap(({ faces }) => (faces ? [faces.buffer as ArrayBuffer] : []));
      port.postMessage({ type: 'done', results, spent } satisfies FromWorker, buffers);
      results = [];
      spent = nothingSpent();
    },
  };
}

function openTracker(firstTrack: number): Tracker {
  const { models, detectEvery } = setup;
  const { crop, input, thresholds } = models.ensemble;
  const template = crop.template.flat().map((fraction) => fraction * input.size);
  const { score: sure, certain: score = (1 + sure) / 2 } = models.detector.thresholds;
  const certain = { score, quality: thresholds.quality };
  const { face } = thresholds;
  return new Tracker({ template, cropSize: input.size, sure, certain, detectEvery, firstTrack, face });
}

function nothingSpent(): Spent {
  return { frames: 0, batches: [], searched: 0, halved: 0, detection: 0, ensemble: 0, total: 0 };
}

function send(message: FromWorker): void {
  port.postMessage(message);
}
