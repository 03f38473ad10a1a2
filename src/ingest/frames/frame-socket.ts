/**
 * A local socket that ffmpeg listens on and we read. A child's standard output would give every 64 KB in new
 * memory, and collecting that (half a megabyte a frame) stops the event loop; here one buffer is read into again
 * and again.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Take } from './frame-sink.ts';

export interface Intake {
  /** Where ffmpeg is to listen; nobody else may enter its directory. */
  path: string;
  /** ffmpeg is gone: resolves when all that it wrote was taken. */
  left(): Promise<void>;
}

/** As much as the kernel keeps for a socket by default, and some more. */
const BUFFER = 256 * 1024;
/** Milliseconds from one look whether ffmpeg listens to the next. */
const LOOK = 3;
/** The longest directory whose sockets have addresses that fit. */
const LONGEST = 70;

export function openIntake(take: Take): Intake {
  const parent = tmpdir().length > LONGEST ? '/tmp' : tmpdir();
  const directory = mkdtempSync(join(parent, 'mien-'));
  const path = join(directory, 'frames');
  const tidy = () => rmSync(directory, { recursive: true, force: true });
  let closed: Promise<void> | null = null;
  let over = false;
  let timer = setTimeout(look, LOOK);

  function look(): void {
    if (over) return;
    if (!existsSync(path)) {
      timer = setTimeout(look, LOOK);
      return;
    }
    const socket = reading(path, take);
    let connected = false;
    // From now on, for a short recording may be written, and ffmpeg be gone, before we are told that it let us in.
    closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.once('connect', () => {
      connected = true;
      tidy();
    });
    // The address is there a moment before ffmpeg listens at it. What breaks off later, ffmpeg's end will tell.
    socket.on('error', () => {
      if (!connected) timer = setTimeout(look, LOOK);
    });
  }

  return {
    path,
    async left() {
      over = true;
      clearTimeout(timer);
      tidy();
      await closed;
    },
  };
}

function reading(path: string, take: Take): Socket {
  const socket = connect({
    path,
    onread: {
      buffer: new Uint8Array(BUFFER),
      callback(length, buffer) {
        const busy = take(buffer.subarray(0, length));
        void busy?.then(() => socket.resume());
        return busy === null; // false stops the reading
      },
    },
  });
  return socket;
}
