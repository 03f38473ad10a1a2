/** Who may see a stream goes by its tags: other servers are told to read them. */
import type { Store } from '../../store/index.ts';
import type { ServerBus } from './bus-parts.ts';

export function announceTagChanges(streams: Store['streams'], { tellTagged }: ServerBus): Store['streams'] {
  const told = async <Stream extends { id: string } | null>(changing: Promise<Stream>) => {
    const stream = await changing;
    if (stream !== null) tellTagged(stream.id);
    return stream;
  };
  return {
    ...streams,
    create: (...given) => told(streams.create(...given)),
    createUnless: (...given) => told(streams.createUnless(...given)),
    update: (id, change) => told(streams.update(id, change)),
  };
}
