/** One that sends video to a stream, from its first byte until it is told how that ended. */
import { PassThrough, type Readable } from 'node:stream';
import type { MienError } from '../../errors.ts';

export class Sender {
  /** Resolves when it has ended; rejects with why it was ended. */
  readonly done: Promise<void>;
  /** What it sends, to be read once. An end of the sender ends it. */
  readonly bytes: Readable;
  readonly taken: () => void;
  readonly #body: Readable;
  /** Whether there will be no more of it. */
  hasEnded = false;
  #cameAt = performance.now();
  #settle: (why: MienError | null) => void = () => {};

  constructor(body: Readable, onTaken: () => void) {
    this.#body = body;
    this.taken = onTaken;
    const bytes = new PassThrough();
    this.bytes = bytes;
    this.done = new Promise((resolve, reject) => {
      this.#settle = (why) => (why === null ? resolve() : reject(why));
    });
    // What breaks off ends here: all that came is analysed.
    const ended = () => {
      this.hasEnded = true;
      bytes.end();
    };
    body.on('data', () => {
      this.#cameAt = performance.now();
    });
    body.once('end', ended).once('close', ended).on('error', ended);
    if (body.destroyed) ended();
    else body.pipe(bytes, { end: false });
  }

  /** Whether nothing has come for so long, though there was room for it. */
  isSilent(milliseconds: number): boolean {
    const waits = this.bytes.readableLength > 0;
    return !waits && performance.now() - this.#cameAt > milliseconds;
  }

  /** Nothing more of it is read. @param why null, or of one that had ended by itself: it ended well */
  end(why: MienError | null): void {
    this.#settle(this.hasEnded && !isRefusal(why) ? null : why);
    this.#body.unpipe();
    this.bytes.destroy();
  }
}

/** Whoever has sent all it had is still told that it was no video. */
function isRefusal(why: MienError | null): boolean {
  return why !== null && why.code !== 'SOURCE_FAILED';
}
