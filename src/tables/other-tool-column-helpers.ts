/** What the columns of other tools share: lengths in pixels of the source's picture, angles in radians, 68 points, action units. */
import type { FrameSize } from '../domain/frame.ts';
import type { FaceColumns, Row } from './rows.ts';
import type { Cell, Column, ColumnType } from './table.ts';

/** A row, and the picture whose pixels those tools count in. */
export interface PicturedRow extends Row {
  /** Of the source, before it was made smaller. */
  picture: FrameSize;
}

export type PicturedFace = { face: FaceColumns; picture: FrameSize };

export const LANDMARKS = Array.from({ length: 68 }, (_, index) => index);

/** Of each row; empty where there is no value. */
export function column(
  name: string,
  value: (row: PicturedRow) => Cell,
  type: ColumnType = 'DOUBLE',
): Column<PicturedRow> {
  return { name, type, value };
}

/** Of a face; empty in a row without one. */
export function faceColumn(name: string, value: (row: PicturedFace) => number): Column<PicturedRow> {
  return column(name, ({ face, picture }) => (face === null ? null : value({ face, picture })));
}

/** What mien does not know. */
export function emptyColumn(name: string): Column<PicturedRow> {
  return column(name, () => null);
}

/** All x, then all y, in pixels. */
export function landmarkColumns(decimals: number): Column<PicturedRow>[] {
  const x = LANDMARKS.map((index) =>
    faceColumn(`x_${index}`, ({ face, picture }) =>
      rounded((face.landmarks[index]?.[0] ?? Number.NaN) * picture.width, decimals),
    ),
  );
  const y = LANDMARKS.map((index) =>
    faceColumn(`y_${index}`, ({ face, picture }) =>
      rounded((face.landmarks[index]?.[1] ?? Number.NaN) * picture.height, decimals),
    ),
  );
  return [...x, ...y];
}

/**
 * An action unit, 0 to 1; empty where the model has none of that name, or does not tell of it.
 * @param told names of those that the model tells of
 * @param ours mien's name of it, as `AU12`
 */
export function actionUnitColumn(
  name: string,
  ours: string,
  told: ReadonlySet<string>,
  value: (strength: number) => number,
): Column<PicturedRow> {
  if (!told.has(ours)) return emptyColumn(name);
  return faceColumn(name, ({ face }) => value(face.actionUnits[ours] ?? Number.NaN));
}

export function radians(degrees: number): number {
  return rounded((degrees * Math.PI) / 180, 3);
}

export function rounded(value: number, decimals: number): number {
  // Never -0, which some readers take for text of its own.
  return Number(value.toFixed(decimals)) + 0;
}
