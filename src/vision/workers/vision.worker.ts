/** The thread that keeps the tracks and cuts the crops of its streams; the models run in others. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { MienError } from '../../errors.ts';
import { Detector } from '../detection/detector.ts';
import { toldActionUnits } from '../models/model-manifest.ts';
import { Ensemble } from '../scoring/ensemble.ts';
import { DetectionTiming } from '../tracking/detection-timing.ts';
import { Tracker } from '../tracking/tracker.ts';
import { BatchScheduler } from './batch-scheduler.ts';
import { DetectionStagger } from './detection-stagger.ts';
import { measureModels } from './measure-models.ts';
import { connectModelWorkers, type ModelClients } from './model-client.ts';
import { ResultSender } from './result-sender.ts';
import type { Tracking } from './stream-queue.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-protocol.ts';

/** Share of the card's score from which a detection is good enough to keep a known face. */
const LOW_CONFIDENCE_SHARE = 0.5;

const port = parentPort!;
const setup = workerData as WorkerSetup & { ports: MessagePort[] };
start().catch((error: unknown) => {
  const code = error instanceof MienError ? error.code : null;
  send({ type: 'failed', code, message: error instanceof Error ? error.message : String(error) });
});

/** Messages that are sent before the models are open wait in the port. */
async function start(): Promise<void> {
  const models = await connectModelWorkers(setup.ports);
  const modelRate = setup.measure ? await measureModels(models, setup) : undefined;
  const { device, precisions, skipped } = models;
  send({ type: 'ready', device, precisions, skipped, modelRate });
  port.on('message', createReceiver(models));
}

function createReceiver(models: ModelClients): (message: ToWorker) => void {
  const { detector: detectorCard, ensemble: card } = setup.models;
  const minScore = detectorCard.thresholds.score * LOW_CONFIDENCE_SHARE;
  const detector = new Detector(models.detector, detectorCard, minScore);
  const results = new ResultSender(toldActionUnits(card).length, models, detector, send);
  const scheduler = new BatchScheduler({
    detector,
    ensemble: new Ensemble(models.ensemble, card),
    card,
    modelThreads: setup.ports.length,
    maxBatch: setup.maxBatch,
    onRun: (model, count) => results.noteRun(model, count),
    onAdvanced: () => results.send(),
  });
  const turns = new DetectionStagger(setup.detectEvery);
  return (message) => {
    if (message.type === 'open') {
      const turn = message.realtime ? turns.take(message.stream) : null;
      scheduler.open(message.stream, createTracking(message.firstTrackId, turn));
    } else if (message.type === 'close') {
      turns.giveBack(message.stream);
      scheduler.close(message.stream);
    } else if (message.type === 'frame') scheduler.add(message.stream, results.requestOf(message));
    else {
      // With their ports closed the threads end as soon as the runs in hand are done.
      models.close();
      port.close();
    }
  };
}

function createTracking(firstTrackId: number, turn: number | null): Tracking {
  const { models, detectEvery } = setup;
  const { crop, input, thresholds } = models.ensemble;
  const { score: highConfidence, certain = (1 + highConfidence) / 2 } = models.detector.thresholds;
  const tracker = new Tracker({
    template: crop.template.flat().map((fraction) => fraction * input.size),
    cropSize: input.size,
    highConfidence,
    activation: { score: certain, quality: thresholds.quality },
    firstTrackId,
    minFaceQuality: thresholds.face,
  });
  return { tracker, timing: new DetectionTiming(detectEvery, tracker, turn) };
}

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}
