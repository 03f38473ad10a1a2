/** The columns of OpenFace 2.2's FeatureExtraction, in its order, units and decimals; docs/columns.md says what each is made of. */
import {
  actionUnitColumn,
  column,
  emptyColumn,
  faceColumn,
  LANDMARKS,
  landmarkColumns,
  type PicturedRow,
  radians,
  rounded,
} from './other-tool-column-helpers.ts';
import type { Column } from './table.ts';

const EYE_LANDMARKS = Array.from({ length: 56 }, (_, index) => index);
const SHAPE_MODES = Array.from({ length: 34 }, (_, index) => index);
/** Of which it tells how strong they are, and of these and AU28 whether they are there. */
const INTENSITIES = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45];
const PRESENCES = [...INTENSITIES, 28].sort((one, other) => one - other);
/** Its scale of intensity ends here; FACS's A, the least that is coded, is 1. */
const MOST_INTENSE = 5;
const LEAST_INTENSE = 1;

/** @param told names of the action units that the model tells of */
export function openfaceColumns(told: ReadonlySet<string>): Column<PicturedRow>[] {
  const unit = (number: number, suffix: string, value: (strength: number) => number) =>
    actionUnitColumn(`AU${String(number).padStart(2, '0')}_${suffix}`, `AU${number}`, told, value);
  return [
    column('frame', ({ frame }) => frame.seq + 1),
    column('face_id', ({ face }) => (face === null ? 0 : face.track - 1)),
    column('timestamp', ({ frame }) => rounded(frame.mediaTime, 3)),
    column('confidence', ({ face }) => (face === null ? 0 : rounded(face.quality.score, 2))),
    column('success', ({ face }) => (face === null ? 0 : 1)),
    ...gazeNames().map(emptyColumn),
    ...['pose_Tx', 'pose_Ty', 'pose_Tz'].map(emptyColumn),
    // The camera's axes: x to the right, y down, z away from it; each angle turns by them.
    faceColumn('pose_Rx', ({ face }) => radians(-face.pose.pitch)),
    faceColumn('pose_Ry', ({ face }) => radians(-face.pose.yaw)),
    faceColumn('pose_Rz', ({ face }) => radians(face.pose.roll)),
    ...landmarkColumns(1),
    ...['X', 'Y', 'Z'].flatMap((axis) => LANDMARKS.map((index) => emptyColumn(`${axis}_${index}`))),
    ...['p_scale', 'p_rx', 'p_ry', 'p_rz', 'p_tx', 'p_ty'].map(emptyColumn),
    ...SHAPE_MODES.map((index) => emptyColumn(`p_${index}`)),
    ...INTENSITIES.map((number) => unit(number, 'r', intensity)),
    ...PRESENCES.map((number) =>
      unit(number, 'c', (strength) => Number(intensity(strength) >= LEAST_INTENSE)),
    ),
  ];
}

function intensity(strength: number): number {
  return rounded(strength * MOST_INTENSE, 2);
}

function gazeNames(): string[] {
  return [
    ...[0, 1].flatMap((eye) => ['x', 'y', 'z'].map((axis) => `gaze_${eye}_${axis}`)),
    ...['gaze_angle_x', 'gaze_angle_y'],
    ...['x', 'y', 'X', 'Y', 'Z'].flatMap((axis) => EYE_LANDMARKS.map((index) => `eye_lmk_${axis}_${index}`)),
  ];
}
