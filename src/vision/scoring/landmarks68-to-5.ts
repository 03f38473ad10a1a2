/** For each of the five landmarks, the points of Multi-PIE's 68 whose mean it is. */
const POINTS: readonly (readonly number[])[] = [
  [36, 37, 38, 39, 40, 41],
  [42, 43, 44, 45, 46, 47],
  [30],
  [48],
  [54],
];

/** Eye centres, nose tip and mouth corners out of 68 landmarks (Multi-PIE), multiplied by `unit`. */
export function landmarks5Of(landmarks: ArrayLike<number>, unit: number): Float64Array {
  const landmarks5 = new Float64Array(10);
  for (const [i, points] of POINTS.entries()) {
    for (const point of points) {
      landmarks5[2 * i]! += (landmarks[2 * point]! * unit) / points.length;
      landmarks5[2 * i + 1]! += (landmarks[2 * point + 1]! * unit) / points.length;
    }
  }
  return landmarks5;
}
