/** Gives an empty database something to watch: the clip of the repository, as if it had been uploaded. */
import { randomBytes } from 'node:crypto';
import { copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import type { Log } from '../domain/log.ts';
import type { StreamManager } from '../sessions/index.ts';
import type { Store } from '../store/index.ts';

const DEMO_CLIP = fileURLToPath(new URL('../../test/fixtures/demo.mp4', import.meta.url));

export async function registerDemo(
  store: Store,
  streamManager: StreamManager,
  config: Config,
  log: Log,
): Promise<void> {
  if (!(await store.streams.isEmpty())) return;
  if (!(await stat(DEMO_CLIP).catch(() => null))) return log.warn({}, 'there is no demo clip to watch');
  const token = randomBytes(16).toString('hex');
  await copyFile(DEMO_CLIP, join(config.uploadsDir, token));
  const demo = { name: 'Demo', purpose: 'RESEARCH', loop: true, realtime: true };
  await streamManager.register({ ...demo, source: { type: 'upload', token } }).catch((error: unknown) => {
    log.warn({ err: error }, 'the demo could not be started');
  });
}
