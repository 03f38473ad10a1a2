/** One WebSocket's way out: says when it is full and when there is room again, and notices when nobody is there. */
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';

/** Answers that may wait for a client that does not read; beyond that it is cut off. */
const MAX_UNREAD = 4 * 1024 * 1024;
const PING_MS = 15_000;
/** Without a sign of life for so long, a client is gone. */
const SILENCE_MS = 60_000;

export class Channel {
  /** Whether the socket still holds what it was given before. */
  full = false;
  readonly #socket: WebSocket;
  readonly #raw: Duplex;
  readonly #writers = new Set<() => void>();
  readonly #keepAlive: NodeJS.Timeout;
  #lastSign = Date.now();

  /** @param raw the TCP or TLS socket below */
  constructor(socket: WebSocket, raw: Duplex) {
    this.#socket = socket;
    this.#raw = raw;
    socket.on('pong', this.#sign).on('ping', this.#sign).on('message', this.#sign);
    raw.on('drain', this.#drained);
    this.#keepAlive = setInterval(() => this.#ping(), PING_MS);
  }

  /**
   * Writes a whole frame, given in two parts, and forgets it. Past `ws`, which would make a header anew for every
   * subscriber; with nothing to compress it writes at once too, so that all frames keep their order.
   */
  write(start: Buffer, end: Buffer): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#raw.cork();
    this.#raw.write(start);
    if (!this.#raw.write(end)) this.full = true;
    this.#raw.uncork();
  }

  /** Resolves when the text has left. */
  send(text: string): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState !== WebSocket.OPEN) return Promise.resolve();
    if (socket.bufferedAmount > MAX_UNREAD) {
      socket.terminate();
      return Promise.resolve();
    }
    // A send that fails means that the socket is closing, which is heard of elsewhere.
    return new Promise((resolve) => socket.send(text, () => resolve()));
  }

  /** Calls `writer` whenever a full socket has room again. */
  onRoom(writer: () => void): void {
    this.#writers.add(writer);
  }

  forget(writer: () => void): void {
    this.#writers.delete(writer);
  }

  close(): void {
    clearInterval(this.#keepAlive);
    this.#raw.off('drain', this.#drained);
    this.#writers.clear();
  }

  readonly #sign = (): void => {
    this.#lastSign = Date.now();
    if (this.#socket.bufferedAmount > MAX_UNREAD) this.#socket.terminate();
  };

  readonly #drained = (): void => {
    this.full = false;
    this.#sign();
    for (const writer of [...this.#writers]) writer();
  };

  #ping(): void {
    if (Date.now() - this.#lastSign > SILENCE_MS) this.#socket.terminate();
    else if (this.#socket.readyState === WebSocket.OPEN && !this.#raw.writableNeedDrain) this.#socket.ping();
  }
}
