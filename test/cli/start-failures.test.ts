/** What keeps a server from starting is told soon, in a sentence. */
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { until } from '../api/harness.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { run, start, type Workplace, workplace } from './harness.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

let place: Workplace;
let database: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  place = await workplace();
  database = await createDatabase('pglite');
  env = { ...place.env, MIEN_DATA_DIR: database.config.dataDir, MIEN_DEMO: 'false', MIEN_LOG_LEVEL: 'info' };
});
afterAll(async () => {
  await database.dispose();
  await place.dispose();
});

test('a port that is taken is noticed before the database and the models are opened', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  // Models that are not there would be told first.
  const { code, stderr } = await run(['serve'], { ...env, PORT: String(port), MIEN_MODELS: '/not/there' });
  expect([code, stderr]).toEqual([
    1,
    `mien: port ${port} is taken by another program; set PORT to another one.\n`,
  ]);
  other.close();
});

test('an address that this machine does not have is told', async () => {
  const { stderr } = await run(['serve'], { ...env, HOST: '192.0.2.1', PORT: '4999' });
  expect(stderr).toBe('mien: HOST 192.0.2.1 is no address of this machine; set it to one, or unset it.\n');
});

test.each([
  ['text', /^\[[\d :-]+\] (INFO|WARN): [^"]+$|^ {4}\w+: /],
  ['json', /^\{"level":\d0,"time":\d+,.*"msg":"[^"]+"\}$/],
])('SIGTERM during the start ends it soon and in order; its log is %s', async (format, line) => {
  const server = start(['serve'], { ...env, MIEN_LOG_FORMAT: format });
  await until(() => /opening the database/.test(server.stderr()), 'it starts', 60_000);
  const asked = performance.now();
  server.child.kill('SIGTERM');
  const { code, stdout, stderr } = await server.finished;
  expect(performance.now() - asked).toBeLessThan(8_000);
  expect([code, stdout]).toEqual([0, '']);
  expect(stderr).toContain('stopped');
  for (const text of stderr.trimEnd().split('\n')) expect(text).toMatch(line);
});

test('a list of documents that cannot be answered is noticed before the database and the models are opened', async () => {
  const path = join(env.MIEN_DATA_DIR!, '..', `${crypto.randomUUID()}.json`);
  await writeFile(path, '{ "faces": "{ face { id } }" }');
  const told = await run(['serve'], { ...env, MIEN_PERSISTED_DOCUMENTS: path, MIEN_MODELS: '/not/there' });
  await rm(path);
  expect([told.code, told.stderr]).toEqual([
    1,
    `mien: MIEN_PERSISTED_DOCUMENTS: ${path} holds documents that this server cannot answer:\n  "faces": Cannot query field "face" on type "Query".\n`,
  ]);
});
