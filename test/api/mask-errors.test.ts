/** What a client is told of an error, and what the log is. */
import { PothosValidationError } from '@pothos/core';
import { GraphQLError, parse, Source } from 'graphql';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMaskError } from '../../src/api/errors/mask-errors.ts';
import type { Log } from '../../src/domain/log.ts';
import { MienError } from '../../src/errors.ts';

let logged: [level: string, fields: object, message: string][];
beforeEach(() => {
  logged = [];
});
const line = (level: string) => (fields: object, message: string) =>
  void logged.push([level, fields, message]);
const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };

const mask = createMaskError(log, (error) => error instanceof RangeError);
const shown = (error: unknown) => {
  const { message, path, nodes, extensions } = mask(error);
  return { message, path, nodes, code: extensions.code };
};

const nodes = [parse('{ a }').definitions[0]!];
const path = ['a', 0, 'b'];
/** As graphql-js wraps what a resolver throws. */
const inField = (originalError: Error) =>
  new GraphQLError(originalError.message, { nodes, path, originalError });

describe('a deliberate error', () => {
  const notFound = new MienError('NOT_FOUND', 'There is no such stream.');
  const told = { message: 'There is no such stream.', code: 'NOT_FOUND' };

  it('keeps its sentence and code, however often it was wrapped, and the place that the outermost names', () => {
    expect(shown(notFound)).toEqual({ ...told, path: undefined, nodes: undefined });
    expect(shown(inField(notFound))).toEqual({ ...told, path, nodes });
    expect(shown(inField(new GraphQLError('', { originalError: notFound })))).toEqual({
      ...told,
      path,
      nodes,
    });
    expect(shown(new GraphQLError('', { originalError: notFound }))).toMatchObject(told);
    expect(logged).toEqual([]);
  });
});

describe("an error of GraphQL's own", () => {
  it('keeps its sentence and where it stands, and says that the request is wrong unless it has another code', () => {
    const source = new Source('{ nothing }');
    const unknownField = new GraphQLError('No such field.', { source, positions: [2] });
    expect(mask(unknownField).toJSON()).toEqual({
      ...{ message: 'No such field.', locations: [{ line: 1, column: 3 }] },
      extensions: { code: 'BAD_INPUT' },
    });
    expect(shown(new GraphQLError('Twice.', { extensions: { code: 'OTHER' } }))).toMatchObject({
      ...{ message: 'Twice.', code: 'OTHER' },
    });
    expect(mask(new GraphQLError('Why.', { extensions: { hint: 1 } })).extensions).toEqual({
      ...{ hint: 1, code: 'BAD_INPUT' },
    });
    expect(logged).toEqual([]);
  });

  it('about an argument, wrapped by a field, is one of the request, at the place of the field', () => {
    const cause = new GraphQLError('Not a number.', { nodes });
    expect(shown(inField(cause))).toEqual({ message: 'Not a number.', path, nodes, code: 'BAD_INPUT' });
    const coded = new GraphQLError('Too long.', { extensions: { code: 'TOO_LONG' } });
    expect(shown(inField(coded))).toEqual({ message: 'Too long.', path, nodes, code: 'TOO_LONG' });
  });

  it('is known by its name as well: tools around graphql-js have a class of their own', () => {
    const own = Object.assign(new Error('No such field.'), { name: 'GraphQLError', extensions: {} });
    expect(shown(own)).toMatchObject({ message: 'No such field.', code: 'BAD_INPUT' });
  });

  it('that says that no answer could be written is no fault of the request', () => {
    expect(shown(inField(new GraphQLError('Int cannot represent 1.5'))).code).toBe('INTERNAL');
  });
});

describe("what Pothos says of a page's arguments", () => {
  it.each([
    ['Invalid cursor: x', 'CURSOR_INVALID', /^This is no cursor of this list: pass an `endCursor`/],
    ['Argument "first" must not be negative', 'BAD_INPUT', /^Argument "first" must not be negative\.$/],
    ['An Invalid cursor', 'BAD_INPUT', /^An Invalid cursor\.$/],
  ])('%s is %s', (message, code, sentence) => {
    const told = shown(inField(new PothosValidationError(message)));
    expect(told).toEqual({ message: expect.stringMatching(sentence), code, path, nodes });
    expect(logged).toEqual([]);
  });
});

describe('any other error', () => {
  it('is hidden behind an id, under which the log has it with its place', () => {
    const cause = new TypeError('secret');
    const masked = mask(inField(cause));
    const { errorId } = masked.extensions;
    expect(masked.toJSON()).toEqual({
      message: `Something went wrong on the server, and was logged as ${errorId}.`,
      ...{ locations: [{ line: 1, column: 1 }], path, extensions: { code: 'INTERNAL', errorId } },
    });
    expect(errorId).toMatch(/^[\da-f]{8}-[\da-f-]{27}$/);
    expect(logged).toEqual([
      ['error', { err: cause, errorId, path: 'a.0.b' }, 'a request failed unexpectedly'],
    ]);
  });

  const unplaced = new GraphQLError('secret', { originalError: new TypeError('secret') });
  it.each([
    new TypeError('secret'),
    unplaced,
    'secret',
    undefined,
    null,
    { name: 'GraphQLError', message: 'secret' },
  ])('is hidden also where it comes without a place, or is none: %s', (thrown) => {
    const masked = mask(thrown);
    expect(masked.toJSON()).toMatchObject({ extensions: { code: 'INTERNAL' } });
    expect(JSON.stringify(masked)).not.toContain('secret');
    const err = thrown === unplaced ? unplaced.originalError : thrown;
    const fields = { err, errorId: masked.extensions.errorId, path: undefined };
    expect(logged).toEqual([['error', fields, 'a request failed unexpectedly']]);
  });

  it('is the absence of the database where it is said to be that, told to the client and the log', () => {
    const cause = new RangeError('no connection');
    expect(shown(inField(cause))).toEqual({
      message: 'The database does not answer. Try again in a moment.',
      ...{ code: 'STORE_UNAVAILABLE', path, nodes },
    });
    const message = 'a request failed, because the database is away';
    expect(logged).toEqual([['warn', { err: cause, path: 'a.0.b' }, message]]);
    // Also where no place is known.
    for (const thrown of [cause, new GraphQLError('', { originalError: cause })]) {
      logged = [];
      expect(shown(thrown)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(logged).toEqual([['warn', { err: cause, path: undefined }, message]]);
    }
    // Where nothing says what is away, it is an error like any other.
    expect(createMaskError(log)(cause).extensions.code).toBe('INTERNAL');
  });
});
