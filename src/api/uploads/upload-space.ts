/** How much room uploads may take together: finished ones, and those that are coming in. */
import { MienError } from '../../errors.ts';
import type { UploadFiles } from './upload-files.ts';

export interface UploadSpace {
  /** Looks again at what lies there: streams that were removed took their uploads with them. */
  look(): Promise<void>;
  /** @throws MienError UPLOADS_FULL when so many bytes more are too many; they are counted otherwise */
  take(bytes: number): void;
  /** @throws MienError UPLOADS_FULL when so many bytes more would be too many */
  assertRoom(bytes: number): void;
}

/** While less than this share is used, what was removed since the last look makes no difference, and one look serves for a minute. */
const AMPLE = 0.5;
const FRESH_MS = 60_000;

export function createUploadSpace(files: Pick<UploadFiles, 'used'>, most: number): UploadSpace {
  let used = 0;
  let takenMeanwhile = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | null = null;
  const assertRoom = (bytes: number): void => {
    if (used + bytes > most) throw full();
  };
  const lookNow = async () => {
    takenMeanwhile = 0;
    const found = await files.used();
    used = found + takenMeanwhile;
    lookedAt = performance.now();
  };
  return {
    async look() {
      if (used < AMPLE * most && performance.now() - lookedAt < FRESH_MS) return;
      looking ??= lookNow().finally(() => {
        looking = null;
      });
      await looking;
    },
    take(bytes) {
      assertRoom(bytes);
      used += bytes;
      takenMeanwhile += bytes;
    },
    assertRoom,
  };
}

function full(): MienError {
  return new MienError(
    'UPLOADS_FULL',
    'There is no room for more uploads: remove streams that use some, or have MIEN_MAX_UPLOAD_DISK raised.',
  );
}
