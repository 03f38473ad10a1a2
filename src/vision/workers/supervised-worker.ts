/** A vision worker and its replacements, seen from the main thread: frames in, readings out. */
import type { Worker } from 'node:worker_threads';
import type { FrameReadings, RawReading } from '../../domain/face.ts';
import type { Frame } from '../../domain/frame.ts';
import { MienError } from '../../errors.ts';
import { createBackoff } from '../../threads/backoff.ts';
import { PendingRequests } from '../../threads/pending-requests.ts';
import { toldActionUnits } from '../models/model-manifest.ts';
import { type Expectation, HangWatchdog } from './hang-watchdog.ts';
import { unpackReadings } from './pack-readings.ts';
import {
  abandonWorkerThreads,
  onWorkerExit,
  startWorkerThreads,
  stopWorkerThreads,
  type WorkerThreads,
} from './spawn-worker.ts';
import { transferablePixels, transferListOf } from './transferable-pixels.ts';
import { WorkerLost } from './worker-lost.ts';
import type {
  FrameMessage,
  FromWorker,
  OpenMessage,
  ReadyMessage,
  ResultsMessage,
  ToWorker,
  WorkerSetup,
  WorkReport,
} from './worker-protocol.ts';

export interface WorkerEvents {
  onWork(work: WorkReport): void;
  onDeath(reason: string): void;
  /** The number of frames that wait or are being scored has changed. */
  onQueueDepth(): void;
}

/** Milliseconds before a dead worker is replaced; doubled with every death until one has answered a frame. */
const RESTART_PAUSES = { shortest: 100, longest: 5000 };

export class SupervisedWorker {
  readonly #events: WorkerEvents;
  readonly #watchdog: HangWatchdog;
  #setup: WorkerSetup;
  /** The open streams, as a replacement is told of them. */
  readonly #streams = new Map<number, OpenMessage>();
  readonly #frames = new PendingRequests<FrameReadings, number>();
  readonly #backoff = createBackoff(RESTART_PAUSES);
  #threads: WorkerThreads | null = null;
  #modelsAreOpen = false;
  /** Whether the models have ever been open: whoever is started from then on is a replacement. */
  #hasStarted = false;
  /** Frames that wait for a replacement. */
  #held: FrameMessage[] = [];
  #restart: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param hungAfter milliseconds after which a worker that has frames and answers none is replaced */
  constructor(setup: WorkerSetup, hungAfter: number, events: WorkerEvents) {
    this.#watchdog = new HangWatchdog(hungAfter, (reason) => this.#giveUp(reason));
    this.#setup = setup;
    this.#events = events;
  }

  /** Number of open streams. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Frames that wait or are being scored. */
  get queueDepth(): number {
    return this.#frames.size;
  }

