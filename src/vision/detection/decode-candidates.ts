/** The detector's outputs become detections, before non-maximum suppression. */
import type { ModelOutput } from '../models/model-session.ts';
import type { Detection } from './detected-face.ts';

/** Candidates of one image that are kept, the best. */
const MAX_CANDIDATES = 400;

type Corners = [number, number, number, number];

/**
 * Candidates of image `n` of the batch with a score of at least `minScore`, best first, in pixels of the model's input.
 * @param outputs as in DETECTOR_OUTPUTS
 */
export function decodeCandidates(
  outputs: Record<string, ModelOutput>,
  n: number,
  minScore: number,
): Detection[] {
  const count = outputs.scores!.dims[1]!;
  const scores = outputs.scores!.data.subarray(n * count, (n + 1) * count);
  const chosen: number[] = [];
  for (let i = 0; i < count; i++) if (scores[i]! >= minScore) chosen.push(i);
  chosen.sort((i, j) => scores[j]! - scores[i]!);
  return chosen.slice(0, MAX_CANDIDATES).map((i) => {
    const at = n * count + i;
    const [x1, y1, x2, y2] = outputs.boxes!.data.subarray(at * 4, at * 4 + 4) as unknown as Corners;
    const landmarks5 = Float64Array.from(outputs.landmarks!.data.subarray(at * 10, at * 10 + 10));
    return { box: { x1, y1, x2, y2 }, landmarks5, score: scores[i]! };
  });
}
