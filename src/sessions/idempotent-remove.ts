import type { StreamRepository } from './ports.ts';

/** Where the answer was lost, but not the removal, there is still something to tell and an upload to release. */
export async function idempotentRemove(
  streams: Pick<StreamRepository, 'get' | 'remove'>,
  id: string,
): Promise<void> {
  try {
    await streams.remove(id);
  } catch (error) {
    if (await streams.get(id).catch(() => true)) throw error;
  }
}
