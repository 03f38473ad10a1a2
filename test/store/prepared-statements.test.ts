import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createArrayEncoder } from '../../src/store/commit/binary-arrays.ts';
import { PreparedStatements } from '../../src/store/pglite/prepared-statements.ts';

let db: PGlite;
let statements: PreparedStatements;
beforeAll(async () => {
  db = await PGlite.create();
  await db.exec('CREATE TABLE note (id int PRIMARY KEY, text text)');
  statements = new PreparedStatements(db);
});
afterAll(() => db.close());

const INSERT = 'INSERT INTO note SELECT id, $1 FROM unnest($2::int[]) AS id RETURNING id';
const insert = (text: string, ...ids: number[]) => {
  const encoder = createArrayEncoder('int', ids.length);
  for (const id of ids) encoder.push(id);
  return statements.run(INSERT, [text, encoder.bytes]);
};

it('a prepared statement is parsed once, and gives the first column of each row', async () => {
  expect(await insert('a', 1, 2)).toEqual(['1', '2']);
  expect(await insert('b')).toEqual([]);
  expect(await statements.run('SELECT text FROM note WHERE id = $1::text::int', ['2'])).toEqual(['a']);
  const { rows } = await db.query('SELECT statement FROM pg_prepared_statements WHERE name <> $1', ['']);
  expect(rows).toHaveLength(2);
});

it('a prepared statement that fails throws what the database said, is undone, and the next one works', async () => {
  await expect(insert('c', 3, 1)).rejects.toMatchObject({ code: '23505', severity: 'ERROR' });
  await expect(statements.run('SELECT nothing', [])).rejects.toMatchObject({ code: '42703' });
  expect(await insert('d', 3)).toEqual(['3']);
  expect((await db.query('SELECT text FROM note ORDER BY id')).rows).toEqual(
    ['a', 'a', 'd'].map((text) => ({ text })),
  );
});
