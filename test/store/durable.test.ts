/** What PGlite's commits write to the disk before they are acknowledged. */
import fs from 'node:fs';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDurable } from '../../src/store/pglite/durable-pglite.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let database: TestDatabase;
let directory: string;
beforeEach(async () => {
  database = await createDatabase('pglite');
  directory = join(database.config.dataDir, 'pglite');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await database.dispose();
});

describe('durable PGlite', () => {
  let db: PGlite;
  beforeEach(async () => {
    db = await openDurable(directory, []);
    await db.exec('CREATE TABLE kept (value int)');
  });

  it('PGlite syncs once for every commit, and not for reading', async () => {
    const sync = vi.spyOn(fs, 'fsyncSync');
    for (let value = 0; value < 20; value++) await db.query('INSERT INTO kept VALUES ($1)', [value]);
    expect(sync).toHaveBeenCalledTimes(20);
    await db.query('SELECT count(*) FROM kept');
    expect(sync).toHaveBeenCalledTimes(20);
    await db.close();
  });

  it('PGlite syncs files and directories at a checkpoint', async () => {
    await db.query('INSERT INTO kept VALUES (1)');
    const synced = { files: 0, directories: 0 };
    const real = fs.fsyncSync;
    vi.spyOn(fs, 'fsyncSync').mockImplementation((file) => {
      synced[fs.fstatSync(file).isDirectory() ? 'directories' : 'files']++;
      real(file);
    });
    await db.exec('CHECKPOINT');
    expect(synced.files).toBeGreaterThan(5);
    expect(synced.directories).toBeGreaterThan(0);
    await db.close();
  });

  it('PGlite acknowledges no commit that the disk refused', async () => {
    vi.spyOn(fs, 'fsyncSync').mockImplementation(() => {
      throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
    });
    await expect(db.query('INSERT INTO kept VALUES (1)')).rejects.toMatchObject({
      severity: 'PANIC',
      message: expect.stringContaining('could not fsync'),
    });
  });
});

it('PGlite does not open where commits do not reach the disk', async () => {
  const settings = ['-c', 'wal_sync_method=fdatasync'];
  await expect(openDurable(directory, settings)).rejects.toThrow('commits without waiting for the disk');
});

it('PGlite does not open where Node refuses fsync, and says what to do', async () => {
  const denied = Object.assign(new Error('fsync API is disabled'), { code: 'ERR_ACCESS_DENIED' });
  vi.spyOn(fs, 'fsyncSync').mockImplementation(() => {
    throw denied;
  });
  await expect(openDurable(directory, [])).rejects.toThrow(
    'Set DATABASE_URL, or start mien without --permission.',
  );
});
