/** The code by which a deliberate error is known, as the audit writes it down. */
import { GraphQLError } from 'graphql';
import { MienError } from '../../errors.ts';
import { innermost } from './mask-errors.ts';

/** Null: it was not meant. */
export function codeOf(error: unknown): string | null {
  const cause = innermost(error);
  if (cause instanceof MienError) return cause.code;
  const code = cause instanceof GraphQLError ? cause.extensions.code : null;
  return typeof code === 'string' ? code : null;
}

/** Whoever asked did not show who they are, or may not. */
export function isRefusal(code: string | null): boolean {
  return code === 'UNAUTHENTICATED' || code === 'FORBIDDEN';
}
