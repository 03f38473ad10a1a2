/** One vision worker and its replacements, seen from the main thread: calls in, readings out. */
import type { Worker } from 'node:worker_threads';
import type { RawReading } from '../../domain/face.ts';
import type { Frame } from '../../domain/frame.ts';
import { MienError } from '../../errors.ts';
import type { Device } from '../runtime/inference-session.ts';
import { Calls } from './pending-requests.ts';
import {
  abandonThreads,
  endThreads,
  memoryOf,
  ownPixels,
  startThreads,
  type Threads,
} from './spawn-worker.ts';
import type { FromWorker, Spent, ToWorker, WorkerSetup } from './worker-protocol.ts';
import { unpack } from './worker-protocol.ts';

/** The worker died with this frame in its hands. The frame is lost; the next call meets the worker's replacement. */
export class WorkerLost extends Error {
  override readonly name = 'WorkerLost';
}

export interface SlotEvents {
  spent(spent: Spent): void;
  died(reason: string): void;
}

type FrameMessage = Extract<ToWorker, { type: 'frame' }>;

export interface Ready {
  device: Device;
  skipped: string[];
}

/** Milliseconds before a dead worker is replaced; doubled with every death until one has scored a frame. */
const BACKOFF = 100;
const BACKOFF_MOST = 5000;

export class Slot {
  readonly #events: SlotEvents;
  #setup: WorkerSetup;
  /** The next track number of each open stream. */
  readonly #streams = new Map<number, number>();
  readonly #calls = new Calls();
  readonly #hungAfter: number;
  #threads: Threads | null = null;
  /** Whether its models are open. */
  #up = false;
  /** Frames that wait for a replacement. */
  #held: FrameMessage[] = [];
  #deaths = 0;
  #restart: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param hungAfter milliseconds after which a worker that has frames and answers none is replaced */
  constructor(setup: WorkerSetup, hungAfter: number, events: SlotEvents) {
    this.#hungAfter = hungAfter;
    this.#setup = setup;
    this.#events = events;
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Frames that wait or are being scored. */
  get depth(): number {
    return this.#calls.size;
  }

  /** Starts the first worker. Rejects with what kept its models from opening. */
  start(): Promise<Ready> {
    return new Promise((resolve, reject) => this.#spawn(resolve, reject));
  }

  open(stream: number): void {
    this.#streams.set(stream, 1);
    this.#worker?.postMessage({ type: 'open', stream, firstTrack: 1 } satisfies ToWorker);
  }

  /** Forgets a stream once its frames are answered. */
  async close(stream: number): Promise<void> {
    await this.#calls.settled(stream);
    if (!this.#streams.delete(stream)) return;
    this.#worker?.postMessage({ type: 'close', stream } satisfies ToWorker);
  }

  analyse(stream: number, frame: Frame): Promise<RawReading[]> {
    if (this.#closed || !this.#streams.has(stream)) {
      return Promise.reject(new WorkerLost('This analyser is closed.'));
    }
    const { call, answer } = this.#calls.open(stream);
    const { width, height, mediaTime } = frame;
    const pixels = ownPixels(frame.pixels);
    const message = { type: 'frame', stream, call, pixels, width, height, mediaTime } as const;
    if (this.#worker) this.#hand(this.#worker, message);
    else this.#held.push(message);
    return answer;
  }

  async stop(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    const threads = this.#threads;
    this.#threads = null;
    this.#lose('The vision workers were shut down.');
    if (threads) await endThreads(threads);
  }

  get #worker(): Worker | null {
    return this.#threads?.worker ?? null;
  }

  #spawn(ready: (state: Ready) => void, failed: (error: Error) => void): void {
    const threads = startThreads(this.#setup);
    const { worker, runners } = threads;
    this.#threads = threads;
    this.#up = false;
    let death: string | null = null;
    const note = ({ message }: Error) => {
      death ??= message;
    };
    worker.on('message', (message: FromWorker) => {
      if (this.#worker !== worker) return; // it was given up
      if (message.type === 'ready') this.#begin(message, ready);
      else if (message.type === 'done') this.#settle(message.results, message.spent);
      else {
        death ??= message.message;
        failed(message.code ? new MienError(message.code, message.message) : new Error(message.message));
      }
    });
    for (const runner of runners) runner.on('error', note);
    worker.on('error', note);
    worker.on('exit', () => {
      death ??= 'it ended by itself';
      failed(new Error(`A vision worker did not start: ${death}`));
      this.#replace(worker, death);
    });
    for (const [stream, firstTrack] of this.#streams)
      worker.postMessage({ type: 'open', stream, firstTrack });
    for (const message of this.#held.splice(0)) this.#hand(worker, message);
  }

  #hand(worker: Worker, message: FrameMessage): void {
    worker.postMessage(message, memoryOf(message.pixels));
    if (this.#watch === undefined) this.#alive();
  }

  /** A sign of life: the watch over a worker that has frames begins anew. Opening its models may take its time. */
  #alive(): void {
    clearTimeout(this.#watch);
    const threads = this.#up ? this.#threads : null;
    const waits = threads !== null && this.#calls.size > 0;
    this.#watch = waits ? setTimeout(() => this.#giveUp(threads), this.#hungAfter) : undefined;
  }

  #giveUp(hung: Threads): void {
    if (this.#threads !== hung) return;
    abandonThreads(hung);
    this.#replace(hung.worker, `it gave no answer for ${this.#hungAfter / 1000} s`);
  }

  /** Replacements take the device that was found, instead of looking for one again. */
  #begin(state: Ready, ready: (state: Ready) => void): void {
    this.#setup = { ...this.#setup, device: state.device };
    this.#up = true;
    this.#alive();
    ready(state);
  }

  #settle(results: Extract<FromWorker, { type: 'done' }>['results'], spent: Spent): void {
    this.#deaths = 0;
    for (const { call, faces, error } of results) {
      const waiting = this.#calls.take(call);
      if (!waiting) continue;
      if (!faces) waiting.reject(new Error(`A frame could not be scored: ${error}`));
      else waiting.resolve(this.#numbered(waiting.stream, faces));
    }
    this.#alive();
    this.#events.spent(spent);
  }

  /** Unpacks readings and remembers the greatest track number, so that a replacement goes on after it. */
  #numbered(stream: number, faces: Float32Array): RawReading[] {
    const readings = unpack(faces, this.#setup.models.ensemble.actionUnits.length);
    const next = this.#streams.get(stream);
    const used = readings.map(({ track }) => track + 1);
    if (next !== undefined) this.#streams.set(stream, Math.max(next, ...used));
    return readings;
  }

  #replace(dead: Worker, reason: string): void {
    if (this.#closed || this.#worker !== dead) return;
    this.#threads = null;
    this.#lose(`The vision worker died (${reason}) and is being replaced.`);
    this.#events.died(reason);
    const pause = Math.min(BACKOFF * 2 ** this.#deaths++, BACKOFF_MOST);
    this.#restart = setTimeout(() => this.#spawn(ignore, ignore), pause);
  }

  #lose(message: string): void {
    this.#held = [];
    this.#calls.lose(() => new WorkerLost(message));
    this.#alive();
  }
}

function ignore(): void {}
