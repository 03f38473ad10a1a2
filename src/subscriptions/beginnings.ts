/** Cursors of now: whoever subscribes without one, and loses the connection before anything came, resumes by these. */
import type { Scope } from '../domain/live-event.ts';
import { encodeCursor, momentCursor } from './cursor.ts';
import { LogPlace } from './log-place.ts';
import type { SubscriptionDeps } from './ports.ts';

type Deps = Pick<SubscriptionDeps, 'sessions' | 'history' | 'log'>;

/** Behind the newest moment that is committed. Whether there is such a stream or session is asked by who subscribes. */
export async function beginningOfMoments(
  { sessions, history, log }: Deps,
  { streamId, sessionId }: Scope,
): Promise<string> {
  if (sessionId === undefined && streamId === undefined) {
    return encodeCursor({ kind: 'all', ...LogPlace.atEnd(await log.writers()).told() });
  }
  const session = sessionId ?? (await sessions.latest(streamId!))?.id;
  if (session === undefined) return encodeCursor({ kind: 'stream', streamId: streamId! });
  return momentCursor(session, (await history.extent(session)).newest);
}

/** Behind the newest commit, and all that it told. */
export async function beginningOfEpisodes({ log }: Pick<Deps, 'log'>): Promise<string> {
  const told = LogPlace.atEnd(await log.writers()).told();
  const positions = told.positions.length > 0 ? told.positions : [0];
  return encodeCursor({
    kind: 'episodes',
    ...{ ...told, positions },
    at: { position: positions.at(-1)!, index: 2 ** 31 - 1, kind: 2 },
  });
}
