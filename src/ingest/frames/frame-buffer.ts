import type { Frame } from '../../domain/frame.ts';

/** Where frames are handed from the decoder to whoever scores them. */
export interface Outlet {
  /** The next frame may be put: at once (null), or when this resolves. */
  put(frame: Frame): Promise<void> | null;
  /** The next frame; null at the end; rejects with what `end` was given. */
  take(): Promise<Frame | null>;
  /** No more frames. `now`: not even those that were put and not taken. */
  end(failure?: Error, now?: boolean): void;
}

/** For live sources: holds the newest frame, and counts those that it replaces as `busy`. */
export function newestFrame(): Outlet {
  const line = waitingLine();
  return {
    ...line,
    put(frame) {
      const replaced = line.pending.pop();
      if (replaced) frame = { ...frame, dropped: { busy: 1 + (replaced.dropped.busy ?? 0) } };
      replaced?.release?.();
      line.push(frame);
      return null;
    },
  };
}

/** For recordings: holds a few frames, and lets the decoder wait. */
export function everyFrame(capacity = 2): Outlet {
  const line = waitingLine();
  const isFull = () => line.pending.length >= capacity && !line.ended();
  const room = async () => {
    while (isFull()) await line.taken();
  };
  return {
    ...line,
    put(frame) {
      line.push(frame);
      return isFull() ? room() : null;
    },
  };
}

function waitingLine() {
  const pending: Frame[] = [];
  let over: { failure: Error | undefined } | null = null;
  let wakeTaker = () => {};
  let wakePutter = () => {};
  return {
    pending,
    ended: () => over !== null,
    taken: () => new Promise<void>((resolve) => (wakePutter = resolve)),
    push(frame: Frame) {
      if (over) return;
      pending.push(frame);
      wakeTaker();
    },
    async take(): Promise<Frame | null> {
      while (pending.length === 0 && !over) await new Promise<void>((resolve) => (wakeTaker = resolve));
      const frame = pending.shift();
      wakePutter();
      if (frame) return frame;
      if (over?.failure) throw over.failure;
      return null;
    },
    end(failure?: Error, now = false) {
      over ??= { failure };
      if (now) pending.length = 0;
      wakeTaker();
      wakePutter();
    },
  };
}
