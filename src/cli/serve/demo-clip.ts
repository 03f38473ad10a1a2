/** The clip of the repository, to try mien with: for who asks for it, and of itself in an empty database. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import type { StreamManager } from '../../sessions/index.ts';
import type { Store } from '../../store/index.ts';
import type { UploadPlace } from './upload-places.ts';

const DEMO_CLIP = fileURLToPath(new URL('../../../test/fixtures/demo.mp4', import.meta.url));

/**
 * Lays it among the uploads, as if somebody had sent it. Its token is made of its contents, so that whoever asks for it again
 * gets the same stream; it is no secret, as the clip is none.
 * @throws MienError BAD_INPUT when this mien came without it, UPLOADS_UNAVAILABLE
 */
export async function bringDemoClip(uploads: UploadPlace): Promise<string> {
  const clip = await readFile(DEMO_CLIP).catch(() => null);
  if (clip === null)
    throw new MienError('BAD_INPUT', 'This mien came without its demo clip: give it a video of your own.');
  const token = createHash('sha256').update(clip).digest('hex').slice(0, 32);
  if ((await uploads.size(token)) !== clip.length) await uploads.put(token, clip);
  return token;
}

export async function registerDemo(
  store: Store,
  streamManager: StreamManager,
  uploads: UploadPlace,
  log: Log,
): Promise<void> {
  if (!(await store.streams.isEmpty())) return;
  try {
    const token = await bringDemoClip(uploads);
    const demo = { name: 'Demo', purpose: 'RESEARCH', loop: true, realtime: true };
    await streamManager.register({ ...demo, source: { type: 'upload', token } });
  } catch (error) {
    if (error instanceof MienError) log.warn({}, error.message);
    else log.warn({ err: error }, 'the demo could not be started');
  }
}
