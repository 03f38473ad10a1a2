/** Which errors a client may see: deliberate ones with their code, GraphQL's own about the request, nothing else. */
import { randomUUID } from 'node:crypto';
import { PothosValidationError } from '@pothos/core';
import { GraphQLError } from 'graphql';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';

export type MaskError = (error: unknown) => GraphQLError;

/**
 * Deliberate errors keep their sentence and code; any other is logged under an id that the client is told.
 * @param isAway whether an error says that the database cannot answer now
 */
export function createMaskError(log: Log, isAway: (error: unknown) => boolean = () => false): MaskError {
  return (error) => {
    const cause = innermost(error);
    const where = isGraphQLError(error) ? error : undefined;
    if (cause instanceof MienError) return deliberate(cause, where);
    if (where && isGraphQLError(cause) && blamesRequest(cause, where)) return ofRequest(where);
    if (cause instanceof PothosValidationError) return deliberate(badPage(cause), where);
    if (isAway(cause)) {
      log.warn(
        { err: cause, path: where?.path?.join('.') },
        'a request failed, because the database is away',
      );
      return deliberate(storeAway(), where);
    }
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

/** GraphQL blames the request, unless it could not write an answer: then it knows no place in the request by itself. */
function blamesRequest(cause: GraphQLError, where: GraphQLError): boolean {
  return where.path === undefined || cause.nodes !== undefined || cause.extensions.code !== undefined;
}

/** With the name of the variable and the place, which only the outermost error has, and a code. */
function ofRequest(where: GraphQLError): GraphQLError {
  return new GraphQLError(where.message, {
    ...{ nodes: where.nodes ?? null, source: where.source ?? null, positions: where.positions ?? null },
    path: where.path ?? null,
    extensions: { ...where.extensions, code: where.extensions.code ?? 'BAD_INPUT' },
  });
}

function deliberate(cause: MienError, where: GraphQLError | undefined): GraphQLError {
  return new GraphQLError(cause.message, { ...position(where), extensions: { code: cause.code } });
}

function storeAway(): MienError {
  return new MienError('STORE_UNAVAILABLE', 'The database does not answer. Try again in a moment.');
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
