/** `mien audit export`, on the database of a server that was stopped. */
import { userInfo } from 'node:os';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { writePages } from '../../src/cli/admin/audit.ts';
import { pagesIn } from '../../src/cli/admin/audit-source.ts';
import type { AuditRecord } from '../../src/domain/audit.ts';
import { openStore, type StoredAuditEntry } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { until } from '../api/harness.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { run, runHere, start, workplace } from './harness.ts';

let database: TestDatabase;
let env: Record<string, string>;
const MANY = 2_500;

beforeAll(async () => {
  database = await createDatabase();
  const { dataDir, databaseUrl } = database.config;
  env = {
    ...{ PATH: process.env.PATH ?? '', MIEN_DATA_DIR: dataDir, MIEN_LOG_LEVEL: 'warn' },
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
  };
  const store = await openStore({ rollUp, ...database.config });
  await store.audit.append(Array.from({ length: MANY }, (_, index) => record(index)));
  await store.close();
});
afterAll(() => database.dispose());

function record(index: number): AuditRecord {
  const name = index === 0 ? '=HYPERLINK("http://evil.example","door")' : `token ${index}`;
  return {
    requester: { principal: { kind: 'TOKEN', id: `t${index}`, name }, address: '192.0.2.7' },
    ...{ action: 'SIGN_IN', outcome: 'OK', detail: { index }, count: 1, since: null },
  };
}

test('every entry is exported once and in order, and the export is the last of them', async () => {
  const { code, stdout, stderr } = await runHere(['audit', 'export'], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const entries = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(entries.map(({ id }) => id)).toEqual(entries.map(({ id }) => id).sort((a, b) => a - b));
  expect(entries.slice(0, MANY).map(({ detail }) => Number(detail.index))).toEqual(
    Array.from({ length: MANY }, (_, index) => index),
  );
  expect(entries[1]).toMatchObject({
    ...{ actorKind: 'TOKEN', actorId: 't1', actorName: 'token 1', address: '192.0.2.7', action: 'SIGN_IN' },
    ...{
      targetType: null,
      targetId: null,
      targetName: null,
      outcome: 'OK',
      code: null,
      count: 1,
      since: null,
    },
  });
  expect(entries.slice(MANY)).toMatchObject([
    {
      ...{ actorKind: 'COMMAND', actorName: userInfo().username, address: null },
      ...{ action: 'EXPORT_AUDIT', targetType: 'AUDIT', detail: {} },
    },
  ]);
});

test('a server that runs is asked instead of its database, and says the same', async () => {
  const own = await createDatabase('pglite');
  onTestFinished(() => own.dispose());
  const store = await openStore({ rollUp, dataDir: own.config.dataDir });
  await store.audit.append(Array.from({ length: 1_200 }, (_, index) => record(index)));
  await store.close();
  const place = await workplace();
  onTestFinished(() => place.dispose());
  const running = { ...place.env, MIEN_DATA_DIR: own.config.dataDir, MIEN_DEMO: 'false' };
  const server = start(['serve'], running);
  onTestFinished(() => void server.child.kill('SIGKILL'));
  await until(() => server.stdout().includes('mien serves at'), 'it serves', 240_000);
  const { code, stdout, stderr } = await run(['audit', 'export'], running);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const entries = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(entries.slice(0, 1_200).map(({ detail }) => Number(detail.index))).toEqual(
    Array.from({ length: 1_200 }, (_, index) => index),
  );
  expect(entries.slice(1_200)).toMatchObject([
    { ...{ actorKind: 'COMMAND', action: 'EXPORT_AUDIT', targetType: 'AUDIT', outcome: 'OK' } },
  ]);
});

test('of a table no cell is a formula, unless that is asked for', async () => {
  const table = async (...args: string[]) => {
    const { code, stdout } = await runHere(['audit', 'export', '--format', 'csv', ...args], env);
    expect(code).toBe(0);
    return stdout.split('\n').slice(0, 2);
  };
  const [head, first] = await table();
  expect(head).toBe(
    'id,at,since,count,actorKind,actorId,actorName,address,action,targetType,targetId,targetName,outcome,code,detail',
  );
  expect(first).toContain(`"'=HYPERLINK(""http://evil.example"",""door"")"`);
  expect(first).toContain('"{""index"":""0""}"');
  expect((await table('--no-escape-formulas'))[1]).toContain(',"=HYPERLINK(');
});

test('the time limits what is exported, and one that is none is told', async () => {
  const lines = async (...args: string[]) => {
    const { code, stdout } = await runHere(['audit', 'export', ...args], env);
    expect(code).toBe(0);
    return stdout === '' ? 0 : stdout.trimEnd().split('\n').length;
  };
  expect(await lines('--from', '2020-01-01', '--to', '2020-02-01T12:30:00+01:00')).toBe(0);
  expect(await lines('--from', '2020-01-01')).toBeGreaterThanOrEqual(MANY);
  const wrong = await runHere(['audit', 'export', '--to', 'yesterday'], env);
  expect(wrong).toMatchObject({ code: 1, stdout: '' });
  expect(wrong.stderr).toContain('It must be a day or a time');
});

test('no page is read before there is room for it, so that an export of any length takes little memory', async () => {
  const pages: number[] = [];
  const page = async (_range: object, after: number, first: number): Promise<StoredAuditEntry[]> => {
    pages.push(first);
    const length = pages.length < 50 ? first : 1;
    return Array.from({ length }, (_, index) => ({ ...ROW, ordinal: after + index + 1 }));
  };
  let ahead = 0;
  const output = {
    async begin() {},
    async write() {
      ahead = Math.max(ahead, pages.length - written);
      await new Promise((resolve) => setImmediate(resolve));
      written += 1;
    },
    async finish() {},
  };
  let written = 0;
  const options = { format: 'jsonl', bom: false, escapeFormulas: true } as const;
  const audit = { page, append: async () => {}, dropOlderThan: async () => 0 };
  await writePages(pagesIn(audit, {}), options, output, new AbortController().signal);
  expect(pages).toEqual(Array.from({ length: 50 }, () => 1_000));
  expect({ written, ahead }).toEqual({ written: 50, ahead: 1 });
});

const ROW: StoredAuditEntry = {
  ...{ ordinal: 1, at: new Date(0), since: null, actorKind: 'SYSTEM', actorId: 'mien', actorName: 'mien' },
  ...{ address: null, action: 'ACCESS', targetType: null, targetId: null, targetName: null, outcome: 'OK' },
  ...{ code: null, detail: {}, count: 1 },
};
