/** Where ffmpeg's bytes go: a local socket, or standard output where ffmpeg knows no such sockets. */
import { platform } from 'node:os';
import { Writable } from 'node:stream';
import { type Intake, openIntake } from './frame-socket.ts';

export interface Output {
  /** As fluent-ffmpeg takes it. */
  target: Writable | string;
  /** What ffmpeg is to be told of it. */
  protocol: Readonly<Record<string, string>>;
  /** ffmpeg has ended, or was never started; resolves when all that it wrote was taken. */
  drained(started: boolean): Promise<void>;
  /** From now on, takes and forgets. */
  discard(): void;
  /** Resolves with what was thrown by whoever takes; from then on the output takes and forgets. */
  thrown: Promise<unknown>;
}

/**
 * Takes bytes one chunk after the other; the sender waits while a promise that it was given is pending. A chunk
 * is of no use to `take` once it has returned null, or its promise has resolved: its memory is used again.
 */
export type Take = (chunk: Uint8Array) => Promise<void> | null;

export function createOutput(take: Take): Output {
  let forget = false;
  let wake = () => {};
  const forgotten = new Promise<void>((resolve) => (wake = resolve));
  const discard = () => {
    forget = true;
    wake();
  };
  let tell: (error: unknown) => void;
  const thrown = new Promise<unknown>((resolve) => (tell = resolve));
  // A throw in a socket's callback would be the end of the process.
  const fail = (error: unknown) => {
    discard();
    tell(error);
  };
  const safely: Take = (chunk) => {
    try {
      const busy = forget ? null : take(chunk);
      return busy && Promise.race([busy.catch(fail), forgotten]);
    } catch (error) {
      fail(error);
      return null;
    }
  };
  if (platform() === 'win32') return { ...toStdout(safely), discard, thrown };
  return { ...toSocket(openIntake(safely)), discard, thrown };
}

/** For a run that writes nothing. */
export function noOutput(): Output {
  return { target: '-', protocol: {}, drained: async () => {}, discard() {}, thrown: new Promise(() => {}) };
}

/** ffmpeg listens, and ends when we have taken all. */
function toSocket({ path, left }: Intake): Omit<Output, 'discard' | 'thrown'> {
  return { target: `unix:${path}`, protocol: { listen: '1' }, drained: left };
}

function toStdout(take: Take): Omit<Output, 'discard' | 'thrown'> {
  const sink = new Writable({
    emitClose: false, // fluent-ffmpeg would kill a process that has just ended, and call it an error
    highWaterMark: 1,
    write(chunk: Uint8Array, _encoding, done) {
      const busy = take(chunk);
      if (busy) busy.then(() => done(), done);
      else done();
    },
  });
  return {
    target: sink,
    protocol: {},
    /** A process may be gone while its last frames still wait in the pipe. */
    async drained(started) {
      if (sink.writableFinished || sink.destroyed) return;
      if (!started) sink.end();
      await new Promise<void>((resolve) => {
        sink.once('finish', resolve);
        sink.once('error', resolve);
      });
    },
  };
}
