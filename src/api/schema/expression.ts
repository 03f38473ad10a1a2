/** The eight expressions, and their probabilities. */
import { EXPRESSIONS, type Expression } from '../../domain/face.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { describedValues } from './described-values.ts';

const EXPRESSION_DESCRIPTIONS: Record<Expression, string> = {
  NEUTRAL: 'A face at rest.',
  HAPPINESS: 'Looks happy: typically raised lip corners and cheeks.',
  SURPRISE: 'Looks surprised: typically raised brows, wide eyes, a dropped jaw.',
  SADNESS: 'Looks sad: typically raised inner brows and lowered lip corners.',
  ANGER: 'Looks angry: typically lowered brows and tightened lids or lips.',
  DISGUST: 'Looks disgusted: typically a wrinkled nose and a raised upper lip.',
  FEAR: 'Looks afraid: typically raised and drawn-together brows, wide eyes, stretched lips.',
  CONTEMPT: 'Looks contemptuous: typically one lip corner tightened and raised.',
};

export const ExpressionEnum = builder.enumType('Expression', {
  description:
    'What a face apparently expresses: how it looks to an observer, never what the person feels. A face can look happy without happiness.',
  values: describedValues(EXPRESSION_DESCRIPTIONS),
});

interface ExpressionProbability {
  expression: Expression;
  probability: number;
}

export const ExpressionProbability = builder
  .objectRef<ExpressionProbability>('ExpressionProbability')
  .implement({
    extensions: AS_PARENT,
    description: 'How probable one expression is.',
    fields: (t) => ({
      expression: t.field({
        type: ExpressionEnum,
        description: 'The expression.',
        resolve: ({ expression }) => expression,
      }),
      probability: t.exposeFloat('probability', {
        description:
          'Calibrated, 0 to 1; those of one face sum to 1. Of 100 faces at 0.8, about 80 are labelled so by people.',
      }),
    }),
  });

/** Pairs probabilities, which are in the order of EXPRESSIONS, with their names. */
export function byExpression(probabilities: readonly number[]): ExpressionProbability[] {
  return EXPRESSIONS.map((expression, index) => ({ expression, probability: probabilities[index] ?? 0 }));
}
