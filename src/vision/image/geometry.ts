/**
 * Plane geometry of boxes, points and similarities, in pixels. Points are flat: x0, y0, x1, y1, …; pixel
 * (0, 0) covers the unit square whose centre is (0.5, 0.5).
 */

/** A rectangle by its corners; one with x2 <= x1 or y2 <= y1 is empty. */
export interface Rect {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

/** Rotation with scale, then a shift: x' = a x - b y + tx, y' = b x + a y + ty. */
export interface Similarity {
  a: number;
  b: number;
  tx: number;
  ty: number;
}

type Points = ArrayLike<number>;

/** Area of a rectangle; an empty one has none. */
export function area(box: Rect): number {
  return Math.max(box.x2 - box.x1, 0) * Math.max(box.y2 - box.y1, 0);
}

/** Intersection over union, 0 to 1: 0 for boxes that only touch, and for empty ones. */
export function iou(p: Rect, q: Rect): number {
  const width = Math.min(p.x2, q.x2) - Math.max(p.x1, q.x1);
  const height = Math.min(p.y2, q.y2) - Math.max(p.y1, q.y1);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / (area(p) + area(q) - common);
}

/**
 * Greedy non-maximum suppression: indices of the kept boxes, best first. A box goes when its intersection
 * over union with a better one is above `threshold`; equal scores keep their order; empty boxes are left out.
 */
export function nms(boxes: readonly Rect[], scores: Points, threshold: number): number[] {
  const order = boxes.map((_, i) => i).filter((i) => area(boxes[i]!) > 0);
  order.sort((i, j) => scores[j]! - scores[i]! || i - j);
  const kept: number[] = [];
  for (const i of order) {
    if (kept.every((k) => iou(boxes[k]!, boxes[i]!) <= threshold)) kept.push(i);
  }
  return kept;
}

/** The rectangle moved by so many pixels. */
export function translate(box: Rect, dx: number, dy: number): Rect {
  return { x1: box.x1 + dx, y1: box.y1 + dy, x2: box.x2 + dx, y2: box.y2 + dy };
}

/** The rectangle in a picture that is so many times as wide and as high. */
export function stretch({ x1, y1, x2, y2 }: Rect, x: number, y: number): Rect {
  return { x1: x1 * x, y1: y1 * y, x2: x2 * x, y2: y2 * y };
}

/** Side of the square of the same area. */
export function equivalentSide(box: Rect): number {
  return Math.sqrt(area(box));
}

/** Mean distance of corresponding points. */
export function meanDistance(p: Points, q: Points): number {
  let sum = 0;
  for (let i = 0; i < p.length; i += 2) sum += Math.hypot(p[i]! - q[i]!, p[i + 1]! - q[i + 1]!);
  return sum / (p.length / 2);
}

/**
 * The least-squares similarity that maps `source` onto `target` (Umeyama, 1991, without reflection; in the
 * plane it has a closed form). Null when the source points coincide.
 */
export function fitSimilarity(source: Points, target: Points): Similarity | null {
  const s = mean(source);
  const t = mean(target);
  let spread = 0;
  let dot = 0;
  let cross = 0;
  for (let i = 0; i < source.length; i += 2) {
    const [sx, sy] = [source[i]! - s.x, source[i + 1]! - s.y];
    const [ux, uy] = [target[i]! - t.x, target[i + 1]! - t.y];
    spread += sx * sx + sy * sy;
    dot += sx * ux + sy * uy;
    cross += sx * uy - sy * ux;
  }
  const [a, b] = [dot / spread, cross / spread];
  if (!Number.isFinite(a) || !Number.isFinite(b) || (a === 0 && b === 0)) return null;
  return { a, b, tx: t.x - (a * s.x - b * s.y), ty: t.y - (b * s.x + a * s.y) };
}

function mean(points: Points): { x: number; y: number } {
  let [x, y] = [0, 0];
  for (let i = 0; i < points.length; i += 2) {
    x += points[i]!;
    y += points[i + 1]!;
  }
  const count = points.length / 2;
  return { x: x / count, y: y / count };
}

/** The similarity that undoes `m`. */
export function invert(m: Similarity): Similarity {
  const determinant = m.a * m.a + m.b * m.b;
  const a = m.a / determinant;
  const b = -m.b / determinant;
  return { a, b, tx: -(a * m.tx - b * m.ty), ty: -(b * m.tx + a * m.ty) };
}

/** The similarity that does `first`, then `second`. */
export function compose(first: Similarity, second: Similarity): Similarity {
  const { a, b } = second;
  return {
    a: a * first.a - b * first.b,
    b: b * first.a + a * first.b,
    tx: a * first.tx - b * first.ty + second.tx,
    ty: b * first.tx + a * first.ty + second.ty,
  };
}

/** Pixels of the target per pixel of the source. */
export function scaleOf(m: Similarity): number {
  return Math.hypot(m.a, m.b);
}

/** Clockwise turn in degrees, as seen in a picture whose y axis points down. */
export function rotationOf(m: Similarity): number {
  return (Math.atan2(m.b, m.a) * 180) / Math.PI;
}

/** Points mapped by `m`, first multiplied by `unit`. */
export function mapPoints(m: Similarity, points: Points, unit = 1): Float64Array {
  const out = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i]! * unit, points[i + 1]! * unit];
    out[i] = m.a * x - m.b * y + m.tx;
    out[i + 1] = m.b * x + m.a * y + m.ty;
  }
  return out;
}

/** The rectangle under `m`: its centre mapped, its sides scaled, still upright. */
export function mapRect(m: Similarity, box: Rect): Rect {
  const [x, y] = [(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2];
  const half = scaleOf(m) / 2;
  const [w, h] = [(box.x2 - box.x1) * half, (box.y2 - box.y1) * half];
  const [cx, cy] = [m.a * x - m.b * y + m.tx, m.b * x + m.a * y + m.ty];
  return { x1: cx - w, y1: cy - h, x2: cx + w, y2: cy + h };
}
