/** The clip of the repository, to try mien with: for who asks for it, and of itself in an empty database. */
import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config.ts';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import type { StreamManager } from '../../sessions/index.ts';
import type { Store } from '../../store/index.ts';

const DEMO_CLIP = fileURLToPath(new URL('../../../test/fixtures/demo.mp4', import.meta.url));

/**
 * Lays it among the uploads, as if somebody had sent it. Its token is made of its contents, so that whoever asks for it again
 * gets the same stream; it is no secret, as the clip is none.
 * @throws MienError BAD_INPUT when this mien came without it
 */
export async function bringDemoClip(uploadsDir: string): Promise<string> {
  const clip = await readFile(DEMO_CLIP).catch(() => null);
  if (clip === null)
    throw new MienError('BAD_INPUT', 'This mien came without its demo clip: give it a video of your own.');
  const token = createHash('sha256').update(clip).digest('hex').slice(0, 32);
  const path = join(uploadsDir, token);
  if ((await stat(path).catch(() => null))?.size === clip.length) return token;
  // Whole or not at all, also when it is asked for twice at once.
  const part = `${path}.${randomUUID()}`;
  await writeFile(part, clip);
  await rename(part, path);
  return token;
}

export async function registerDemo(
  store: Store,
  streamManager: StreamManager,
  config: Config,
  log: Log,
): Promise<void> {
  if (!(await store.streams.isEmpty())) return;
  try {
    const token = await bringDemoClip(config.uploadsDir);
    const demo = { name: 'Demo', purpose: 'RESEARCH', loop: true, realtime: true };
    await streamManager.register({ ...demo, source: { type: 'upload', token } });
  } catch (error) {
    if (error instanceof MienError) log.warn({}, error.message);
    else log.warn({ err: error }, 'the demo could not be started');
  }
}
