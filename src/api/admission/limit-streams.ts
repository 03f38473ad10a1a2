/** How many streams may be registered; each may run, with a decoder of its own. What is refused is counted. */
import { MienError } from '../../errors.ts';
import type { StreamManager } from '../context/ports.ts';

const REFUSALS: readonly string[] = ['TOO_MANY_STREAMS', 'OVER_CAPACITY'];

export function limitStreams(
  manager: StreamManager,
  {
    most,
    count,
    onRefused,
  }: { most: number; count: () => Promise<number>; onRefused: (code: string) => void },
): StreamManager {
  let registering = 0;
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof MienError && REFUSALS.includes(error.code)) onRefused(error.code);
      throw error;
    }
  };
  return {
    async register(stream, options) {
      let admitted = 0;
      const admit = async () => {
        await options?.admit?.();
        registering += 1;
        admitted = 1;
        if ((await count()) + registering > most) throw tooMany(most);
      };
      try {
        return await counted(() => manager.register(stream, { ...options, admit }));
      } finally {
        registering -= admitted;
      }
    },
    change: (id, change, options) => manager.change(id, change, options),
    start: (id, words) => counted(() => manager.start(id, words)),
    stop: (id) => manager.stop(id),
    remove: (id) => manager.remove(id),
  };
}

function tooMany(most: number): MienError {
  return new MienError(
    'TOO_MANY_STREAMS',
    `There are ${most} streams, the most that may be: remove one, or have MIEN_MAX_STREAMS raised.`,
  );
}
