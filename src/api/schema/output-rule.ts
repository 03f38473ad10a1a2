/** When an output is told that an expression lasts. */
import type { OutputRule } from '../../domain/output.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { ExpressionEnum } from './expression.ts';

export const OutputRuleType = builder.objectRef<OutputRule>('OutputRule').implement({
  extensions: AS_PARENT,
  description:
    'When a face apparently keeps an expression for some time, an output is told that this began, and that it ended. Less than half a second of anything else does not end it.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What people call it; unique within its output.' }),
    expression: t.field({
      type: ExpressionEnum,
      description: 'The expression.',
      resolve: ({ expression }) => expression,
    }),
    minDuration: t.exposeFloat('minDuration', {
      description: 'For how many seconds of media time it has to last.',
    }),
    minConfidence: t.exposeFloat('minConfidence', { description: 'Least confidence of the label, 0 to 1.' }),
    trackNumber: t.exposeInt('track', {
      nullable: true,
      description: 'Of this track alone, by its number; null: of any.',
    }),
  }),
});
