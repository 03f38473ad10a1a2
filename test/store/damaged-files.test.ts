/** What a start says of files that something else than mien has damaged, also where mien was killed before. */
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { assertUndamaged, mayShrinkFiles } from '../../src/store/pglite/file-sizes.ts';
import { createDatabase, roomInMemory, type TestDatabase } from '../helpers/database.ts';

const NOTE = 'mien-sizes.json';
const ROWS = 5000;

let place: TestDatabase;
/** Open, and noted often. */
let running: Database;
/** A data directory with what a kill leaves: what was written is in the files, what the database had in memory is not. */
let killed: string;
/** Of a table, its index and its catalog, below the database's directory. */
let paths: Record<'table' | 'index' | 'catalog', string>;
const copies: string[] = [];

beforeAll(async () => {
  place = await createDatabase('pglite');
  running = await openDatabase(place.config, { checkpoints: { everyMs: 3_600_000, lookMs: 5 } });
  const { prisma } = running;
  await prisma.$executeRaw`CREATE TABLE kept (n int PRIMARY KEY)`;
  await prisma.$executeRaw`INSERT INTO kept SELECT generate_series(1, ${ROWS}::int)`;
  const [found] = await prisma.$queryRaw<(typeof paths)[]>`
    SELECT pg_relation_filepath('kept') AS table, pg_relation_filepath('kept_pkey') AS index,
      pg_relation_filepath('pg_attribute') AS catalog`;
  paths = found!;
  await prisma.$executeRaw`VACUUM kept`;
  await noted();
  await prisma.$executeRaw`INSERT INTO kept SELECT generate_series(1, ${ROWS}::int) + ${ROWS}::int`;
  killed = copy(place.config.dataDir);
});
afterAll(async () => {
  await running.close();
  for (const path of copies) rmSync(path, { recursive: true });
  await place.dispose();
});

/** Until there is a note of the running database. */
function noted(): Promise<void> {
  const note = join(place.config.dataDir, 'pglite', NOTE);
  return vi.waitFor(() => expect(existsSync(note)).toBe(true), { timeout: 60_000, interval: 5 });
}

/** @returns a data directory with the database of another */
function copy(from: string): string {
  const dataDir = mkdtempSync(join(roomInMemory(), 'mien-damaged-'));
  copies.push(dataDir);
  cpSync(join(from, 'pglite'), join(dataDir, 'pglite'), { recursive: true });
  return dataDir;
}

const scribble = (path: string) => {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(8192, 'not a page '), 0, 8192, 0);
  closeSync(file);
};

describe('a database that was killed', () => {
  it('opens with all that was written before and behind its note', async () => {
    const { prisma, close } = await openDatabase({ dataDir: copy(killed) });
    expect(await prisma.$queryRaw`SELECT count(*)::int AS rows FROM kept`).toEqual([{ rows: 2 * ROWS }]);
    await close();
  });

  it.each<[string, 'table' | 'index' | 'catalog', (path: string) => void, RegExp]>([
    [
      'a table was cut to 8 kB',
      'table',
      (path) => truncateSync(path, 8192),
      /has 8192 bytes, of at least \d+ that/,
    ],
    ['a table was emptied', 'table', (path) => truncateSync(path, 0), /is empty or gone, of at least/],
    ['a table was deleted', 'table', (path) => rmSync(path), /is empty or gone/],
    ['an index was cut', 'index', (path) => truncateSync(path, 8192), /has 8192 bytes/],
    ['a catalog was cut', 'catalog', (path) => truncateSync(path, 8192), /has 8192 bytes/],
    ['a table was written over', 'table', scribble, /does not begin as files of PostgreSQL do/],
    ['an index was written over', 'index', scribble, /does not begin as files of PostgreSQL do/],
  ])('is not opened where %s, and says what to do, each time', async (_, which, damage, words) => {
    const path = join(killed, 'pglite', paths[which]);
    const whole = readFileSync(path);
    damage(path);
    for (let start = 0; start < 2; start++) {
      const error = await openDatabase({ dataDir: killed }).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(words) });
      expect(error).toMatchObject({ message: expect.stringContaining(paths[which]) });
      expect(error).toMatchObject({ message: expect.stringMatching(/Restore the directory from a backup/) });
    }
    writeFileSync(path, whole);
    await assertUndamaged(join(killed, 'pglite'));
  });

  it.each(['base', 'global'])('is not opened where %s is gone, and says what to do', async (place) => {
    const path = join(killed, 'pglite', place);
    renameSync(path, `${killed}/away`);
    await expect(openDatabase({ dataDir: killed })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/is empty or gone.*Restore the directory from a backup/),
    });
    renameSync(`${killed}/away`, path);
  });

  it('opens on what is left where the note is deleted, as the sentence says', async () => {
    const dataDir = copy(killed);
    truncateSync(join(dataDir, 'pglite', paths.table), 8192);
    rmSync(join(dataDir, 'pglite', NOTE));
    await (await openDatabase({ dataDir })).close();
  });

  it('is not thought damaged where the note was torn', async () => {
    const note = join(killed, 'pglite', NOTE);
    const whole = readFileSync(note);
    writeFileSync(note, whole.subarray(0, 12));
    await assertUndamaged(join(killed, 'pglite'));
    writeFileSync(note, whole);
  });
});

describe('the note of sizes', () => {
  it.each([
    'CREATE TABLE other AS SELECT n FROM generate_series(1, 9999) n',
    'DELETE FROM other',
    'VACUUM other',
    'DROP TABLE other',
  ])('does not tell that files are damaged after %s', async (statement) => {
    await noted();
    await running.prisma.$executeRawUnsafe(statement);
    await noted(); // the same note, or the one that comes with the next checkpoint
    await assertUndamaged(join(place.config.dataDir, 'pglite'));
  });

  it.each([
    ['SELECT 1', false],
    ['\n  insert into x values (1)', false],
    ['CREATE TABLE x (a int)', false],
    ['CHECKPOINT', false],
    ['VACUUM x', true],
    ['DROP TABLE x', true],
    ['TRUNCATE x', true],
    ['ALTER TABLE x ADD COLUMN a int', true],
    ['REINDEX TABLE x', true],
    ['SELECTED', true],
    ['', true],
  ])('outlives %j or not', (sql, mayShrink) => {
    expect(mayShrinkFiles(sql)).toBe(mayShrink);
  });
});
