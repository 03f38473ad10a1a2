/** One WebSocket's way out: says when it is full and when there is room again, and notices when nobody is there. */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** Answers that may wait for a client that does not read; beyond that it is cut off. */
const MAX_UNREAD = 4 * 1024 * 1024;
const PING_MS = 15_000;
/** Without a sign of life for so long, a client is gone. */
const SILENCE_MS = 60_000;

export interface Channel {
  /** Whether the socket still holds what it was given before. */
  readonly full: boolean;
  /** Writes text, encoded already, and forgets it. */
  write(text: Buffer): void;
  /** Resolves when the text has left. */
  send(text: string): Promise<void>;
  /** Calls `writer` whenever a full socket has room again. */
  onRoom(writer: () => void): void;
  forget(writer: () => void): void;
  close(): void;
}

/** @param raw the TCP or TLS socket below */
export function createChannel(socket: WebSocket, raw: Duplex): Channel {
  const writers = new Set<() => void>();
  let lastSign = Date.now();
  const sign = (): void => {
    lastSign = Date.now();
    if (socket.bufferedAmount > MAX_UNREAD) socket.terminate();
  };
  const drained = (): void => {
    sign();
    for (const writer of [...writers]) writer();
  };
  socket.on('pong', sign).on('ping', sign).on('message', sign);
  raw.on('drain', drained);
  const keepAlive = setInterval(() => {
    if (Date.now() - lastSign > SILENCE_MS) socket.terminate();
    else if (socket.readyState === socket.OPEN && !raw.writableNeedDrain) socket.ping();
  }, PING_MS);

  return {
    get full() {
      return raw.writableNeedDrain;
    },
    write(text) {
      if (socket.readyState === socket.OPEN) socket.send(text, { binary: false });
    },
    send(text) {
      if (socket.readyState !== socket.OPEN) return Promise.resolve();
      if (socket.bufferedAmount > MAX_UNREAD) {
        socket.terminate();
        return Promise.resolve();
      }
      // A send that fails means that the socket is closing, which is heard of elsewhere.
      return new Promise((resolve) => socket.send(text, () => resolve()));
    },
    onRoom: (writer) => writers.add(writer),
    forget: (writer) => writers.delete(writer),
    close() {
      clearInterval(keepAlive);
      raw.off('drain', drained);
      writers.clear();
    },
  };
}
