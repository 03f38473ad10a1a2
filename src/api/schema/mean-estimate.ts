/** What sessions say of sessions like them: means with how far they can be trusted. */

import { EXPRESSIONS, type Expression } from '../../domain/face.ts';
import type { Estimate } from '../../domain/mean-estimate.ts';
import type { SessionMeans } from '../../domain/sessions-aggregate.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { ExpressionEnum } from './expression.ts';

const IntervalType = builder.objectRef<NonNullable<Estimate['interval']>>('ConfidenceInterval').implement({
  extensions: AS_PARENT,
  description: 'A 95 % confidence interval of a mean, by Student’s t distribution.',
  fields: (t) => ({
    low: t.exposeFloat('low', {
      description: 'Its lower end; of few sessions it may lie below what is possible.',
    }),
    high: t.exposeFloat('high', {
      description: 'Its upper end; of few sessions it may lie above what is possible.',
    }),
  }),
});

const EstimateType = builder.objectRef<Estimate>('Estimate').implement({
  extensions: AS_PARENT,
  description:
    'A mean over sessions. Each session counts once, however long it is: frames of one face resemble each other, so that an interval over frames or faces would be far too narrow.',
  fields: (t) => ({
    n: t.exposeInt('n', { description: 'How many sessions have such a value.' }),
    mean: t.exposeFloat('mean', { nullable: true, description: 'Their mean; null where `n` is 0.' }),
    standardDeviation: t.exposeFloat('standardDeviation', {
      nullable: true,
      description: 'Their standard deviation, as of a sample (n - 1); null where `n` is less than 2.',
    }),
    confidenceInterval: t.field({
      type: IntervalType,
      nullable: true,
      description:
        'Where the mean of all such sessions is expected, if these were drawn at random and are independent: sessions of the same person are not. Null where `n` is less than 2.',
      resolve: ({ interval }) => interval,
    }),
  }),
});

interface ExpressionMeans {
  expression: Expression;
  share: Estimate;
  seconds: Estimate;
  probability: Estimate;
}

const ExpressionMeansType = builder.objectRef<ExpressionMeans>('ExpressionMeans').implement({
  extensions: AS_PARENT,
  description: 'Means over sessions of what concerns one expression.',
  fields: (t) => ({
    expression: t.field({
      type: ExpressionEnum,
      description: 'The expression.',
      resolve: ({ expression }) => expression,
    }),
    share: t.field({
      type: EstimateType,
      description:
        'Of the share of a session’s readings that have this label, 0 to 1; of sessions with a face.',
      resolve: ({ share }) => share,
    }),
    seconds: t.field({
      type: EstimateType,
      description: 'Of the seconds of one face in a session; sessions without a face have 0.',
      resolve: ({ seconds }) => seconds,
    }),
    probability: t.field({
      type: EstimateType,
      description: 'Of a session’s mean probability, 0 to 1; of sessions with a face.',
      resolve: ({ probability }) => probability,
    }),
  }),
});

export const SessionMeansType = builder.objectRef<SessionMeans>('SessionMeans').implement({
  extensions: AS_PARENT,
  description: 'Means over sessions, of what each of them comes to.',
  fields: (t) => ({
    expressions: t.field({
      type: [ExpressionMeansType],
      description: 'By expression.',
      resolve: ({ shares, durations, probabilities }) =>
        EXPRESSIONS.map((expression, at) => ({
          expression,
          share: shares[at]!,
          seconds: durations[at]!,
          probability: probabilities[at]!,
        })),
    }),
  }),
});

const SINGLE = {
  valence: 'Of a session’s mean valence, -1 to 1; of sessions with a face.',
  arousal: 'Of a session’s mean arousal, -1 to 1; of sessions with a face.',
  quality: 'Of a session’s mean quality score, 0 to 1; of sessions with a face.',
  coverage: 'Of a session’s coverage, 0 to 1; of sessions that have a frame.',
} as const;

builder.objectFields(SessionMeansType, (t) => {
  const of = (name: keyof typeof SINGLE) =>
    t.field({ type: EstimateType, description: SINGLE[name], resolve: (means) => means[name] });
  return {
    valence: of('valence'),
    arousal: of('arousal'),
    quality: of('quality'),
    coverage: of('coverage'),
  };
});
