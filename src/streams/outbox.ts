/**
 * Moments on their way to the store and then to the bus. Several are being committed while the next frame is
 * scored; they are published in the order of `seq`, each after its commit.
 *
 * A moment that the store refuses keeps its `seq`: it is offered again until it is taken, those after it wait,
 * and `open` is false meanwhile. So the session has no gap, and the bound is kept by not scoring frames.
 */
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import { MienError } from '../errors.ts';
import { pause } from './pause.ts';
import type { MomentSink } from './ports.ts';

export interface OutboxOptions {
  sink: MomentSink;
  publish(moment: Moment, events: readonly EpisodeEvent[]): void;
  /** Moments not yet committed. */
  limit: number;
  /** Milliseconds between offers to a store that refuses. */
  retryMs: number;
  /** Aborts when there is no more time to wait for the store. */
  giveUp: AbortSignal;
}

export interface Outbox {
  /** Whether another moment may come. */
  readonly open: boolean;
  /** Why a moment could not be written, other than that the store is away; there will be no more. */
  readonly failure: unknown;
  push(moment: Moment, events: readonly EpisodeEvent[]): void;
  /** Resolves when it is open, failed or given up, or when `signal` aborts. */
  room(signal: AbortSignal): Promise<void>;
  /** Resolves when all is published, failed or given up; to the number of moments left behind. */
  settled(): Promise<number>;
}

export function createOutbox({ sink, publish, limit, retryMs, giveUp }: OutboxOptions): Outbox {
  let size = 0;
  let refused = 0;
  let failure: unknown = null;
  let tail: Promise<void> = Promise.resolve();
  let offered: Promise<void> = Promise.resolve();
  const waiting: (() => void)[] = [];
  const isOpen = () => size < limit && refused === 0;
  const over = () => failure !== null || giveUp.aborted;
  const wake = () => {
    if (isOpen() || over()) for (const resume of waiting.splice(0)) resume();
  };
  giveUp.addEventListener('abort', wake, { once: true });

  const offer = async (moment: Moment, events: readonly EpisodeEvent[]): Promise<boolean> => {
    for (let offers = 0; !over(); offers++) {
      try {
        await sink.append(moment, events);
        if (offers > 0) refused -= 1;
        return true;
      } catch (error) {
        if (!isAway(error)) failure ??= error;
        else if (offers === 0) refused += 1;
      }
      if (!over()) await pause(retryMs, giveUp);
    }
    return false;
  };

  const push = (moment: Moment, events: readonly EpisodeEvent[]): void => {
    size += 1;
    const committed = refused === 0 ? offer(moment, events) : offered.then(() => offer(moment, events));
    offered = committed.then(() => {});
    tail = Promise.all([committed, tail]).then(([done]) => {
      if (done && failure === null) publish(moment, events);
      size -= done ? 1 : 0;
      wake();
    });
  };

  const whenOver = () =>
    new Promise<void>((resolve) => {
      if (over()) resolve();
      else giveUp.addEventListener('abort', () => resolve(), { once: true });
    });

  return {
    get open() {
      return isOpen();
    },
    get failure() {
      return failure;
    },
    push,
    room(signal) {
      if (isOpen() || over() || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const resume = () => {
          signal.removeEventListener('abort', resume);
          resolve();
        };
        waiting.push(resume);
        signal.addEventListener('abort', resume, { once: true });
      });
    },
    async settled() {
      await Promise.race([tail, whenOver()]);
      return size;
    },
  };
}

function isAway(error: unknown): boolean {
  return error instanceof MienError && error.code === 'STORE_UNAVAILABLE';
}
