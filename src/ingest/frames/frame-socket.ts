/**
 * A local socket that ffmpeg listens on and we read. A child's standard output would give every 64 KB in new
 * memory, and collecting that garbage (half a megabyte a frame) stops the event loop; here one buffer is reused for
 * every read.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Takes ffmpeg's bytes, one chunk after the other; the sender waits while the returned promise is pending. The
 * chunk's memory is reused once null was returned, or the promise has resolved.
 */
export type ConsumeBytes = (chunk: Uint8Array) => Promise<void> | null;

export interface FrameSocket {
  /** Where ffmpeg is to listen; only this process's user may enter its directory. */
  path: string;
  /** Call it when ffmpeg is gone: resolves when all that it wrote was consumed. */
  drained(): Promise<void>;
  /** Closes it, whether ffmpeg is gone or not. */
  close(): void;
}

/** As much as the kernel buffers for a socket by default, and some more. */
const BUFFER_BYTES = 256 * 1024;
/** How often to look whether ffmpeg listens. */
const POLL_MS = 3;
/** Longer directories make addresses that a socket cannot have. */
const MAX_DIRECTORY_LENGTH = 70;

export function openFrameSocket(consume: ConsumeBytes): FrameSocket {
  const parent = tmpdir().length > MAX_DIRECTORY_LENGTH ? '/tmp' : tmpdir();
  const directory = mkdtempSync(join(parent, 'mien-'));
  const path = join(directory, 'frames');
  const removeDirectory = () => rmSync(directory, { recursive: true, force: true });
  const connection = connectWhenListening(path, consume, removeDirectory);
  const stopConnecting = () => {
    connection.stopTrying();
    removeDirectory();
  };
  return {
    path,
    async drained() {
      stopConnecting();
      await connection.closed();
    },
    close() {
      stopConnecting();
      connection.destroy();
    },
  };
}

/** Looks again and again whether ffmpeg listens, and then reads until it has written everything. */
function connectWhenListening(path: string, consume: ConsumeBytes, onConnect: () => void) {
  let socket: Socket | null = null;
  let closed: Promise<void> | null = null;
  let stopped = false;
  let timer = setTimeout(attempt, POLL_MS);

  function attempt(): void {
    if (stopped) return;
    if (existsSync(path)) connectNow();
    else timer = setTimeout(attempt, POLL_MS);
  }

  function connectNow(): void {
    const opened = connectReusingBuffer(path, consume);
    let connected = false;
    socket = opened;
    // Waited for from now on: ffmpeg may have written a short recording, and be gone, before 'connect' is emitted.
    closed = new Promise((resolve) => opened.once('close', () => resolve()));
    opened.once('connect', () => {
      connected = true;
      onConnect();
    });
    // The path exists a moment before ffmpeg listens there. An error after the connection shows in ffmpeg's exit.
    opened.on('error', () => {
      if (!connected) timer = setTimeout(attempt, POLL_MS);
    });
  }

  return {
    /** Pending while a connection is open. */
    closed: () => closed,
    stopTrying() {
      stopped = true;
      clearTimeout(timer);
    },
    destroy: () => socket?.destroy(),
  };
}

function connectReusingBuffer(path: string, consume: ConsumeBytes): Socket {
  const socket = connect({
    path,
    onread: {
      buffer: new Uint8Array(BUFFER_BYTES),
      callback(length, buffer) {
        const busy = consume(buffer.subarray(0, length));
        void busy?.then(() => socket.resume());
        return busy === null; // false pauses the reading
      },
    },
  });
  return socket;
}
