import { addDrops, type Frame } from '../../domain/frame.ts';
import { readAheadOf } from '../../domain/read-ahead.ts';

/** Hands frames from the decoder to the one consumer that takes them. */
export interface FrameQueue {
  /** Adds a frame. The next one may be put at once (null), or when the returned promise resolves. */
  put(frame: Frame): Promise<void> | null;
  /** The next frame; null at the end; rejects with the error that `end` was given. */
  take(): Promise<Frame | null>;
  /** No more frames will be put. `discard`: frames that were put and not yet taken are dropped. */
  end(error?: Error, discard?: boolean): void;
}

/** In real time the oldest frames are dropped; of a recording none is, and the decoder waits. */
export function createFrameQueue(realtime: boolean): FrameQueue {
  return realtime ? dropOldestQueue() : waitingQueue(readAheadOf(realtime).buffered);
}

/** Holds the newest frame, and counts those that it replaced as dropped because `busy`. */
function dropOldestQueue(): FrameQueue {
  const queue = createQueue();
  return {
    ...queue,
    put(frame) {
      const replaced = queue.pending.pop();
      replaced?.release?.();
      queue.push(replaced ? inPlaceOf(replaced, frame) : frame);
      return null;
    },
  };
}

function inPlaceOf(replaced: Frame, frame: Frame): Frame {
  return {
    ...frame,
    dropped: addDrops(addDrops(replaced.dropped, { busy: 1 }), frame.dropped),
    leftOut: (replaced.leftOut ?? 0) + (frame.leftOut ?? 0),
    late: (replaced.late ?? 0) + (frame.late ?? 0),
  };
}

/** Holds `capacity` frames, and lets the decoder wait while it is full. */
function waitingQueue(capacity: number): FrameQueue {
  const queue = createQueue();
  const isFull = () => queue.pending.length >= capacity && !queue.ended();
  const waitForSpace = async () => {
    while (isFull()) await queue.taken();
  };
  return {
    ...queue,
    put(frame) {
      queue.push(frame);
      return isFull() ? waitForSpace() : null;
    },
  };
}

/** What both policies share: one producer, one consumer, and an end. */
function createQueue() {
  const pending: Frame[] = [];
  let end: { error: Error | undefined } | null = null;
  let wakeConsumer = () => {};
  let wakeProducer = () => {};
  return {
    pending,
    ended: () => end !== null,
    taken: () => new Promise<void>((resolve) => (wakeProducer = resolve)),
    push(frame: Frame) {
      if (end) return;
      pending.push(frame);
      wakeConsumer();
    },
    async take(): Promise<Frame | null> {
      while (pending.length === 0 && !end) await new Promise<void>((resolve) => (wakeConsumer = resolve));
      const frame = pending.shift();
      wakeProducer();
      if (frame) return frame;
      if (end?.error) throw end.error;
      return null;
    },
    end(error?: Error, discard = false) {
      end ??= { error };
      if (discard) pending.length = 0;
      wakeConsumer();
      wakeProducer();
    },
  };
}
