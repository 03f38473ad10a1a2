/** How the frames of a source are timed and chosen, by what it is and what was asked for. */
import type { DecodeJob } from './decode-job.ts';
import { isNetwork } from './ffmpeg/source-kinds.ts';
import { maxTimestampGap } from './frames/max-timestamp-gap.ts';
import {
  hlsPunctuality,
  livePunctuality,
  type Punctuality,
  recordingPunctuality,
} from './frames/punctuality.ts';
import { SkipUnreferenced } from './frames/skip-unreferenced.ts';
import type { ReadPlan } from './read-plan.ts';

type PolicyJob = Pick<DecodeJob, 'source' | 'info' | 'options' | 'deps'>;

/** Another run costs a start of ffmpeg; for a camera, also a new connection. */
const PATIENCE_MS = { live: 60_000, recorded: 10_000 };

/**
 * A recording that comes over a network is not read from the middle, and what is sent to mien not a second time. Of a source without a clock nothing is left out: how many
 * frames it has is not known, so that what remains would seem too few, and it would be opened once more for nothing.
 */
export function leavingOutOf(
  { source, info: { live, kind }, options, deps }: PolicyJob,
  { byArrival }: Pick<ReadPlan, 'byArrival'>,
): SkipUnreferenced {
  const { frameRate, timing } = options;
  const isNearest = (timing ?? (live || options.realtime ? 'NEAREST' : 'EVEN')) === 'NEAREST';
  return new SkipUnreferenced({
    frameRate,
    always: isNearest && (live || !isNetwork(kind)),
    patience: live ? PATIENCE_MS.live : PATIENCE_MS.recorded,
    remained: byArrival || kind === 'push' ? 0 : deps.remaining.get(source.displayName),
    now: () => performance.now(),
  });
}

/** Null for recordings that are waited for. @param seeks whether a recording can be read from a later place, as far as is known */
export function punctualityOf(
  { info: { kind, live }, options }: PolicyJob,
  seeks: () => boolean,
): Punctuality | null {
  const now = () => performance.now();
  const longestPause = maxTimestampGap(1 / options.frameRate);
  if (live) return kind === 'hls' ? hlsPunctuality(longestPause, now) : livePunctuality(now, kind !== 'push');
  return options.realtime ? recordingPunctuality(longestPause, now, seeks) : null;
}

/** Sources of which is remembered how much remains when frames are left out. */
const MAX_REMEMBERED = 1000;

/** So that the next opening of the source need not try. */
export function rememberRemaining({ source, deps }: PolicyJob, { remained }: SkipUnreferenced): void {
  if (deps.remaining.size >= MAX_REMEMBERED) deps.remaining.clear();
  if (remained !== undefined) deps.remaining.set(source.displayName, remained);
}
