/** When an output is told: its rules, and the words that people give it. */
import { z } from 'zod';
import {
  MAX_OUTPUT_NAME,
  MAX_RULE_DURATION,
  MAX_RULE_NAME,
  MAX_RULES,
  type OutputRule,
} from '../../domain/output.ts';
import { isOneLine } from '../../domain/storable-text.ts';
import { MienError } from '../../errors.ts';
import { builder } from './builder.ts';
import { ExpressionEnum } from './expression.ts';

const oneLine = (field: string, most: number) =>
  z
    .string()
    .refine(
      (text) => text.trim() !== '' && text.length <= most && isOneLine(text),
      `\`${field}\` must have 1 to ${most} characters, without line breaks.`,
    );

export const outputName = oneLine('name', MAX_OUTPUT_NAME);

const within = (field: string, most: number) =>
  z.number().min(0, `\`${field}\` must be 0 to ${most}.`).max(most, `\`${field}\` must be 0 to ${most}.`);

export const OutputRuleInput = builder.inputType('OutputRuleInput', {
  description: 'When a face apparently keeps an expression for some time, an output is told.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `What people call it, 1 to ${MAX_RULE_NAME} characters; unique within its output.`,
      validate: oneLine('rules.name', MAX_RULE_NAME),
    }),
    expression: t.field({ type: ExpressionEnum, required: true, description: 'The expression.' }),
    minDuration: t.float({
      defaultValue: 0,
      description: `For how many seconds of media time it has to last, 0 to ${MAX_RULE_DURATION}.`,
      validate: within('rules.minDuration', MAX_RULE_DURATION),
    }),
    minConfidence: t.float({
      defaultValue: 0,
      description: 'Least confidence of the label, 0 to 1.',
      validate: within('rules.minConfidence', 1),
    }),
    trackNumber: t.int({
      description: 'Of this track alone, by its number within each session; left out: of any.',
      validate: z.number().min(1, '`rules.trackNumber` must be at least 1.').nullish(),
    }),
  }),
});

export const manyRules = z.array(z.any()).max(MAX_RULES, `\`rules\` takes ${MAX_RULES} at most.`).nullish();

/** @throws MienError BAD_INPUT */
export function toRules(rules: readonly (typeof OutputRuleInput.$inferInput)[]): OutputRule[] {
  const names = rules.map(({ name }) => name.trim());
  if (new Set(names).size < names.length)
    throw new MienError('BAD_INPUT', 'Two of the `rules` have the same name: give each its own.');
  return rules.map(({ expression, minDuration, minConfidence, trackNumber }, at) => ({
    ...{ name: names[at]!, expression, track: trackNumber ?? null },
    ...{ minDuration: minDuration ?? 0, minConfidence: minConfidence ?? 0 },
  }));
}
