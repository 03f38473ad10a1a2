import { Writable } from 'node:stream';

/** Takes bytes one chunk after the other; the sender waits until `take` has resolved. After `discard`, takes and forgets. */
export function createOutput(take: (chunk: Uint8Array) => Promise<void>): {
  sink: Writable;
  discard(): void;
} {
  let forget = false;
  let wake = () => {};
  const sink = new Writable({
    emitClose: false, // fluent-ffmpeg would kill a process that has just ended, and call it an error
    highWaterMark: 1,
    write(chunk: Uint8Array, _encoding, done) {
      if (forget) return done();
      const forgotten = new Promise<void>((resolve) => (wake = resolve));
      Promise.race([take(chunk), forgotten]).then(() => done(), done);
    },
  });
  return {
    sink,
    discard() {
      forget = true;
      wake();
    },
  };
}
