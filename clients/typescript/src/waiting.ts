/** What one subscription of a shared socket was sent, and its loop has not taken yet. */
import type { Sink } from 'graphql-ws';
import type { Answer } from './server.ts';

/** As many as the server itself lets a subscriber lag behind. */
const CAPACITY = 256;

export interface Waiting {
  /** Where the socket puts what comes. */
  sink: Sink<Answer>;
  /** Those that wait, then those that come, until the subscription is complete. @throws what the sink was told went wrong */
  answers(): AsyncGenerator<Answer, void>;
  /** Nothing more is wanted, nor what waits. */
  leave(): void;
}

/**
 * A socket that several loops share cannot wait for one of them: when the queue is full its oldest event is dropped, and counted in
 * the next one's `skippedBefore`, as the server does.
 */
export function createWaiting(): Waiting {
  const waiting: Answer[] = [];
  let skipped = 0;
  let over: { failure: unknown } | null = null;
  let wake = () => {};
  const end = (failure: unknown) => {
    over ??= { failure };
    wake();
  };
  return {
    sink: {
      next(answer) {
        if (waiting.length >= CAPACITY) skipped += dropOldest(waiting);
        waiting.push(answer as Answer);
        wake();
      },
      error: end,
      complete: () => end(null),
    },
    async *answers() {
      for (;;) {
        const answer = waiting.shift();
        if (answer !== undefined) {
          if (isEvent(answer)) skipped -= tell(answer, skipped);
          yield answer;
        } else if (over === null) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else if (over.failure === null) return;
        else throw over.failure;
      }
    },
    leave() {
      waiting.length = 0;
      end(null);
    },
  };
}

/** @returns how many events are lost by it, those among them that it told of itself */
function dropOldest(waiting: Answer[]): number {
  const [oldest] = waiting.splice(waiting.findIndex(isEvent), 1);
  return 1 + (oldest === undefined ? 0 : (skippedBefore(oldest) ?? 0));
}

/** Not the message that tells where a subscription begins, without which it could not be resumed. */
function isEvent({ data, errors }: Answer): boolean {
  return data !== undefined || errors !== undefined;
}

/** @returns of how many it could be told: of all, or of none */
function tell(answer: Answer, skipped: number): number {
  const field = fieldOf(answer);
  const before = skippedBefore(answer);
  if (!field || before === null) return 0;
  field.skippedBefore = before + skipped;
  return skipped;
}

/** Null: it was not asked for. */
function skippedBefore(answer: Answer): number | null {
  const skipped = fieldOf(answer)?.skippedBefore;
  return typeof skipped === 'number' ? skipped : null;
}

/** What the one field of a subscription holds. */
function fieldOf({ data }: Answer): { skippedBefore?: unknown } | null | undefined {
  return Object.values((data ?? {}) as object)[0];
}
