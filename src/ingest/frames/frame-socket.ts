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
  let closed: Promise<void> | null = null;
  let ffmpegGone = false;
  let timer = setTimeout(connectWhenThere, POLL_MS);

  function connectWhenThere(): void {
    if (ffmpegGone) return;
    if (!existsSync(path)) {
      timer = setTimeout(connectWhenThere, POLL_MS);
      return;
    }
    const socket = connectReusingBuffer(path, consume);
    let connected = false;
    // Waited for from now on: ffmpeg may have written a short recording, and be gone, before 'connect' is emitted.
    closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.once('connect', () => {
      connected = true;
      removeDirectory();
    });
    // The path exists a moment before ffmpeg listens there. An error after the connection shows in ffmpeg's exit.
    socket.on('error', () => {
      if (!connected) timer = setTimeout(connectWhenThere, POLL_MS);
    });
  }

  return {
    path,
    async drained() {
      ffmpegGone = true;
      clearTimeout(timer);
      removeDirectory();
      await closed;
    },
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
