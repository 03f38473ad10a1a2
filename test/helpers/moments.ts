/** Made-up moments for tests: plausible, and different from one another. */
import { EXPRESSIONS, type FaceReading } from '../../src/domain/face.ts';
import type { Moment } from '../../src/domain/moment.ts';

export interface MomentShape {
  faces?: number;
  frameRate?: number;
  /** Wall time of sequence number 0, in milliseconds. */
  start?: number;
}

/** @param seq also the seed: the same number gives the same moment */
export function makeMoment(sessionId: string, seq: number, shape: MomentShape = {}): Moment {
  const { faces = 1, frameRate = 10, start = Date.UTC(2026, 10, 24, 12) } = shape;
  const random = randomFrom(seq + 1);
  return {
    sessionId,
    seq,
    mediaTime: seq / frameRate,
    wallTime: start + Math.round((seq * 1000) / frameRate),
    previousDuration: Math.round(1_000_000 / frameRate) / 1_000_000,
    cut: false,
    dropped: seq % 7 === 3 ? { busy: 2 } : {},
    faces: Array.from({ length: faces }, (_, at) => makeFace(at + 1, random)),
  };
}

export function makeFace(track: number, random: () => number): FaceReading {
  const probabilities = distribution(random);
  const confidence = Math.max(...probabilities);
  return {
    track,
    box: { x: random() * 0.5, y: random() * 0.5, width: 0.2, height: 0.3 },
    expression: confidence < 0.2 ? null : EXPRESSIONS[probabilities.indexOf(confidence)]!,
    confidence,
    probabilities,
    rawProbabilities: distribution(random),
    agreement: random(),
    valence: random() * 2 - 1,
    arousal: random() * 2 - 1,
    pose: { yaw: random() * 90 - 45, pitch: random() * 60 - 30, roll: random() * 40 - 20 },
    actionUnits: Array.from({ length: 12 }, random),
    landmarks: Array.from({ length: 68 }, () => ({ x: random() * 1.1 - 0.05, y: random() })),
    quality: { score: random(), issues: random() < 0.3 ? ['BLURRED', 'DARK'] : [] },
  };
}

function distribution(random: () => number): number[] {
  const weights = EXPRESSIONS.map(() => random() ** 3);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Numbers from 0 to 1 that repeat for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
