/** Aggregates: sums and means over a bucket of the timeline, or over a whole session. */
import type { Aggregate, SessionSummary } from '../../domain/aggregate.ts';
import { EXPRESSIONS, type Expression } from '../../domain/face.ts';
import { builder } from './builder.ts';
import { byExpression, ExpressionEnum, ExpressionProbability } from './expression.ts';
import { DroppedFramesType, droppedByReason } from './scalars.ts';

interface ExpressionShare {
  expression: Expression;
  share: number;
  seconds: number;
}

export const ExpressionShareType = builder.objectRef<ExpressionShare>('ExpressionShare').implement({
  description: 'How much of the time faces apparently had one expression.',
  fields: (t) => ({
    expression: t.field({
      type: ExpressionEnum,
      description: 'The expression.',
      resolve: ({ expression }) => expression,
    }),
    share: t.exposeFloat('share', {
      description:
        'Readings with this label as a fraction of all readings, 0 to 1. What is missing to 1 mien abstained from.',
    }),
    seconds: t.exposeFloat('seconds', {
      description: 'The same in seconds of one face: two faces that smile for a second give 2.',
    }),
  }),
});

/** The fields that a bucket and a session's summary share. */
const AggregateInterface = builder.interfaceRef<Aggregate>('ExpressionAggregate').implement({
  description: 'Sums and means over a stretch of a session’s timeline.',
  fields: (t) => ({
    frames: t.exposeInt('frames', { description: 'Frames that were scored.' }),
    dropped: t.field({
      type: [DroppedFramesType],
      description: 'Frames that were not, by reason.',
      resolve: ({ dropped }) => droppedByReason(dropped),
    }),
    coverage: t.exposeFloat('coverage', {
      description:
        'Scored frames as a fraction of all that should have been, 0 to 1. Trust an aggregate less the lower this is.',
    }),
    faces: t.int({
      description: 'Readings: one for each face in each scored frame.',
      resolve: ({ readings }) => readings,
    }),
    abstained: t.exposeInt('abstained', { description: 'Readings in which mien abstained from a label.' }),
    expressions: t.field({
      type: [ExpressionShareType],
      description: 'Share and seconds of every expression.',
      resolve: expressionShares,
    }),
    probabilities: t.field({
      type: [ExpressionProbability],
      nullable: true,
      description: 'Mean probabilities over the readings, smoothed ones; null without a face.',
      resolve: ({ probabilities }) => probabilities && byExpression(probabilities),
    }),
    valence: t.exposeFloat('valence', {
      nullable: true,
      description: 'Mean valence, -1 to 1; null without a face.',
    }),
    arousal: t.exposeFloat('arousal', {
      nullable: true,
      description: 'Mean arousal, -1 to 1; null without a face.',
    }),
    quality: t.exposeFloat('quality', {
      nullable: true,
      description: 'Mean quality score, 0 to 1; null without a face.',
    }),
  }),
});

export const TimelineBucketType = builder.objectRef<Aggregate>('TimelineBucket').implement({
  description: 'One bucket of a session’s timeline.',
  interfaces: [AggregateInterface],
  fields: (t) => ({
    start: t.exposeFloat('start', { description: 'Where it begins, in seconds of media time.' }),
    end: t.exposeFloat('end', {
      description: 'Where it ends, in seconds of media time; this instant is not part of it.',
    }),
  }),
});

export const SessionSummaryType = builder.objectRef<SessionSummary>('SessionSummary').implement({
  description: 'A whole session, so far, summed up.',
  interfaces: [AggregateInterface],
  fields: (t) => ({
    seconds: t.float({
      description: 'Media time from the first to the last scored second.',
      resolve: ({ start, end }) => roundToMilliseconds(end - start),
    }),
    tracks: t.exposeInt('tracks', {
      description:
        'Faces followed. Someone who leaves and comes back is counted twice: mien recognises nobody.',
    }),
  }),
});

export function expressionShares({ labels, readings, frames, start, end }: Aggregate): ExpressionShare[] {
  const secondsPerFrame = frames === 0 ? 0 : (end - start) / frames;
  return EXPRESSIONS.map((expression, index) => ({
    expression,
    share: readings === 0 ? 0 : (labels[index] ?? 0) / readings,
    seconds: roundToMilliseconds((labels[index] ?? 0) * secondsPerFrame),
  }));
}

/** Seconds, rounded to the millisecond: 0.1 × 126 would be 12.600000000000001. */
function roundToMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
