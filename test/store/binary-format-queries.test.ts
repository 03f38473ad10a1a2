import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BinaryFormatQueries } from '../../src/store/pglite/binary-format-queries.ts';

let db: PGlite;
let queries: BinaryFormatQueries;
beforeAll(async () => {
  db = await PGlite.create();
  queries = new BinaryFormatQueries(db);
});
afterAll(() => db.close());

it('a query gives the bytes of its cells, whatever they are and however many, and null where there are none', async () => {
  const sql = `SELECT decode(repeat($1, $2::int), 'hex'), NULL::bytea, ''::bytea`;
  const first = await queries.run(sql, ['00ff805c', '1']);
  expect(first).toEqual([Uint8Array.of(0, 255, 128, 92), null, new Uint8Array()]);
  const [long] = await queries.run(sql, ['0123456789', '600000']);
  expect(Buffer.from(long!).equals(Buffer.from('0123456789'.repeat(600_000), 'hex'))).toBe(true);
  expect(first[0]).toEqual(Uint8Array.of(0, 255, 128, 92));
});

it('a query that fails, when it is read or when it runs, throws what the database said, and the next one works', async () => {
  await expect(queries.run('SELECT nothing', [])).rejects.toMatchObject({
    ...{ code: '42703', severity: 'ERROR', message: 'column "nothing" does not exist' },
  });
  await expect(queries.run(`SELECT decode($1, 'hex')`, ['0'])).rejects.toMatchObject({ code: '22023' });
  expect(await queries.run(`SELECT decode($1, 'hex')`, ['07'])).toEqual([Uint8Array.of(7)]);
  expect((await db.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});
