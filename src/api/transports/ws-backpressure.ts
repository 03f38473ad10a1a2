/** One WebSocket's way out: says when it is full, hands out room in turn, and notices when nobody is there. */
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';

/** Bytes that may wait for a client; beyond that it is not heard until it has read. */
const MAX_UNREAD = 4 * 1024 * 1024;
const PING_MS = 15_000;
/** Without a sign of life for so long, a client is gone. */
const SILENCE_MS = 60_000;

export class WsConnection {
  readonly #socket: WebSocket;
  readonly #tcp: Socket;
  /** Those whose turn it was last come last. */
  readonly #writers = new Set<() => boolean>();
  readonly #keepAlive: NodeJS.Timeout;
  #lastSign = performance.now();

  /** @param tcp the TCP or TLS socket below */
  constructor(socket: WebSocket, tcp: Socket) {
    this.#socket = socket;
    this.#tcp = tcp;
    socket.on('pong', this.#noteSign).on('ping', this.#noteSign).on('message', this.#onMessage);
    tcp.on('drain', this.#onDrain);
    this.#keepAlive = setInterval(() => this.#ping(), PING_MS);
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Whether the socket still holds what it was given before. */
  get full(): boolean {
    return this.#tcp.writableNeedDrain;
  }

  /**
   * Writes a whole frame, given in two parts, and forgets it. Past `ws`, whose header for every subscriber, and the copy
   * that joins the parts, take 5 to 30 % more processor time a delivery; with nothing to compress `ws` writes at once
   * too, so that all frames keep their order.
   */
  writeFrame(start: Buffer, end: Buffer): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#tcp.cork();
    this.#tcp.write(start);
    this.#tcp.write(end);
    this.#tcp.uncork();
  }

  /** Resolves when the text has left. */
  send(text: string): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState !== WebSocket.OPEN) return Promise.resolve();
    // A send that fails means that the socket is closing, which is heard of elsewhere.
    const sent = new Promise<void>((resolve) => socket.send(text, () => resolve()));
    this.#hearIfRead();
    return sent;
  }

  /**
   * Lets `writeNext` write whenever a full socket has room again, in turn with the others.
   * @param writeNext writes one message, if any waits; false: none did
   * @returns what stops it
   */
  onRoom(writeNext: () => boolean): () => void {
    this.#writers.add(writeNext);
    return () => this.#writers.delete(writeNext);
  }

  close(): void {
    clearInterval(this.#keepAlive);
    this.#tcp.off('drain', this.#onDrain);
    this.#writers.clear();
  }

  readonly #noteSign = (): void => {
    this.#lastSign = performance.now();
  };

  readonly #onMessage = (): void => {
    this.#noteSign();
    this.#hearIfRead();
  };

  readonly #onDrain = (): void => {
    this.#noteSign();
    this.#hearIfRead();
    let idle = 0;
    for (const writeNext of this.#writers) {
      if (this.full || idle === this.#writers.size) return;
      // Behind the others, where this loop comes to it again.
      this.#writers.delete(writeNext);
      this.#writers.add(writeNext);
      idle = writeNext() ? 0 : idle + 1;
    }
  };

  /** Who asks for more than it reads is asked to wait: what it sends stays in its own buffers. */
  #hearIfRead(): void {
    const { bufferedAmount, isPaused } = this.#socket;
    const isTooMuch = bufferedAmount > MAX_UNREAD;
    if (isTooMuch && !isPaused) this.#socket.pause();
    else if (!isTooMuch && isPaused) this.#socket.resume();
  }

  #ping(): void {
    // Whether what waits leaves is watched on every connection: see `standstill.ts`.
    if (this.full) return;
    if (performance.now() - this.#lastSign > SILENCE_MS) this.#socket.terminate();
    else if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }
}
