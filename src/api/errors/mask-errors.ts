/** Which errors a client may see: deliberate ones with their code, GraphQL's own about the request, nothing else. */
import { randomUUID } from 'node:crypto';
import { PothosValidationError } from '@pothos/core';
import { GraphQLError } from 'graphql';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';

export type MaskError = (error: unknown) => GraphQLError;

/** Deliberate errors keep their sentence and code; any other is logged under an id that the client is told. */
export function createMaskError(log: Log): MaskError {
  return (error) => {
    const cause = innermost(error);
    const where = isGraphQLError(error) ? error : undefined;
    if (cause instanceof MienError) return deliberate(cause, where);
    if (isGraphQLError(cause)) return cause;
    if (cause instanceof PothosValidationError) return deliberate(badPage(cause), where);
    const id = randomUUID();
    log.error({ err: cause, errorId: id, path: where?.path?.join('.') }, 'a request failed unexpectedly');
    return new GraphQLError(`Something went wrong on the server, and was logged as ${id}.`, {
      ...position(where),
      extensions: { code: 'INTERNAL', errorId: id },
    });
  };
}

/** The error under GraphQL's wrapping, which adds a path but hides what was thrown. */
export function innermost(error: unknown): unknown {
  let current = error;
  while (isGraphQLError(current) && current.originalError) current = current.originalError;
  return current;
}

/** By name also, because tools around graphql-js make errors of their own class. */
function isGraphQLError(error: unknown): error is GraphQLError {
  return error instanceof Error && error.name === 'GraphQLError';
}

function deliberate(cause: MienError, where: GraphQLError | undefined): GraphQLError {
  return new GraphQLError(cause.message, { ...position(where), extensions: { code: cause.code } });
}

/** Pothos checks the arguments of pages itself. */
function badPage({ message }: Error): MienError {
  return message.startsWith('Invalid cursor')
    ? new MienError(
        'CURSOR_INVALID',
        'This is no cursor of this list: pass an `endCursor` unchanged, or leave it out.',
      )
    : new MienError('BAD_INPUT', `${message}.`);
}

function position(where: GraphQLError | undefined) {
  return where ? { nodes: where.nodes ?? null, path: where.path ?? null } : {};
}