  /** Starts the first worker. Rejects with what kept its models from opening. */
  start(): Promise<ReadyMessage> {
    return new Promise((resolve, reject) => this.#spawn(resolve, reject));
  }

  open(stream: number, realtime: boolean): void {
    const message: OpenMessage = { type: 'open', stream, firstTrackId: 1, realtime };
    this.#streams.set(stream, message);
    this.#worker?.postMessage(message);
  }

  /** Forgets a stream once its frames are answered. */
  async close(stream: number): Promise<void> {
    await this.#frames.settled((other) => other === stream);
    if (!this.#streams.delete(stream)) return;
    this.#worker?.postMessage({ type: 'close', stream } satisfies ToWorker);
  }

  analyse(stream: number, frame: Frame): Promise<FrameReadings> {
    if (this.#closed || !this.#streams.has(stream)) {
      return Promise.reject(new WorkerLost('This analyser is closed.'));
    }
    const { id, answer } = this.#frames.open(stream);
    const { width, height, mediaTime, timed = false } = frame;
    const pixels = transferablePixels(frame.pixels);
    const message: FrameMessage = { type: 'frame', stream, id, pixels, width, height, mediaTime, timed };
    if (this.#worker) this.#send(this.#worker, message);
    else this.#held.push(message);
    this.#events.onQueueDepth();
    return answer;
  }

  async stop(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    const threads = this.#threads;
    this.#threads = null;
    this.#loseFrames('The vision workers were shut down.');
    if (threads) await stopWorkerThreads(threads);
  }

  get #worker(): Worker | null {
    return this.#threads?.worker ?? null;
  }

  #spawn(onReady: (message: ReadyMessage) => void, onFailed: (error: Error) => void): void {
    const threads = startWorkerThreads(this.#setup);
    const { worker } = threads;
    this.#threads = threads;
    this.#modelsAreOpen = false;
    let failure: string | null = null;
    worker.on('message', (message: FromWorker) => {
      if (this.#worker !== worker) return; // it was given up
      if (message.type === 'ready') this.#takeUp(message, onReady);
      else if (message.type === 'results') this.#settle(message);
      else {
        failure = message.message;
        onFailed(message.code ? new MienError(message.code, failure) : new Error(failure));
      }
    });
    onWorkerExit(threads, (error) => {
      const reason = failure ?? error ?? 'it ended by itself';
      onFailed(new Error(`A vision worker did not start: ${reason}`));
      this.#replace(worker, reason);
    });
    this.#reopen(worker);
    this.#resetWatchdog();
  }

  /** Tells a new worker of the streams that are open, and of the frames that waited for it. */
  #reopen(worker: Worker): void {
    for (const open of this.#streams.values()) worker.postMessage(open);
    for (const message of this.#held.splice(0)) this.#send(worker, message);
  }

  #send(worker: Worker, message: FrameMessage): void {
    worker.postMessage(message, transferListOf(message.pixels));
    if (!this.#watchdog.isRunning) this.#resetWatchdog();
  }

  #resetWatchdog(): void {
    this.#watchdog.reset(this.#expected());
  }

  /** The first start may take any time: whoever asked for it is waiting. Nobody waits for that of a replacement. */
  #expected(): Expectation | null {
    if (!this.#threads) return null;
    if (!this.#modelsAreOpen) return this.#hasStarted ? 'models' : null;
    return this.#frames.size > 0 ? 'answer' : null;
  }

  #giveUp(reason: string): void {
    const hung = this.#threads;
    if (!hung) return;
    abandonWorkerThreads(hung);
    this.#replace(hung.worker, reason);
  }

  /** Replacements take the device that was found, instead of looking for one again. */
  #takeUp(message: ReadyMessage, onReady: (message: ReadyMessage) => void): void {
    this.#setup = { ...this.#setup, device: message.device, measure: false };
    this.#modelsAreOpen = true;
    this.#hasStarted = true;
    this.#resetWatchdog();
    onReady(message);
  }

  #settle({ results, work }: ResultsMessage): void {
    this.#backoff.reset();
    for (const { id, faces, cut, times, error } of results) {
      if (!faces) this.#frames.reject(id, new Error(`A frame could not be scored: ${error}`));
      else {
        const readings = unpackReadings(faces, toldActionUnits(this.#setup.models.ensemble).length);
        const stream = this.#frames.resolve(id, { faces: readings, cut, times });
        if (stream !== undefined) this.#noteTrackIds(stream, readings);
      }
    }
    this.#resetWatchdog();
    this.#events.onWork(work);
    this.#events.onQueueDepth();
  }

  /** Remembers the greatest track number, so that a replacement goes on after it. */
  #noteTrackIds(stream: number, readings: readonly RawReading[]): void {
    const open = this.#streams.get(stream);
    const used = readings.map(({ track }) => track + 1);
    if (open) open.firstTrackId = Math.max(open.firstTrackId, ...used);
  }

  #replace(dead: Worker, reason: string): void {
    if (this.#closed || this.#worker !== dead) return;
    this.#threads = null;
    this.#loseFrames(`The vision worker died (${reason}) and is being replaced.`);
    this.#events.onDeath(reason);
    this.#restart = setTimeout(() => this.#spawn(ignore, ignore), this.#backoff.next());
  }

  #loseFrames(message: string): void {
    this.#held = [];
    this.#frames.rejectAll(() => new WorkerLost(message));
    this.#resetWatchdog();
    this.#events.onQueueDepth();
  }
}

function ignore(): void {}
