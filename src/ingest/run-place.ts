/** Where a run of ffmpeg begins. */
import type { SourceInfo } from '../domain/frame.ts';
import type { RunPlace } from './decode-job.ts';
import { MAX_LAG_MS } from './frames/punctuality.ts';
import type { LoopPasses } from './loop-passes.ts';

export const FIRST_PLACE = beginning(() => 0);

/** With the first frame of the source. @param mediaTime of that, as seen from the first run */
function beginning(mediaTime: () => number): RunPlace {
  return { mediaTime, position: 0, pass: 0, passes: 1 };
}

/** Seconds. That a start took longer was for a busy machine; what is further ahead of the clock would be taken for a pause. */
const LONGEST_STARTUP = MAX_LAG_MS / 1000;

/**
 * Where a run of ffmpeg begins that takes the place of another.
 * @param due media time at which it should go on, in seconds; asked for again when a live source gives its first frame
 * @param startup seconds that the last one took until its first frame
 * @param passes of a looped recording; null: of any other source
 */
export function placeAt(
  due: () => number,
  startup: number,
  { live, duration }: Pick<SourceInfo, 'live' | 'duration'>,
  passes: LoopPasses | null,
): RunPlace {
  if (live) return beginning(once(due));
  const mediaTime = due() + Math.min(startup, LONGEST_STARTUP);
  if (passes) return passes.at(mediaTime, duration);
  return { ...beginning(() => mediaTime), position: mediaTime };
}

function once(work: () => number): () => number {
  let result: number | null = null;
  return () => (result ??= work());
}
