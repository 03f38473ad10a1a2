/** A vision worker and its replacements, seen from the main thread: frames in, readings out. */
import type { Worker } from 'node:worker_threads';
import type { RawReading } from '../../domain/face.ts';
import type { Frame } from '../../domain/frame.ts';
import { MienError } from '../../errors.ts';
import { createBackoff } from '../../threads/backoff.ts';
import { PendingRequests } from '../../threads/pending-requests.ts';
import { HangWatchdog } from './hang-watchdog.ts';
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
  readonly #hungAfter: number;
  readonly #watchdog: HangWatchdog;
  #setup: WorkerSetup;
  /** The next track number of each open stream. */
  readonly #nextTrackIds = new Map<number, number>();
  readonly #frames = new PendingRequests<RawReading[], number>();
  readonly #backoff = createBackoff(RESTART_PAUSES);
  #threads: WorkerThreads | null = null;
  #modelsAreOpen = false;
  /** Frames that wait for a replacement. */
  #held: FrameMessage[] = [];
  #restart: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param hungAfter milliseconds after which a worker that has frames and answers none is replaced */
  constructor(setup: WorkerSetup, hungAfter: number, events: WorkerEvents) {
    this.#hungAfter = hungAfter;
    this.#watchdog = new HangWatchdog(hungAfter, () => this.#giveUp());
    this.#setup = setup;
    this.#events = events;
  }

  /** Number of open streams. */
  get streams(): number {
    return this.#nextTrackIds.size;
  }

  /** Frames that wait or are being scored. */
  get queueDepth(): number {
    return this.#frames.size;
  }

  /** Starts the first worker. Rejects with what kept its models from opening. */
  start(): Promise<ReadyMessage> {
    return new Promise((resolve, reject) => this.#spawn(resolve, reject));
  }

  open(stream: number): void {
    this.#nextTrackIds.set(stream, 1);
    this.#worker?.postMessage({ type: 'open', stream, firstTrackId: 1 } satisfies ToWorker);
  }

  /** Forgets a stream once its frames are answered. */
  async close(stream: number): Promise<void> {
    await this.#frames.settled((other) => other === stream);
    if (!this.#nextTrackIds.delete(stream)) return;
    this.#worker?.postMessage({ type: 'close', stream } satisfies ToWorker);
  }

  analyse(stream: number, frame: Frame): Promise<RawReading[]> {
    if (this.#closed || !this.#nextTrackIds.has(stream)) {
      return Promise.reject(new WorkerLost('This analyser is closed.'));
    }
    const { id, answer } = this.#frames.open(stream);
    const { width, height, mediaTime } = frame;
    const pixels = transferablePixels(frame.pixels);
    const message: FrameMessage = { type: 'frame', stream, id, pixels, width, height, mediaTime };
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
  }

  /** Tells a new worker of the streams that are open, and of the frames that waited for it. */
  #reopen(worker: Worker): void {
    for (const [stream, firstTrackId] of this.#nextTrackIds)
      worker.postMessage({ type: 'open', stream, firstTrackId } satisfies ToWorker);
    for (const message of this.#held.splice(0)) this.#send(worker, message);
  }

  #send(worker: Worker, message: FrameMessage): void {
    worker.postMessage(message, transferListOf(message.pixels));
    if (!this.#watchdog.isRunning) this.#resetWatchdog();
  }

  /** To open its models may take a worker any time; from then on it is expected to answer the frames that it has. */
  #resetWatchdog(): void {
    this.#watchdog.reset(this.#threads !== null && this.#modelsAreOpen && this.#frames.size > 0);
  }

  #giveUp(): void {
    const hung = this.#threads;
    if (!hung) return;
    abandonWorkerThreads(hung);
    this.#replace(hung.worker, `it gave no answer for ${this.#hungAfter / 1000} s`);
  }

  /** Replacements take the device that was found, instead of looking for one again. */
  #takeUp(message: ReadyMessage, onReady: (message: ReadyMessage) => void): void {
    this.#setup = { ...this.#setup, device: message.device };
    this.#modelsAreOpen = true;
    this.#resetWatchdog();
    onReady(message);
  }

  #settle({ results, work }: ResultsMessage): void {
    this.#backoff.reset();
    const { actionUnits } = this.#setup.models.ensemble;
    for (const { id, faces, error } of results) {
      if (!faces) this.#frames.reject(id, new Error(`A frame could not be scored: ${error}`));
      else {
        const readings = unpackReadings(faces, actionUnits.length);
        const stream = this.#frames.resolve(id, readings);
        if (stream !== undefined) this.#noteTrackIds(stream, readings);
      }
    }
    this.#resetWatchdog();
    this.#events.onWork(work);
    this.#events.onQueueDepth();
  }

  /** Remembers the greatest track number, so that a replacement goes on after it. */
  #noteTrackIds(stream: number, readings: readonly RawReading[]): void {
    const next = this.#nextTrackIds.get(stream);
    const used = readings.map(({ track }) => track + 1);
    if (next !== undefined) this.#nextTrackIds.set(stream, Math.max(next, ...used));
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
