/** A pooler between mien and the server that forgets statements, as PgBouncer does in transaction mode. */
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { createDatabase, SERVER } from '../helpers/database.ts';

it.runIf(SERVER)('a statement that its connection does not know any more is parsed again', async () => {
  const { config, dispose } = await createDatabase('server');
  const database = await openDatabase(config);
  const sql = 'SELECT $1::text';
  expect(await database.runPrepared(sql, ['a'])).toEqual(['a']);
  // As when the next transaction is given another connection of the pooler.
  await database.runPrepared('DEALLOCATE ALL', []);
  expect(await database.runPrepared(sql, ['b'])).toEqual(['b']);
  expect(await database.runPrepared('SELECT $1::int', ['7'])).toEqual([7]);
  await database.close();
  await dispose();
});

it.runIf(SERVER)('no statement is compiled, which takes longer than to run it', async () => {
  const { config, dispose } = await createDatabase('server');
  const database = await openDatabase(config);
  expect(await database.prisma.$queryRaw`SHOW jit`).toEqual([{ jit: 'off' }]);
  expect(await database.runPrepared('SHOW jit', [])).toEqual(['off']);
  await database.close();
  await dispose();
});
