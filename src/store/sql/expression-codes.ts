/** Expressions as numbers, which are quicker to write and to read than the names of an enum. */
import { EXPRESSIONS, type FaceReading } from '../../domain/face.ts';

/** The enum Expression in SQL, in its order. A constant: `enum_range` would look it up again for every row. */
export const EXPRESSION_ENUM = `'{${EXPRESSIONS}}'::"Expression"[]`;

/** Position in the enum from 1; 0, which is outside, stands for none. */
export function expressionCode(expression: FaceReading['expression']): number {
  return expression === null ? 0 : EXPRESSIONS.indexOf(expression) + 1;
}

/** The inverse of `expressionCode`. */
export function expressionOf(code: number): FaceReading['expression'] {
  return EXPRESSIONS[code - 1] ?? null;
}
