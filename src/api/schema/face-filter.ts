/** The faces that a list or a subscription of moments is limited to. */
import { z } from 'zod';
import type { FaceFilter } from '../../domain/face-filter.ts';
import { builder } from './builder.ts';
import { ExpressionEnum } from './expression.ts';

export const FaceFilterInput = builder.inputType('FaceFilter', {
  description:
    'Which faces are wanted: those for which all of this holds. Moments without such a face are left out, and of the others `faces` holds such faces only.',
  fields: (t) => ({
    track: t.int({
      description:
        'The face, as in `FaceReading.track`, from 1. Its number means something within a session only.',
      validate: z.number().int().min(1, '`track` counts from 1.').nullish(),
    }),
    expression: t.field({
      type: ExpressionEnum,
      description: 'The apparent expression. A face of which mien abstained has none.',
    }),
    minConfidence: t.float({
      description: 'Least `FaceReading.confidence`, 0 to 1.',
      validate: z
        .number()
        .min(0, '`minConfidence` is from 0 to 1.')
        .max(1, '`minConfidence` is from 0 to 1.')
        .nullish(),
    }),
  }),
});

/** Undefined where nothing is asked for. */
export function toFaceFilter(
  input: typeof FaceFilterInput.$inferInput | null | undefined,
): FaceFilter | undefined {
  const { track, expression, minConfidence } = input ?? {};
  if (track == null && expression == null && minConfidence == null) return undefined;
  return {
    ...(track != null && { track }),
    ...(expression != null && { expression }),
    ...(minConfidence != null && { minConfidence }),
  };
}
