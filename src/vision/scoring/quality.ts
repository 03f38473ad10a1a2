/** Reasons to doubt a reading. Each is a plain measurement against a threshold of the card. */
import { QUALITY_ISSUES, type QualityIssue } from '../../domain/face.ts';
import type { EnsembleCard } from '../models/model-manifest.ts';

export type IssueThresholds = EnsembleCard['thresholds']['issues'];

/** Measurements of a face; pixels are the frame's, angles degrees, luma 0 to 255. */
export interface FaceMeasures {
  /** Side of the square of the box's area. */
  size: number;
  sharpness: number;
  luma: number;
  yaw: number;
  pitch: number;
  /** The ensemble's own judgement, 0 to 1. */
  quality: number;
}

/**
 * SMALL: the square of the box's area has a side below `small` pixels. BLURRED: sharpness (see `measureCrop`) is below
 * `blurred`. TURNED: yaw or pitch is beyond `turned` degrees. DARK: the crop's mean luma is below `dark`.
 * COVERED: the ensemble's quality is below `covered` and none of the others explains it; what lowers it then
 * is something before the face, or something that is no face.
 */
export function issuesOf(face: FaceMeasures, thresholds: IssueThresholds): QualityIssue[] {
  const issues: QualityIssue[] = [];
  if (face.size < thresholds.small) issues.push('SMALL');
  if (face.sharpness < thresholds.blurred) issues.push('BLURRED');
  if (Math.max(Math.abs(face.yaw), Math.abs(face.pitch)) > thresholds.turned) issues.push('TURNED');
  if (face.luma < thresholds.dark) issues.push('DARK');
  if (issues.length === 0 && face.quality < thresholds.covered) issues.push('COVERED');
  return issues;
}

/** Issues as bits, in the order of QUALITY_ISSUES. */
export function toBits(issues: readonly QualityIssue[]): number {
  return issues.reduce((bits, issue) => bits | (1 << QUALITY_ISSUES.indexOf(issue)), 0);
}

/** The inverse of `toBits`. */
export function fromBits(bits: number): QualityIssue[] {
  return QUALITY_ISSUES.filter((_, i) => bits & (1 << i));
}

/**
 * Laplacian over luma variance at which a crop counts as perfectly sharp. On photos of faces, 0.4 of it parts
 * crops at their native resolution (19 in 20 above) from those blurred by a crop pixel (3 in 4 below).
 */
const FULL_SHARPNESS = 0.16;

/**
 * Mean luma, and sharpness from 0 to 1: the variance of the Laplacian (Pech-Pacheco et al., 2000) over the
 * variance of the luma, so that neither light nor contrast change it. Both on a gray crop [size, size] at
 * `offset`. A crop without contrast has no sharpness.
 */
export function measureCrop(
  crops: Uint8Array,
  offset: number,
  size: number,
): { luma: number; sharpness: number } {
  let [sum, squares, edges] = [0, 0, 0];
  for (let y = 1; y < size - 1; y++) {
    let at = offset + y * size + 1;
    for (let x = 1; x < size - 1; x++, at++) {
      const v = crops[at]!;
      const edge = crops[at - 1]! + crops[at + 1]! + crops[at - size]! + crops[at + size]! - 4 * v;
      sum += v;
      squares += v * v;
      edges += edge * edge;
    }
  }
  const count = (size - 2) ** 2;
  const luma = sum / count;
  const variance = squares / count - luma * luma;
  const sharpness = variance < 1 ? 0 : Math.min(1, edges / count / variance / FULL_SHARPNESS);
  return { luma, sharpness };
}
