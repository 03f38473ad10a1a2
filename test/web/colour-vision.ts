/** How different two colours look, also to eyes that lack a kind of cones. */

/** L*, a*, b* under D65. */
export type Lab = readonly [number, number, number];

/** From linear RGB to linear RGB, row by row: Machado, Oliveira and Fernandes 2009, at a severity of 1. */
export const EYES = {
  trichromatic: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopic: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopic: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
} as const;

/** @returns CIEDE2000 */
export function differenceSeen(one: string, other: string, eyes: keyof typeof EYES): number {
  return ciede2000(labSeen(one, eyes), labSeen(other, eyes));
}

function labSeen(hex: string, eyes: keyof typeof EYES): Lab {
  const linear = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const matrix = EYES[eyes];
  const [red = 0, green = 0, blue = 0] = [0, 3, 6].map((row) => {
    const seen = linear.reduce((sum, part, column) => sum + matrix[row + column]! * part, 0);
    return Math.min(1, Math.max(0, seen));
  });
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const x = f((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047);
  const y = f(0.2126729 * red + 0.7151522 * green + 0.072175 * blue);
  const z = f((0.0193339 * red + 0.119192 * green + 0.9503041 * blue) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const rad = (degrees: number) => (degrees * Math.PI) / 180;

/** By the formulas, and in the names, of Sharma, Wu and Dalal 2005. */
export function ciede2000([l1, a1, b1]: Lab, [l2, a2, b2]: Lab): number {
  const meanC = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2;
  const g = 0.5 * (1 - Math.sqrt(meanC ** 7 / (meanC ** 7 + 25 ** 7)));
  const [ap1, ap2] = [a1 * (1 + g), a2 * (1 + g)];
  const [c1, c2] = [Math.hypot(ap1, b1), Math.hypot(ap2, b2)];
  const [h1, h2] = [hue(ap1, b1), hue(ap2, b2)];
  const isGray = c1 * c2 === 0;
  const turn = Math.abs(h1 - h2) <= 180 ? 0 : 360;
  const dh = isGray ? 0 : h2 - h1 + (h2 > h1 ? -turn : turn);
  const [dL, dC] = [l2 - l1, c2 - c1];
  const dH = 2 * Math.sqrt(c1 * c2) * Math.sin(rad(dh / 2));
  const [meanL, mean] = [(l1 + l2) / 2, (c1 + c2) / 2];
  const h = isGray ? h1 + h2 : (h1 + h2 + (h1 + h2 < 360 ? turn : -turn)) / 2;
  const t =
    1 -
    0.17 * Math.cos(rad(h - 30)) +
    0.24 * Math.cos(rad(2 * h)) +
    0.32 * Math.cos(rad(3 * h + 6)) -
    0.2 * Math.cos(rad(4 * h - 63));
  const sL = 1 + (0.015 * (meanL - 50) ** 2) / Math.sqrt(20 + (meanL - 50) ** 2);
  const [sC, sH] = [1 + 0.045 * mean, 1 + 0.015 * mean * t];
  const rC = 2 * Math.sqrt(mean ** 7 / (mean ** 7 + 25 ** 7));
  const rT = -Math.sin(rad(60 * Math.exp(-(((h - 275) / 25) ** 2)))) * rC;
  const [x, y, z] = [dL / sL, dC / sC, dH / sH];
  return Math.sqrt(x ** 2 + y ** 2 + z ** 2 + rT * y * z);
}

/** In degrees from 0 to 360. */
function hue(a: number, b: number): number {
  if (a === 0 && b === 0) return 0;
  const degrees = (Math.atan2(b, a) * 180) / Math.PI;
  return degrees < 0 ? degrees + 360 : degrees;
}
