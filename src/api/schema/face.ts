/** What was read from one face in one frame. */
import type { Box, FaceReading, Point, Pose, QualityIssue } from '../../domain/face.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { describedValues } from './described-values.ts';
import { byExpression, ExpressionEnum, ExpressionProbability } from './expression.ts';

/** A reading with its session, whose model names the action units. */
export type SessionReading = FaceReading & { sessionId: string };

export const BoxType = builder.objectRef<Box>('Box').implement({
  extensions: AS_PARENT,
  description:
    'A rectangle in the frame. All numbers are fractions of the frame: 0 is its left or upper edge, 1 its right or lower. `frameWidth` and `frameHeight` of the session are its size in pixels.',
  fields: (t) => ({
    x: t.exposeFloat('x', { description: 'Left edge, as a fraction of the frame’s width.' }),
    y: t.exposeFloat('y', { description: 'Upper edge, as a fraction of the frame’s height.' }),
    width: t.exposeFloat('width', { description: 'Width, as a fraction of the frame’s width.' }),
    height: t.exposeFloat('height', { description: 'Height, as a fraction of the frame’s height.' }),
  }),
});

export const PointType = builder.objectRef<Point>('Point').implement({
  extensions: AS_PARENT,
  description: 'A point in the frame.',
  fields: (t) => ({
    x: t.exposeFloat('x', { description: 'From the left, as a fraction of the frame’s width.' }),
    y: t.exposeFloat('y', { description: 'From the top, as a fraction of the frame’s height.' }),
  }),
});

export const PoseType = builder.objectRef<Pose>('Pose').implement({
  extensions: AS_PARENT,
  description: 'Where the head points, in degrees. All three are 0 when it looks straight into the camera.',
  fields: (t) => ({
    yaw: t.exposeFloat('yaw', { description: 'Turned: positive towards the picture’s right.' }),
    pitch: t.exposeFloat('pitch', { description: 'Nodded: positive upwards.' }),
    roll: t.exposeFloat('roll', { description: 'Tilted: positive clockwise, as seen in the picture.' }),
  }),
});

interface ActionUnitIntensity {
  name: string;
  intensity: number;
}

export const ActionUnitType = builder.objectRef<ActionUnitIntensity>('ActionUnitIntensity').implement({
  extensions: AS_PARENT,
  description:
    'How strongly one facial action unit (a muscle movement of the Facial Action Coding System) shows.',
  fields: (t) => ({
    name: t.exposeString('name', {
      description: 'The action unit as the model card names it, for example `AU12` (lip corner puller).',
    }),
    intensity: t.exposeFloat('intensity', { description: '0, not visible, to 1, as strong as it gets.' }),
  }),
});

const ISSUE_DESCRIPTIONS: Record<QualityIssue, string> = {
  SMALL: 'The face has few pixels.',
  BLURRED: 'The face is out of focus or moved.',
  TURNED: 'The head is turned far from the camera.',
  COVERED: 'Something hides a part of the face.',
  DARK: 'The face has little light.',
};

export const QualityIssueEnum = builder.enumType('QualityIssue', {
  description: 'A reason to doubt what was read from a face.',
  values: describedValues(ISSUE_DESCRIPTIONS),
});

export const FaceQualityType = builder.objectRef<FaceReading['quality']>('FaceQuality').implement({
  extensions: AS_PARENT,
  description: 'How well a face could be seen.',
  fields: (t) => ({
    score: t.exposeFloat('score', { description: '0, nothing can be said, to 1, clear.' }),
    issues: t.field({
      type: [QualityIssueEnum],
      description: 'What speaks against trusting this reading; empty when nothing does.',
      resolve: ({ issues }) => issues,
    }),
  }),
});

export const FaceReadingType = builder.objectRef<SessionReading>('FaceReading').implement({
  extensions: AS_PARENT,
  description:
    'What one face in one frame apparently expresses, with how sure that is and reasons to doubt it.',
});

builder.objectFields(FaceReadingType, (t) => ({
  track: t.exposeInt('track', {
    description:
      'Number of the face within its session, the same while it stays in view. It names nobody, and means nothing in another session.',
  }),
  box: t.field({ type: BoxType, description: 'Where the face is.', resolve: ({ box }) => box }),
  expression: t.field({
    type: ExpressionEnum,
    nullable: true,
    description:
      'The most probable expression; null when mien abstains, because the face was seen too badly or nothing stands out.',
    resolve: ({ expression }) => expression,
  }),
  confidence: t.exposeFloat('confidence', { description: 'The greatest of `probabilities`.' }),
  probabilities: t.field({
    type: [ExpressionProbability],
    description: 'Calibrated, smoothed along the track, summing to 1; `expression` is read off these.',
    resolve: ({ probabilities }) => byExpression(probabilities),
  }),
  rawProbabilities: t.field({
    type: [ExpressionProbability],
    description: 'Of this frame alone, before smoothing, summing to 1.',
    resolve: ({ rawProbabilities }) => byExpression(rawProbabilities),
  }),
}));

builder.objectFields(FaceReadingType, (t) => ({
  agreement: t.exposeFloat('agreement', {
    description: '1 when all networks of the ensemble agree, less the more they differ.',
  }),
  valence: t.exposeFloat('valence', {
    description: 'How pleasant the expression looks: -1 unpleasant, 0 neutral, 1 pleasant.',
  }),
  arousal: t.exposeFloat('arousal', {
    description: 'How activated the expression looks: -1 calm or sleepy, 0 neutral, 1 excited.',
  }),
  pose: t.field({ type: PoseType, description: 'Where the head points.', resolve: ({ pose }) => pose }),
}));

builder.objectFields(FaceReadingType, (t) => ({
  actionUnits: t.field({
    type: [ActionUnitType],
    description: 'The muscle movements that the model tells, in the order of `Model.actionUnits`; 0 to 1.',
    resolve: async ({ sessionId, actionUnits }, _args, context) => {
      const names = await context.actionUnitsOf(sessionId);
      return actionUnits.map((intensity, index) => ({ name: names[index] ?? `AU?${index}`, intensity }));
    },
  }),
  landmarks: t.field({
    type: [PointType],
    nullable: true,
    description:
      '68 points along jaw, brows, nose, eyes and mouth, in the order of the 68-point Multi-PIE scheme; null when they were not kept.',
    resolve: ({ landmarks }) => (landmarks.length > 0 ? landmarks : null),
  }),
  quality: t.field({
    type: FaceQualityType,
    description: 'How well the face could be seen.',
    resolve: ({ quality }) => quality,
  }),
}));
