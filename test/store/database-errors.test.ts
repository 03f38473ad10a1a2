import { expect, it } from 'vitest';
import { MienError } from '../../src/errors.ts';
import { isAway, isLocked } from '../../src/store/sql/database-errors.ts';

const ofDatabase = (originalCode: string) =>
  Object.assign(new Error('wrapped'), {
    code: 'P2010',
    meta: { driverAdapterError: { cause: { originalCode } } },
  });
const coded = (code: string) => Object.assign(new Error('x'), { code });

it.each([
  ['a connection that broke', new Error('Connection terminated unexpectedly')],
  ['a pool that cannot connect', new Error('timeout exceeded when trying to connect')],
  ['a server that refuses connections', coded('ECONNREFUSED')],
  ['a server that is not reachable, as Prisma tells it', coded('P1001')],
  ['a server that is shut down', ofDatabase('57P01')],
  ['a full disk', ofDatabase('53100')],
  ['a lock that others do not give back', ofDatabase('55P03')],
  ['one of two that waited for each other, which was ended', ofDatabase('40P01')],
  ['one of two that wrote the same at once', ofDatabase('40001')],
  ['a broken embedded database', new Error('PGlite broke: Aborted()')],
  ['an embedded database that lost its lock', coded('STORE_UNAVAILABLE')],
  ['an error around one of these', new Error('outer', { cause: coded('ECONNRESET') })],
])('%s is a database that is away', (_what, error) => {
  expect(isAway(error)).toBe(true);
});

it.each([
  ['a statement that is wrong', ofDatabase('42703')],
  ['a duplicate', ofDatabase('23505')],
  ['a cancelled statement', ofDatabase('57014')],
  ['a mistake of ours', new TypeError('x is not a function')],
  ['what a user did wrong', new MienError('BAD_INPUT', 'x')],
  ['nothing', undefined],
])('%s is none', (_what, error) => {
  expect(isAway(error)).toBe(false);
});

/** As the driver adapter throws it within a transaction. */
const ofDriver = (originalCode: string) => Object.assign(new Error('wrapped'), { cause: { originalCode } });

it.each(['55P03', '55000', '40P01', '40001'])('what others hold is left for the next turn: %s', (code) => {
  expect([ofDatabase(code), ofDriver(code)].map(isLocked)).toEqual([true, true]);
});

it.each(['42P01', '57014', '08006'])('what is wrong otherwise is not: %s', (code) => {
  expect([ofDatabase(code), ofDriver(code)].map(isLocked)).toEqual([false, false]);
});
