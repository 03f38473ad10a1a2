/** Made-up moments with one face, as full of numbers as real ones. */
import { EXPRESSIONS, type FaceReading } from '../../src/domain/face.ts';
import type { Moment } from '../../src/domain/moment.ts';

/** The same `seq` always gives the same moment; now is the first. */
export function makeMoment(sessionId: string, seq: number, start: number): Moment {
  return {
    ...{ sessionId, seq, mediaTime: seq / 10, wallTime: start + seq * 100, dropped: {} },
    ...{ previousDuration: 0.1, cut: false },
    faces: [makeFace(seq)],
  };
}

function makeFace(seq: number): FaceReading {
  const noise = (at: number) => Math.abs(Math.sin(seq * 12.9898 + at * 78.233) * 43758.5453) % 1;
  const probabilities = distribution(noise, 0);
  const confidence = Math.max(...probabilities);
  return {
    track: 1,
    box: { x: noise(20) / 2, y: noise(21) / 2, width: 0.2, height: 0.3 },
    expression: EXPRESSIONS[probabilities.indexOf(confidence)]!,
    confidence,
    probabilities,
    rawProbabilities: distribution(noise, 10),
    agreement: noise(22),
    valence: noise(23) * 2 - 1,
    arousal: noise(24) * 2 - 1,
    pose: { yaw: noise(25) * 40, pitch: noise(26) * 40, roll: noise(27) * 40 },
    actionUnits: Array.from({ length: 21 }, (_, i) => noise(30 + i)),
    landmarks: Array.from({ length: 68 }, (_, i) => ({ x: noise(60 + i), y: noise(200 + i) })),
    quality: { score: noise(28), issues: [] },
  };
}

function distribution(noise: (at: number) => number, from: number): number[] {
  const weights = EXPRESSIONS.map((_, i) => 0.01 + noise(from + i));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
