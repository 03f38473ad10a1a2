/** The codes of errors, where an answer has one beside its `errors`. */
import { ERROR_CODES, type ErrorCode } from '../../errors.ts';
import { builder } from './builder.ts';
import { describedValues } from './described-values.ts';

export const ErrorCodeEnum = builder.enumType('ErrorCode', {
  description:
    'What went wrong, for programs: what `extensions.code` of an error may be. Codes are added as time goes on, and not changed.',
  values: describedValues<ErrorCode>(
    Object.fromEntries(
      Object.entries(ERROR_CODES).map(([code, [when, then]]) => [code, `${when} ${then}`]),
    ) as Record<ErrorCode, string>,
  ),
});
