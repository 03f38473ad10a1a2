/** In what numbers a model computes: each file of a pair for itself. */
import type { DetectorCard, EnsembleCard } from './model-manifest.ts';

/** `int8`: convolutions in eight-bit integers, all else in single precision. */
export const PRECISIONS = ['single', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];

export const MODEL_KINDS = ['detector', 'ensemble'] as const;
export type ModelKind = (typeof MODEL_KINDS)[number];

export type Precisions = Readonly<Record<ModelKind, Precision>>;

export const ALL_SINGLE: Precisions = { detector: 'single', ensemble: 'single' };

/** The file that computes so, with its hash and measures. The card has one in integers where these were chosen. */
export function fileOf(card: DetectorCard | EnsembleCard, precision: Precision): ModelFile {
  const { file, sha256, metrics, int8 } = card;
  if (precision === 'single') return { file, sha256, metrics };
  if (!int8) throw new Error(`${card.name} has no file in integers`);
  return { file: int8.file, sha256: int8.sha256, metrics: { ...(metrics as object | undefined), ...int8.metrics } };
}

type ModelFile = Pick<DetectorCard, 'file' | 'sha256' | 'metrics'>;
