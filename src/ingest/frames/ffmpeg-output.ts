/** Where ffmpeg's bytes go: a local socket, or standard output on Windows, where ffmpeg knows no such sockets. */
import { platform } from 'node:os';
import { Writable } from 'node:stream';
import { type ConsumeBytes, type FrameSocket, openFrameSocket } from './frame-socket.ts';

export interface FfmpegOutput {
  /** The output as fluent-ffmpeg takes it. */
  target: Writable | string;
  /** Options that ffmpeg needs for that output. */
  protocol: Readonly<Record<string, string>>;
  /** Call it when ffmpeg has ended or could not be started; resolves when all that it wrote was consumed. */
  drained(started: boolean): Promise<void>;
  /** Call it when ffmpeg does not end: closes this end, whatever ffmpeg may still write. */
  abandon(): void;
  /** From now on bytes are read and dropped. */
  discard(): void;
  /** Resolves with what the consumer threw; from then on bytes are dropped. Stays pending otherwise. */
  thrown: Promise<unknown>;
}

export function createFfmpegOutput(consume: ConsumeBytes): FfmpegOutput {
  let discarding = false;
  let resolveDiscarded = () => {};
  const discarded = new Promise<void>((resolve) => (resolveDiscarded = resolve));
  const discard = () => {
    discarding = true;
    resolveDiscarded();
  };
  let resolveThrown: (error: unknown) => void;
  const thrown = new Promise<unknown>((resolve) => (resolveThrown = resolve));
  const fail = (error: unknown) => {
    discard();
    resolveThrown(error);
  };
  // An error that is thrown in a socket's callback would end the process.
  const consumeSafely: ConsumeBytes = (chunk) => {
    try {
      const busy = discarding ? null : consume(chunk);
      return busy && Promise.race([busy.catch(fail), discarded]);
    } catch (error) {
      fail(error);
      return null;
    }
  };
  const output = platform() === 'win32' ? toStdout(consumeSafely) : toSocket(openFrameSocket(consumeSafely));
  return { ...output, discard, thrown };
}

/** For a run of ffmpeg that writes nothing. */
export function createNullOutput(): FfmpegOutput {
  const thrown = new Promise(() => {});
  return { target: '-', protocol: {}, drained: async () => {}, abandon() {}, discard() {}, thrown };
}

type OutputTarget = Omit<FfmpegOutput, 'discard' | 'thrown'>;

/** ffmpeg is the one that listens; it ends when we have read everything. */
function toSocket({ path, drained, close }: FrameSocket): OutputTarget {
  return { target: `unix:${path}`, protocol: { listen: '1' }, drained, abandon: close };
}

function toStdout(consume: ConsumeBytes): OutputTarget {
  const writable = new Writable({
    emitClose: false, // fluent-ffmpeg would kill a process that has just ended, and call it an error
    highWaterMark: 1,
    write(chunk: Uint8Array, _encoding, done) {
      const busy = consume(chunk);
      if (busy) busy.then(() => done(), done);
      else done();
    },
  });
  return {
    target: writable,
    protocol: {},
    /** The process may be gone while its last frames still wait in the pipe. */
    async drained(started) {
      if (writable.writableFinished || writable.destroyed) return;
      if (!started) writable.end();
      await new Promise<void>((resolve) => {
        writable.once('finish', resolve);
        writable.once('error', resolve);
      });
    },
    abandon: () => void writable.destroy(),
  };
}
