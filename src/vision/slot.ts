/** One vision worker and its replacements, seen from the main thread: calls in, readings out. */
import { Worker } from 'node:worker_threads';
import type { RawReading } from '../domain/face.ts';
import type { Frame } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import type { FromWorker, Spent, ToWorker, WorkerSetup } from './protocol.ts';
import { unpack } from './protocol.ts';
import type { Device } from './session.ts';

/** The worker died with this frame in its hands. The frame is lost; the next call meets the worker's replacement. */
export class WorkerLost extends Error {
  override readonly name = 'WorkerLost';
}

export interface SlotEvents {
  spent(spent: Spent): void;
  died(reason: string): void;
}

type FrameMessage = Extract<ToWorker, { type: 'frame' }>;

interface Call {
  stream: number;
  resolve(readings: RawReading[]): void;
  reject(error: unknown): void;
}

export interface Ready {
  device: Device;
  skipped: string[];
}

/** Milliseconds before a dead worker is replaced; doubled with every death until one has scored a frame. */
const BACKOFF = 100;
const BACKOFF_MOST = 5000;
/** Milliseconds that a worker has to end by itself. */
const PATIENCE = 5000;

export class Slot {
  readonly #events: SlotEvents;
  #setup: WorkerSetup;
  /** The next track number of each open stream. */
  readonly #streams = new Map<number, number>();
  readonly #calls = new Map<number, Call>();
  #worker: Worker | null = null;
  /** Frames that wait for a replacement. */
  #held: FrameMessage[] = [];
  #nextCall = 0;
  #deaths = 0;
  #restart: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(setup: WorkerSetup, events: SlotEvents) {
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
    const own = [...this.#calls.values()].filter((call) => call.stream === stream);
    await Promise.all(own.map((call) => settled(call)));
    if (!this.#streams.delete(stream)) return;
    this.#worker?.postMessage({ type: 'close', stream } satisfies ToWorker);
  }

  analyse(stream: number, frame: Frame): Promise<RawReading[]> {
    if (this.#closed || !this.#streams.has(stream)) {
      return Promise.reject(new WorkerLost('This analyser is closed.'));
    }
    const call = this.#nextCall++;
    const { width, height, mediaTime } = frame;
    const pixels = ownBuffer(frame.pixels);
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { stream, resolve, reject });
      const message = { type: 'frame', stream, call, pixels, width, height, mediaTime } as const;
      if (this.#worker) this.#worker.postMessage(message, handedOver(message));
      else this.#held.push(message);
    });
  }

  async stop(): Promise<void> {
    this.#closed = true;
    if (this.#restart) clearTimeout(this.#restart);
    const worker = this.#worker;
    this.#worker = null;
    this.#lose('The vision workers were shut down.');
    if (worker) await end(worker);
  }

  #spawn(ready: (state: Ready) => void, failed: (error: Error) => void): void {
    this.#restart = null;
    const worker = startWorker(this.#setup);
    this.#worker = worker;
    let death = 'it ended by itself';
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'ready') this.#begin(message, ready);
      else if (message.type === 'done') this.#settle(message.results, message.spent);
      else {
        death = message.message;
        failed(message.code ? new MienError(message.code, message.message) : new Error(message.message));
      }
    });
    worker.on('error', (error) => {
      death = error.message;
    });
    worker.on('exit', () => {
      failed(new Error(`A vision worker did not start: ${death}`));
      this.#replace(worker, death);
    });
    for (const [stream, firstTrack] of this.#streams)
      worker.postMessage({ type: 'open', stream, firstTrack });
    for (const message of this.#held.splice(0)) worker.postMessage(message, handedOver(message));
  }

  /** Replacements take the device that was found, instead of looking for one again. */
  #begin(state: Ready, ready: (state: Ready) => void): void {
    this.#setup = { ...this.#setup, device: state.device };
    ready(state);
  }

  #settle(results: Extract<FromWorker, { type: 'done' }>['results'], spent: Spent): void {
    this.#deaths = 0;
    for (const { call, faces, error } of results) {
      const waiting = this.#calls.get(call);
      if (!waiting) continue;
      this.#calls.delete(call);
      if (!faces) waiting.reject(new Error(`A frame could not be scored: ${error}`));
      else waiting.resolve(this.#numbered(waiting.stream, faces));
    }
    this.#events.spent(spent);
  }

  /** Unpacks readings and remembers the greatest track number, so that a replacement goes on after it. */
  #numbered(stream: number, faces: Float32Array): RawReading[] {
    const readings = unpack(faces, this.#setup.models.ensemble.actionUnits.length);
    const next = this.#streams.get(stream);
    if (next !== undefined) {
      this.#streams.set(
        stream,
        readings.reduce((least, { track }) => Math.max(least, track + 1), next),
      );
    }
    return readings;
  }

  #replace(dead: Worker, reason: string): void {
    if (this.#closed || this.#worker !== dead) return;
    this.#worker = null;
    this.#lose(`The vision worker died (${reason}) and is being replaced.`);
    this.#events.died(reason);
    const pause = Math.min(BACKOFF * 2 ** this.#deaths++, BACKOFF_MOST);
    this.#restart = setTimeout(() => this.#spawn(ignore, ignore), pause);
  }

  #lose(message: string): void {
    const lost = [...this.#calls.values()];
    this.#calls.clear();
    this.#held = [];
    for (const call of lost) call.reject(new WorkerLost(message));
  }
}

function startWorker(setup: WorkerSetup): Worker {
  const file = import.meta.url.endsWith('.ts') ? './worker-from-source.mjs' : './worker.js';
  return new Worker(new URL(file, import.meta.url), { workerData: setup });
}

/**
 * Lets a worker finish its run. A thread that is stopped within onnxruntime takes the whole process with it
 * (an uncaught Napi::Error), so force is for a worker that hangs.
 */
async function end(worker: Worker): Promise<void> {
  if (worker.threadId === -1) return;
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  worker.postMessage({ type: 'stop' } satisfies ToWorker);
  const force = setTimeout(() => void worker.terminate(), PATIENCE);
  await ended;
  clearTimeout(force);
}

/** Pixels that another thread may have: shared ones, and those that own the whole of their memory. Others are copied. */
function ownBuffer(pixels: Uint8Array): Uint8Array {
  const { buffer } = pixels;
  const whole = buffer.byteLength === pixels.byteLength;
  return whole || buffer instanceof SharedArrayBuffer
    ? new Uint8Array(buffer, pixels.byteOffset, pixels.length)
    : new Uint8Array(pixels);
}

/** The memory that a message takes along; shared memory stays where it is. */
function handedOver({ pixels: { buffer } }: FrameMessage): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer ? [buffer] : [];
}

/** Resolves when a call is answered, either way. */
function settled(call: Call): Promise<void> {
  return new Promise((done) => {
    const { resolve, reject } = call;
    call.resolve = (readings) => {
      resolve(readings);
      done();
    };
    call.reject = (error) => {
      reject(error);
      done();
    };
  });
}

function ignore(): void {}
