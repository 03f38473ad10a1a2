/**
 * Follows a subscription through broken connections: keeps the cursor of the last that came, or of where it began, and resumes
 * with it as `after`. What is delivered twice is known by its number, so nothing comes twice and nothing is left out.
 */
import { createDeduplicator, type Place } from './deduplicate.ts';
import { codeOf, type MienError } from './errors.ts';
import { createLagDetector } from './lag.ts';
import { createBackoff, type RetryOptions } from './retry.ts';

/** With these the server says that it cannot resume from the cursor. */
const UNUSABLE_CURSOR_CODES = ['CURSOR_EXPIRED', 'CURSOR_INVALID'];

/** What can be resumed behind. */
export interface Resumable {
  cursor: string;
  wallTime?: string;
  sessionId?: string;
  session?: { id: string } | null;
  seq?: number;
}

/** How it stands with what is followed. */
export type Connection =
  | { state: 'connecting' }
  | { state: 'live' }
  /** What comes is what was missed. */
  | { state: 'catching up' }
  /** The next attempt comes by itself. */
  | { state: 'lost'; reason: string; retryMs: number }
  | { state: 'ended' };

export interface FollowOptions {
  /** Ends the loop, without an error. */
  signal?: AbortSignal;
  /** The `cursor` behind which to begin; left out: with what happens from now on. */
  after?: string | null;
  /** Told at every change of it. */
  onConnection?: (connection: Connection) => void;
  /**
   * Told when what was missed is not stored any more, with the server's sentence about it; what is followed then goes on from
   * now on. Left out: the loop throws that error.
   */
  onGap?: (error: MienError) => void;
  /** Whether a moment is from the backlog; a caller that follows again later passes the same one. */
  isBehind?: (moment: { wallTime: string }) => boolean;
  /** Waits between two attempts; left out: by the clock. */
  pause?: NonNullable<RetryOptions['pause']>;
}

/**
 * One subscription behind a cursor, or from now on, until it is complete or breaks.
 *
 * @param onBegin told, before anything comes, behind which cursor it begins
 */
export type Open<T> = (
  after: string | null,
  signal: AbortSignal,
  onBegin: (cursor: string) => void,
) => AsyncIterable<T>;

/** Ends when the subscription is complete, or `signal` is aborted. @throws errors that trying again would not help */
export async function* follow<T extends Resumable>(
  open: Open<T>,
  options: FollowOptions = {},
): AsyncGenerator<T, void> {
  const { signal = new AbortController().signal, onGap, pause, isBehind = createLagDetector() } = options;
  const tell = createTeller(options.onConnection);
  const onLost = (lost: { reason: string; retryMs: number }) => tell({ state: 'lost', ...lost });
  const backoff = createBackoff({ signal, onLost, ...(pause && { pause }) });
  const isNew = createDeduplicator();
  let cursor = options.after ?? null;
  tell({ state: 'connecting' });
  while (!signal.aborted) {
    const resumed = cursor !== null;
    // Also of one that breaks before anything came the place is known.
    const onBegin = (begin: string) => {
      cursor = begin;
      backoff.opened();
      tell({ state: resumed ? 'catching up' : 'live' });
    };
    try {
      for await (const item of open(cursor, signal, onBegin)) {
        if (signal.aborted) return;
        cursor = cursorOf(item);
        backoff.opened();
        if (isRepeated(item, isNew)) continue;
        tell({ state: isOfBacklog(item, isBehind) ? 'catching up' : 'live' });
        yield item;
      }
      if (!signal.aborted) tell({ state: 'ended' });
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (cursor !== null && onGap && UNUSABLE_CURSOR_CODES.includes(codeOf(error))) {
        cursor = null;
        onGap(error as MienError);
      } else await backoff.wait(error);
    }
  }
}

/** @throws TypeError: without it a break would lose what comes meanwhile, and nobody would know */
function cursorOf(item: Resumable | null | undefined): string {
  if (typeof item?.cursor === 'string') return item.cursor;
  throw new TypeError(
    'Select `cursor` in what is followed: without it nothing can be resumed after a break.',
  );
}

/** Tells a state once, however often it is reached in a row; each pause is told. */
function createTeller(onConnection: FollowOptions['onConnection']): (connection: Connection) => void {
  let last = '';
  return (connection) => {
    if (connection.state === last && connection.state !== 'lost') return;
    last = connection.state;
    onConnection?.(connection);
  };
}

function isRepeated({ sessionId, session, seq }: Resumable, isNew: (place: Place) => boolean): boolean {
  const id = sessionId ?? session?.id;
  return id !== undefined && seq !== undefined && !isNew({ sessionId: id, seq });
}

function isOfBacklog(item: Resumable, isBehind: NonNullable<FollowOptions['isBehind']>): boolean {
  return item.wallTime !== undefined && isBehind({ wallTime: item.wallTime });
}
