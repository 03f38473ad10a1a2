/** Which server runs what does not run here: told to who asks this one for what that one alone has. */
import type { Store } from '../../store/index.ts';

type Sessions = Pick<Store['sessions'], 'live' | 'runner'>;

/** @returns its host and process; null: nobody runs it, or whoever did is gone */
export async function serverOfSession(
  sessions: Pick<Sessions, 'runner'>,
  id: string,
): Promise<string | null> {
  const runner = await sessions.runner(id);
  return runner === null || runner.isGone ? null : runner.server;
}

/** @returns as `serverOfSession` */
export async function serverOfStream(sessions: Sessions, streamId: string): Promise<string | null> {
  const [live] = await sessions.live(streamId);
  return live === undefined ? null : serverOfSession(sessions, live.id);
}
