/**
 * The pictures of sessions, for those who look at them now. A frame is copied only where somebody looks and can take it, encoded once for all
 * who do, and forgotten. The newest wins: while one is encoded, one waits at most, and whoever has not got the last one yet gets none.
 */
import type { Frame, FrameColour } from '../domain/frame.ts';
import { MienError } from '../errors.ts';

/** A frame as it is shown. */
export interface Picture {
  /** Of the moment that the frame became. */
  seq: number;
  /** Seconds. */
  mediaTime: number;
  jpeg: Uint8Array;
}

/** Pixels of one frame, which are nobody else's. */
export interface CopiedFrame {
  width: number;
  height: number;
  luma: Uint8Array;
  colour?: FrameColour | undefined;
}

export interface Watcher {
  /** Whether it could send a picture now. */
  isReady(): boolean;
  show(picture: Picture): void;
  /** No more come: the session is over. */
  end(): void;
}

/** The pictures of one session, as whoever runs it holds them. */
export interface SessionPictures {
  /** Copies its pixels; what is given takes the moment that it became. Null: nobody looks, or can take it now. */
  take(frame: Frame): TellMoment | null;
  close(): void;
}
type TellMoment = (moment: { seq: number; mediaTime: number }) => void;

export interface Previews {
  open(sessionId: string): SessionPictures;
  /** @returns what ends it @throws MienError NOT_FOUND: no such session runs; TOO_MANY_REQUESTS */
  watch(sessionId: string, watcher: Watcher): () => void;
}

export interface PreviewOptions {
  /** Null: it could not be encoded. */
  encode: (picture: CopiedFrame) => Promise<Uint8Array | null>;
  /** Watchers at a time, of all sessions. */
  most: number;
  /** Told how many there are, whenever that changes, and of each picture that was encoded. */
  onWatchers?: (watchers: number) => void;
  onEncoded?: () => void;
  /** Told why one could not be encoded, and not again before one was. */
  onFailed: (error: unknown) => void;
}

export function createPreviews(options: PreviewOptions): Previews {
  const sessions = new Map<string, ShownSession>();
  let watching = 0;
  const count = (more: 1 | -1) => {
    watching += more;
    options.onWatchers?.(watching);
  };
  return {
    open(sessionId) {
      const session = new ShownSession(options);
      sessions.set(sessionId, session);
      return {
        take: (frame) => session.take(frame),
        close() {
          if (sessions.get(sessionId) === session) sessions.delete(sessionId);
          session.end();
        },
      };
    },
    watch(sessionId, watcher) {
      const session = sessions.get(sessionId);
      if (session === undefined) throw notRunning(sessionId);
      if (watching >= options.most) throw tooMany(options.most);
      session.watchers.add(watcher);
      count(1);
      return () => {
        if (session.watchers.delete(watcher)) count(-1);
      };
    },
  };
}

class ShownSession {
  readonly watchers = new Set<Watcher>();
  readonly #options: PreviewOptions;
  /** The newest that is not encoded yet. */
  #waiting: (CopiedFrame & { seq: number; mediaTime: number }) | null = null;
  #isEncoding = false;
  /** Since the last picture that was encoded. */
  #hasFailed = false;

  constructor(options: PreviewOptions) {
    this.#options = options;
  }

  take(frame: Frame): TellMoment | null {
    if (!this.#isWanted()) return null;
    const { width, height, pixels, colour } = frame;
    // The memory is used again once the frame is scored.
    const luma = Uint8Array.from(pixels.subarray(0, width * height));
    const copied = {
      width,
      height,
      luma,
      colour: colour && { ...colour, chroma: Uint8Array.from(colour.chroma) },
    };
    return ({ seq, mediaTime }) => {
      this.#waiting = { ...copied, seq, mediaTime };
      void this.#encodeNext();
    };
  }

  end(): void {
    this.#waiting = null;
    for (const watcher of [...this.watchers]) watcher.end();
  }

  #isWanted(): boolean {
    for (const watcher of this.watchers) if (watcher.isReady()) return true;
    return false;
  }

  async #encodeNext(): Promise<void> {
    if (this.#isEncoding) return;
    this.#isEncoding = true;
    for (let next = this.#next(); next !== null; next = this.#next()) {
      const { seq, mediaTime, ...picture } = next;
      const jpeg = await this.#encode(picture);
      if (jpeg === null) continue;
      this.#options.onEncoded?.();
      for (const watcher of [...this.watchers]) if (watcher.isReady()) watcher.show({ seq, mediaTime, jpeg });
    }
    this.#isEncoding = false;
  }

  async #encode(picture: CopiedFrame): Promise<Uint8Array | null> {
    try {
      const jpeg = await this.#options.encode(picture);
      this.#hasFailed = false;
      return jpeg;
    } catch (error) {
      if (!this.#hasFailed) this.#options.onFailed(error);
      this.#hasFailed = true;
      return null;
    }
  }

  #next() {
    const next = this.#waiting;
    this.#waiting = null;
    // Whoever wanted it may have gone.
    return next !== null && this.#isWanted() ? next : null;
  }
}

function notRunning(sessionId: string): MienError {
  return new MienError(
    'NOT_FOUND',
    `Session ${sessionId} does not run, so that there is no picture of it: nothing of a picture is kept.`,
  );
}

function tooMany(most: number): MienError {
  return new MienError(
    'TOO_MANY_REQUESTS',
    `${most} look at pictures of this server, the most at a time: try again when somebody has left.`,
  );
}
