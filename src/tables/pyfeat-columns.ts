/** The columns of py-feat's Fex, as its Detectorv1 saves them, in its order and units; docs/columns.md says what each is made of. */
import { EXPRESSIONS } from '../domain/face.ts';
import {
  actionUnitColumn,
  column,
  emptyColumn,
  faceColumn,
  landmarkColumns,
  type PicturedFace,
  type PicturedRow,
  radians,
  rounded,
} from './other-tool-column-helpers.ts';
import type { Column } from './table.ts';

/** Its names of action units, and mien's; its eyes that are shut are mien's AU45, which is told of each frame by itself. */
const ACTION_UNITS: readonly (readonly [name: string, ours: string])[] = [
  ...[1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 20, 23, 24, 25, 26, 28].map(
    (number) => [`AU${String(number).padStart(2, '0')}`, `AU${number}`] as const,
  ),
  ['AU43', 'AU45'],
];
const EMOTIONS = ['anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral'] as const;

/** @param told names of the action units that the model tells of */
export function pyfeatColumns(told: ReadonlySet<string>): Column<PicturedRow>[] {
  return [
    ...boxColumns(),
    ...landmarkColumns(2),
    faceColumn('Pitch', ({ face }) => radians(face.pose.pitch)),
    // To the subject's right, which is the picture's left.
    faceColumn('Roll', ({ face }) => radians(-face.pose.roll)),
    faceColumn('Yaw', ({ face }) => radians(-face.pose.yaw)),
    ...['X', 'Y', 'Z'].map(emptyColumn),
    ...ACTION_UNITS.map(([name, ours]) => actionUnitColumn(name, ours, told, (strength) => strength)),
    ...EMOTIONS.map((name) => faceColumn(name, ({ face }) => probability(face, name))),
    ...['gaze_pitch', 'gaze_yaw', 'gaze_angle'].map(emptyColumn),
    column('FrameHeight', ({ picture }) => picture.height),
    column('FrameWidth', ({ picture }) => picture.width),
    column('input', ({ frame }) => frame.input, 'STRING'),
    column('frame', ({ frame }) => frame.seq),
    column('approx_time', ({ frame }) => minutesAndSeconds(frame.mediaTime), 'STRING'),
    // Beyond its own: which face it is, and when to the millisecond.
    column('track', ({ face }) => face?.track ?? null),
    column('mediaTime', ({ frame }) => rounded(frame.mediaTime, 3)),
  ];
}

function boxColumns(): Column<PicturedRow>[] {
  const sides = [
    ['FaceRectX', 0, 'width'],
    ['FaceRectY', 1, 'height'],
    ['FaceRectWidth', 2, 'width'],
    ['FaceRectHeight', 3, 'height'],
  ] as const;
  return [
    ...sides.map(([name, side, length]) =>
      faceColumn(name, ({ face, picture }) => rounded(face.box[side] * picture[length], 2)),
    ),
    faceColumn('FaceScore', ({ face }) => face.quality.score),
  ];
}

function minutesAndSeconds(seconds: number): string {
  return [Math.floor(seconds / 60), Math.floor(seconds % 60)]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

function probability(face: PicturedFace['face'], name: (typeof EMOTIONS)[number]): number {
  const expression = EXPRESSIONS.find((one) => one.toLowerCase() === name)!;
  return face.probabilities[expression] ?? Number.NaN;
}
