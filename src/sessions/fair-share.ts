/** Which of the streams that should run this server starts, where there are several. */
import type { SourceInput } from '../domain/frame.ts';
import type { StreamRecord } from '../domain/stream.ts';
import type { StreamRepository } from './ports.ts';

export interface ShareDeps {
  streams: Pick<StreamRepository, 'share'>;
  /** Whether what is read of a file can be read here. */
  isHere?: (source: SourceInput) => Promise<boolean>;
  /** By stream. */
  running: ReadonlyMap<string, unknown>;
  waiting: ReadonlySet<string>;
  /** How often streams were left to other servers, which did not start them. */
  deferred: Map<string, number>;
}

/**
 * A stream that was left to others so often, about a second apart, and they started none meanwhile, is started all the same; one
 * whose file is not here later, to fail with what is wrong: who has it may just be starting again.
 */
const DEFERRED_AT_MOST = { here: 3, elsewhere: 30 };

/** As many as fall to it, of those that it can read the first; and those that no other took. */
export async function ofShare(
  { streams, isHere, running, waiting, deferred }: ShareDeps,
  sound: readonly StreamRecord[],
): Promise<StreamRecord[]> {
  const share = sound.length === 0 ? 0 : await streams.share();
  if (share === null) return [...sound];
  let room = share - running.size - waiting.size;
  const before = new Map(deferred);
  deferred.clear();
  const areOthersAtIt = sound.filter(({ id }) => before.has(id)).length < before.size;
  const taken: StreamRecord[] = [];
  for (const stream of sound) {
    const times = before.get(stream.id) ?? 0;
    const here = (await isHere?.(stream.source)) ?? true;
    if ((here && room > 0) || times >= DEFERRED_AT_MOST[here ? 'here' : 'elsewhere']) {
      room -= 1;
      taken.push(stream);
    } else deferred.set(stream.id, areOthersAtIt ? times : times + 1);
  }
  return taken;
}
