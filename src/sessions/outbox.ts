/**
 * Moments on their way to the store and then to the bus. Several are being committed while the next frame is
 * scored; they are published in the order of `seq`, each after its commit.
 *
 * A moment that the store refuses keeps its `seq`: it is offered again until it is taken, those after it wait,
 * and `open` is false meanwhile. So the session has no gap, and the bound is kept by not scoring frames.
 */
import type { EpisodeEvent, Moment } from '../domain/moment.ts';
import { MienError } from '../errors.ts';
import { sleep } from '../threads/sleep.ts';
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
  let failure: unknown = null;
  /** Moments that wait behind a refused one, itself included; they are offered one at a time. */
  const line: Offer[] = [];
  let published: Promise<boolean> = Promise.resolve(true);
  const waiting: (() => void)[] = [];
  const isOpen = () => size < limit && line.length === 0;
  const over = () => failure !== null || giveUp.aborted;
  const wake = () => {
    if (isOpen() || over()) for (const resume of waiting.splice(0)) resume();
  };
  giveUp.addEventListener('abort', wake, { once: true });

  const offer = async ({ moment, events }: Entry): Promise<Answer> => {
    if (over()) return 'lost';
    try {
      await sink.append(moment, events);
      return 'committed';
    } catch (error) {
      if (isAway(error)) return 'refused';
      failure ??= error;
      return 'lost';
    }
  };

  const workOffLine = async () => {
    for (let head = line[0]; head; head = line[0]) {
      let answer: Answer = 'refused';
      while (answer === 'refused' && !over()) {
        await sleep(retryMs, giveUp);
        answer = await offer(head.entry);
      }
      line.shift();
      head.settle(answer === 'committed');
    }
  };

  const standInLine = (entry: Entry) =>
    new Promise<boolean>((settle) => {
      line.push({ entry, settle });
      if (line.length === 1) void workOffLine();
    });

  const commit = async (entry: Entry): Promise<boolean> => {
    if (line.length > 0) return standInLine(entry);
    const answer = await offer(entry);
    return answer === 'refused' ? standInLine(entry) : answer === 'committed';
  };

  return {
    get open() {
      return isOpen();
    },
    get failure() {
      return failure;
    },
    push(moment, events) {
      size += 1;
      published = Promise.all([commit({ moment, events }), published]).then(([committed, before]) => {
        const done = committed && before;
        if (done) publish(moment, events);
        if (done) size -= 1;
        wake();
        return done;
      });
    },
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
      await Promise.race([published, whenAborted(giveUp)]);
      return size;
    },
  };
}

interface Entry {
  moment: Moment;
  events: readonly EpisodeEvent[];
}
interface Offer {
  entry: Entry;
  settle(committed: boolean): void;
}
type Answer = 'committed' | 'refused' | 'lost';

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function isAway(error: unknown): boolean {
  return error instanceof MienError && error.code === 'STORE_UNAVAILABLE';
}
