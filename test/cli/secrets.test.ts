/** `mien secrets rotate`, on the database of a server that was stopped. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createDatabase, STREAM } from '../helpers/database.ts';
import { run } from './harness.ts';

vi.setConfig({ testTimeout: 120_000 });

test('the key of secrets is changed by a command, and what it sealed is read as before', async () => {
  const database = await createDatabase();
  const { dataDir, databaseUrl } = database.config;
  const first = await openStore({ rollUp, ...database.config });
  const source = { type: 'url', url: 'rtsp://me:pass@camera/1' } as const;
  await first.streams.create({ ...STREAM, source });
  await first.close();
  const key = () => readFile(join(dataDir, 'secret.key'), 'utf8');
  const before = await key();
  const env = {
    PATH: process.env.PATH ?? '',
    MIEN_DATA_DIR: dataDir,
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
  };
  const told = await run(['secrets', 'rotate'], env);
  expect(told).toMatchObject({ code: 0, stdout: 'Sealed with the new key: 1 source or output.\n' });
  expect(await key()).not.toBe(before);
  const second = await openStore({ rollUp, ...database.config });
  expect((await second.streams.byName(STREAM.name))[0]?.source).toEqual(source);
  expect(await second.audit.page({ from: null, to: null }, 0, 10)).toMatchObject([
    { actorKind: 'COMMAND', action: 'ROTATE_SECRETS', outcome: 'OK', detail: { sealed: 1, locked: 0 } },
  ]);
  await second.close();
  await database.dispose();
});
