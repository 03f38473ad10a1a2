/** Sources and models in memory: enough of each to run sessions for real. */

import type { DecodeOptions } from '../../src/domain/decode-options.ts';
import type { RawReading } from '../../src/domain/face.ts';
import type { Frame, SourceInfo, SourceInput } from '../../src/domain/frame.ts';
import { MienError } from '../../src/errors.ts';
import type { FaceAnalyser } from '../../src/sessions/ports.ts';
import { sleep } from '../../src/threads/sleep.ts';
import { tick } from '../helpers/memory-store.ts';

/** The frames of a source that was probed. */
export type Decode = (source: SourceInput, info: SourceInfo, options: DecodeOptions) => AsyncIterable<Frame>;

export const FILE_INFO: SourceInfo = {
  kind: 'file',
  live: false,
  width: 4,
  height: 2,
  duration: 1,
  codec: 'h264',
  rotation: 0,
};
export const LIVE_INFO: SourceInfo = { ...FILE_INFO, kind: 'rtsp', live: true, duration: null };

export function frame(index: number, more: Partial<Frame> = {}): Frame {
  return {
    pixels: new Uint8Array(8),
    width: 4,
    height: 2,
    mediaTime: index / 10,
    wallTime: Date.now(),
    dropped: {},
    ...more,
  };
}

/** A source of so many frames, `every` milliseconds apart; endless when `count` is infinite. */
export function frames(count: number, every = 0, more: Partial<Frame> = {}): Decode {
  return async function* (_source, _info, { signal }) {
    for (let index = 0; index < count && !signal.aborted; index++) {
      await tick(every);
      yield frame(index, more);
    }
  };
}

/** A source that sends nothing, until it is given up. */
export const silent: Decode = async function* (_source, _info, { signal }) {
  await sleep(50, signal);
  yield* [];
  if (!signal.aborted) throw new MienError('SOURCE_FAILED', 'The source gave no frame for 50 ms.');
};

const HAPPY = [0.05, 0.9, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005];

function raw(track: number, probabilities: number[], more: Partial<RawReading> = {}): RawReading {
  return {
    track,
    box: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
    probabilities,
    agreement: 1,
    valence: 0,
    arousal: 0,
    pose: { yaw: 0, pitch: 0, roll: 0 },
    actionUnits: [0.1],
    landmarks: [{ x: 0.15, y: 0.25 }],
    quality: { score: 1, issues: [] },
    ...more,
  };
}

export function analyser(faces: (frame: Frame) => RawReading[] = () => [raw(1, HAPPY)]): FaceAnalyser {
  return {
    analyse: async (given) => ({ faces: faces(given), cut: false }),
    smallestFace: () => 1.5,
    close: async () => {},
  };
}
