/**
 * Steadies scores along a track, looking back only.
 *
 * Method: an exponentially weighted mean over unevenly spaced samples (Eckner, *Algorithms for Unevenly Spaced
 * Time Series: Moving Averages and Other Rolling Operators*), in which each sample also weighs what it can be
 * trusted. A sample that is `t` seconds of media time old counts `weight · exp(-t / seconds)`; the mean is the
 * weighted sum divided by the sum of weights, so that probabilities keep summing to 1, the frame rate does not
 * change the time constant, and a blurred first frame gives way to the first sharp one.
 */

/** What is smoothed of one face; weight above 0. */
export interface Sample {
  mediaTime: number;
  weight: number;
  probabilities: readonly number[];
  valence: number;
  arousal: number;
}

export type Smoothed = Omit<Sample, 'mediaTime' | 'weight'>;

export interface Smoother {
  push(track: number, sample: Sample): Smoothed;
  /** Forgets tracks that were not seen since `before` (media time). */
  prune(before: number): void;
  /** Tracks remembered. */
  readonly size: number;
}

interface Memory {
  mediaTime: number;
  weight: number;
  /** Weighted sums: the probabilities, then valence and arousal. */
  sums: number[];
}

/** No face weighs nothing: a track of bad frames only still has a mean. */
const LEAST_WEIGHT = 0.02;

/** @param seconds time constant in seconds of media time; 0 switches smoothing off */
export function createSmoother(seconds: number): Smoother {
  const tracks = new Map<number, Memory>();
  return {
    push(track, sample) {
      if (seconds <= 0) return sample;
      const memory = remember(tracks.get(track), sample, seconds);
      tracks.set(track, memory);
      return mean(memory);
    },
    prune(before) {
      for (const [track, memory] of tracks) if (memory.mediaTime < before) tracks.delete(track);
    },
    get size() {
      return tracks.size;
    },
  };
}

function remember(past: Memory | undefined, sample: Sample, seconds: number): Memory {
  const weight = Math.max(sample.weight, LEAST_WEIGHT);
  const now = [...sample.probabilities, sample.valence, sample.arousal].map((value) => value * weight);
  if (!past) return { mediaTime: sample.mediaTime, weight, sums: now };
  const elapsed = Math.max(0, sample.mediaTime - past.mediaTime);
  const decay = Math.exp(-elapsed / seconds);
  return {
    mediaTime: Math.max(sample.mediaTime, past.mediaTime),
    weight: past.weight * decay + weight,
    sums: now.map((value, at) => value + (past.sums[at] ?? 0) * decay),
  };
}

function mean({ sums, weight }: Memory): Smoothed {
  const values = sums.map((sum) => sum / weight);
  const [valence = 0, arousal = 0] = values.slice(-2);
  return { probabilities: values.slice(0, -2), valence, arousal };
}
