/** Aggregates: sums and means over a bucket of the timeline, or over a whole session. */
import type { Aggregate, SessionSummary } from '../../domain/aggregate.ts';
import { EXPRESSIONS, type Expression } from '../../domain/face.ts';
import type { Sums } from '../../domain/sessions-aggregate.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { byExpression, ExpressionEnum, ExpressionProbability } from './expression.ts';
import { DroppedFramesType, droppedByReason } from './scalars.ts';

interface ExpressionShare {
  expression: Expression;
  share: number;
  seconds: number;
}

export const ExpressionShareType = builder.objectRef<ExpressionShare>('ExpressionShare').implement({
  extensions: AS_PARENT,
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
      description:
        'For how long, in seconds of one face: two faces that smile for a second give 2. Each reading counts for as long as its moment stands (see `FrameEmotions.previousDuration`), within the bucket if this is one; rounded to the millisecond.',
    }),
  }),
});

/** The fields that a bucket and a session's summary share. */
export const AggregateInterface = builder.interfaceRef<Sums>('ExpressionAggregate').implement({
  extensions: AS_PARENT,
  description: 'Sums and means over a stretch of a session’s timeline, or of several.',
  fields: (t) => ({
    frames: t.exposeInt('frames', { description: 'Frames that were scored.' }),
    dropped: t.field({
      type: [DroppedFramesType],
      description:
        'Frames that were not, by reason; those of the whole picture also where this is of one track.',
      resolve: ({ dropped }) => droppedByReason(dropped),
    }),
    coverage: t.exposeFloat('coverage', {
      description:
        '`coveredSeconds` as a fraction of the time that passed for the source, from its first frame to its last, 0 to 1; within the bucket if this is one. What is missing to 1 is told by reason in `dropped`, or is time in which this face was not seen, of a track; what was erased (`erasedSeconds`) did not pass, for this. Trust an aggregate less the lower this is.',
    }),
    coveredSeconds: t.float({
      description:
        'For how long moments stand (see `FrameEmotions.previousDuration`), in seconds of media time; of a track, those in which it was seen. Rounded to the millisecond.',
      resolve: ({ covered }) => roundToMilliseconds(covered),
    }),
    erasedSeconds: t.float({
      description:
        'How much of the time that passed for the source was erased (`erase`), in seconds of media time: no moments stand for it, and it is not missing either; within the bucket if this is one. Of a track that was erased alone, nothing tells.',
      resolve: ({ erased }) => roundToMilliseconds(erased),
    }),
  }),
});

builder.interfaceFields(AggregateInterface, (t) => ({
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
}));

export const TimelineBucketType = builder.objectRef<Aggregate>('TimelineBucket').implement({
  extensions: AS_PARENT,
  description: 'One bucket of a session’s timeline.',
  interfaces: [AggregateInterface],
  fields: (t) => ({
    start: t.exposeFloat('start', {
      description:
        'Where it begins, in seconds of media time: at a multiple of `bucket`, or where the stretch that was asked for, or the session, begins within it, in whole seconds; of a bucket of parts of a second, where the session begins, exactly.',
    }),
    end: t.exposeFloat('end', {
      description:
        'Where it ends, in seconds of media time; this instant is not part of it. At the next multiple of `bucket`, or where the stretch or the session ends within it, rounded up to a whole second; of a bucket of parts of a second, where the session ends, exactly.',
    }),
    seconds: t.float({
      description:
        'The time of the bucket that passed for the source, erased stretches not: less than its length where the source began or, as in the last one of a session, ended within it; rounded to the millisecond.',
      resolve: ({ elapsed }) => roundToMilliseconds(elapsed),
    }),
    startedAt: t.field({
      type: 'DateTime',
      description:
        'When it began, by the wall clock: the earliest `wallTime` of the frames that were scored in it; where none was, of the one before, which stands into it. Also where this is of one track.',
      resolve: ({ startedAt }) => new Date(startedAt!),
    }),
    endedAt: t.field({
      type: 'DateTime',
      description: 'When it ended, by the wall clock: the latest `wallTime` of these frames.',
      resolve: ({ endedAt }) => new Date(endedAt!),
    }),
  }),
});

export const SessionSummaryType = builder.objectRef<SessionSummary>('SessionSummary').implement({
  extensions: AS_PARENT,
  description: 'A session, so far, summed up: all of it, or what lies in a `range`.',
  interfaces: [AggregateInterface],
  fields: (t) => ({
    start: t.exposeFloat('start', {
      description:
        'Where the source began, in seconds of media time: with its first frame, scored or not; of a `range`, where that, rounded outwards, begins, if the source began before. 0 without a frame, or where the range holds nothing of the session.',
    }),
    end: t.exposeFloat('end', {
      description:
        'Where it ended, so far, in seconds of media time: of a live source that was lost, where it was given up; otherwise where the newest moment ceases to stand. That stands no further. Of a `range`, where that, rounded outwards, ends, if the source ended behind it; 0 where the range holds nothing of the session.',
    }),
    startedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'When it began, by the wall clock: the earliest `wallTime` of the frames that were scored; null without one.',
      resolve: ({ startedAt }) => (startedAt === null ? null : new Date(startedAt)),
    }),
    endedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'When it ended, so far, by the wall clock: the latest `wallTime` of these frames; null without one.',
      resolve: ({ endedAt }) => (endedAt === null ? null : new Date(endedAt)),
    }),
    seconds: t.float({
      description:
        'The time that passed for the source, in seconds of media time: from `start` to `end`, frames that were not scored and holes included, erased stretches not; of a `range`, what of that lies in it, also where it is in several stretches because a clock was set. Rounded to the millisecond.',
      resolve: ({ elapsed }) => roundToMilliseconds(elapsed),
    }),
    smallestFace: t.float({
      nullable: true,
      description:
        'Side of the smallest face that could be found, in pixels of the source’s own picture: where it is large, faces are looked for in a smaller one (`Stream.detectSize`). That of the largest pictures so far, so that it could be found in all of them; null before the first frame, and in sessions recorded before mien kept it.',
      resolve: ({ smallestFace }) => smallestFace && Math.round(smallestFace * 10) / 10,
    }),
    tracks: t.exposeInt('tracks', {
      description:
        'Faces followed: of a `range`, those first seen before its end, and last seen in it or behind it, also where no reading of theirs lies in it, as in a hole. Someone who leaves and comes back is counted twice: mien recognises nobody.',
    }),
  }),
});

export function expressionShares({
  labels,
  readings,
  durations,
}: Pick<Aggregate, 'labels' | 'readings' | 'durations'>): ExpressionShare[] {
  return EXPRESSIONS.map((expression, index) => ({
    expression,
    share: readings === 0 ? 0 : (labels[index] ?? 0) / readings,
    seconds: roundToMilliseconds(durations[index] ?? 0),
  }));
}

/** Of microseconds, in which they were added up. */
export function roundToMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
