/** The key file is shared by all who use one data directory: servers of one PostgreSQL, and the command that rotates. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSource, sealSource } from '../../src/store/secrets/sealed-source.ts';
import { createSecretKeys } from '../../src/store/secrets/secret-keys.ts';

const CAMERA = { type: 'url', url: 'rtsp://me:secret@camera/' } as const;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mien-keys-'));
});
afterEach(() => rm(directory, { recursive: true }));

const open = () => createSecretKeys([], directory);

test('those who need the first key at once make one, and what each seals is opened after a restart', async () => {
  const servers = [open(), open(), open()];
  for (const keys of servers) expect(await keys.all()).toEqual([]);
  const sealed = await Promise.all(servers.map((keys) => sealSource(CAMERA, keys)));
  for (const source of sealed) expect(await openSource(source, open())).toEqual(CAMERA);
  expect(await readdir(directory)).toEqual(['secret.key']);
  expect((await stat(join(directory, 'secret.key'))).mode & 0o777).toBe(0o600);
});

test('a server that runs while another process rotates opens what that sealed, and seals with the new key', async () => {
  const server = open();
  await sealSource(CAMERA, server);
  const command = open();
  await command.addNew();
  const rotated = await sealSource(CAMERA, command);
  await command.dropOld();
  expect(await openSource(rotated, server)).toEqual(CAMERA);
  expect(await openSource(await sealSource(CAMERA, server), open())).toEqual(CAMERA);
});
