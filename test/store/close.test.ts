/** Closing the embedded database, and failing to open it. */
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { openStore } from '../../src/store/index.ts';
import { PgliteClient } from '../../src/store/pglite/pglite-client.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let place: TestDatabase;
let dataDir: string;
beforeEach(async () => {
  place = await createDatabase('pglite');
  dataDir = place.config.dataDir;
});
afterEach(() => place.dispose());

/** How each call ended; `waits` for one that did not, in a while. */
const stateOf = (call: Promise<unknown>) =>
  Promise.race([
    call.then(
      () => 'answered',
      () => 'refused',
    ),
    sleep(15_000, 'waits', { ref: false }),
  ]);

it('what was asked of the thread before it closes is answered, and what is asked after is refused', async () => {
  const client = new PgliteClient({ directory: join(dataDir, 'pglite') });
  const ask = () => client.query({ sql: 'SELECT 1', args: [], argTypes: [] });
  await ask();
  const before = Array.from({ length: 100 }, () => stateOf(ask()));
  const closing = client.close();
  const during = Array.from({ length: 100 }, () => stateOf(ask()));
  expect(new Set(await Promise.all(before))).toEqual(new Set(['answered']));
  expect(new Set(await Promise.all(during))).toEqual(new Set(['refused']));
  await closing;
  await expect(ask()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
});

it('calls and transactions that the end of the database cuts off settle, and none opens it again', async () => {
  const { prisma, close } = await openDatabase({ dataDir });
  const states: Promise<string>[] = [];
  const ask = () => {
    const twice = prisma.$transaction(async (tx) => [await tx.stream.count(), await tx.session.count()]);
    states.push(stateOf(twice), stateOf(prisma.$queryRaw`SELECT 1`), stateOf(prisma.stream.count()));
  };
  for (let at = 0; at < 40; at++) ask();
  const closing = close();
  for (let at = 0; at < 40; at++) ask();
  await closing;
  expect(await readdir(dataDir)).toEqual(['pglite']);
  for (let at = 0; at < 6; at++) ask();
  expect(await Promise.all(states)).not.toContain('waits');
  await expect(prisma.stream.count()).rejects.toThrow();
  // Nobody else is in the directory: it is opened by whoever comes next, with the lock.
  await (await openDatabase({ dataDir })).close();
});

it('a database whose lock another took writes no more', async () => {
  const { prisma, close } = await openDatabase({ dataDir }, { lock: { beatMs: 20, deadMs: 400 } });
  await writeFile(join(dataDir, 'mien.lock'), 'of another');
  await vi.waitFor(() => expect(prisma.stream.count()).rejects.toThrow(/Another mien has taken/), 5_000);
  await close();
});

it('an opening that fails leaves neither lock nor thread', async () => {
  await writeFile(join(dataDir, 'pglite', 'global', 'pg_control'), 'torn');
  await expect(openDatabase({ dataDir })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/does not open \(PGlite broke.*restore the directory from a backup/),
  });
  expect(await readdir(dataDir)).toEqual(['pglite']);
});

it('a table that was cut while the database was closed is noticed, and a database that changed in order is not', async () => {
  const first = await openDatabase({ dataDir });
  await first.prisma
    .$executeRaw`CREATE TABLE kept AS SELECT n, repeat('x', 200) AS text FROM generate_series(1, 2000) n`;
  const [found] = await first.prisma.$queryRaw<
    { path: string }[]
  >`SELECT pg_relation_filepath('kept') AS path`;
  await first.close();
  const second = await openDatabase({ dataDir });
  await second.prisma.$executeRaw`DELETE FROM kept WHERE n > 100`;
  await second.prisma.$executeRawUnsafe('VACUUM FULL kept');
  const [moved] = await second.prisma.$queryRaw<
    { path: string }[]
  >`SELECT pg_relation_filepath('kept') AS path`;
  await second.close();
  expect(moved).not.toEqual(found);
  const table = join(dataDir, 'pglite', moved!.path);
  const whole = await readFile(table);
  await truncate(table, 8192);
  const told = {
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`${moved!.path} has 8192 bytes, of at least ${whole.length}`),
  };
  await expect(openDatabase({ dataDir })).rejects.toMatchObject(told);
  await expect(openDatabase({ dataDir })).rejects.toMatchObject(told);
  await writeFile(table, whole);
  await (await openDatabase({ dataDir })).close();
});

it('a store that cannot open on its database leaves neither lock nor thread', async () => {
  const first = await openDatabase({ dataDir });
  await first.prisma.$executeRaw`DROP TABLE moment CASCADE`;
  await first.close();
  await expect(openStore({ rollUp, dataDir })).rejects.toThrow();
  expect(await readdir(dataDir)).toEqual(['pglite']);
});
