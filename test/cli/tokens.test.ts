/** `mien token`, on a database that nobody has open, and on one that a server holds. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createAccess } from '../../src/access/access.ts';
import { findServer, noteServer } from '../../src/cli/serve/running-server.ts';
import { openStore } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { openTestApi } from '../api/harness.ts';
import { createDatabase, SERVER } from '../helpers/database.ts';
import { MemorySignIns } from '../helpers/sign-ins.ts';
import { memoryTokens } from '../helpers/tokens.ts';
import { type Running, run, runHere, start, workplace } from './harness.ts';

vi.setConfig({ testTimeout: 300_000 });

const CREATE = ['token', 'create', '--name', 'wall display', '--role', 'viewer'];

test('a token is made where no server runs, goes to stdout alone, is listed, and revoked, and all of it is written down', async () => {
  const database = await createDatabase();
  onTestFinished(() => database.dispose());
  const { dataDir, databaseUrl } = database.config;
  const env = {
    ...{ PATH: process.env.PATH ?? '', MIEN_DATA_DIR: dataDir, MIEN_LOG_LEVEL: 'warn' },
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
  };
  const made = await runHere([...CREATE, '--streams', 'room=lab', 'site=a b', '--expires', '30d'], env);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^mien_[\w-]{43}\n$/) });
  expect(made.stderr).toMatch(
    /"wall display" .* the role VIEWER, for streams tagged room=lab, site=a b; it expires at/,
  );
  expect(made.stderr).not.toContain(made.stdout.trim());
  const listed = await runHere(['token', 'list'], env);
  expect(listed.stdout).toMatch(/^ID +BEGINS/);
  expect(listed.stdout).not.toContain(made.stdout.trim());
  const [, id = ''] =
    /^(\S+) +mien_\S{8} +VIEWER +room=lab, site=a b .* good +wall display$/m.exec(listed.stdout) ?? [];
  expect(await runHere(['token', 'revoke', id], env)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Revoked "wall display"'),
  });
  expect((await runHere(['token', 'list'], env)).stdout).toMatch(/ revoked +wall display$/m);
  expect(await runHere(['token', 'revoke', 'nothing'], env)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no token "nothing"'),
  });
  const store = await openStore({ rollUp, ...database.config });
  const entries = await store.prisma.auditEntry.findMany({ orderBy: { ordinal: 'asc' } });
  expect(entries).toMatchObject([
    { action: 'CREATE_TOKEN', actorKind: 'COMMAND', targetId: id, targetName: 'wall display', outcome: 'OK' },
    { action: 'REVOKE_TOKEN', actorKind: 'COMMAND', targetId: id, outcome: 'OK' },
  ]);
  await store.close();
});

test.runIf(SERVER).each([
  ['two hours behind', -2],
  ['two hours ahead of', 2],
])(
  'a token ends so long after it was made on a machine whose clock is %s the database’s, too',
  async (_, hours) => {
    const database = await createDatabase('server');
    onTestFinished(() => database.dispose());
    const { dataDir, databaseUrl = '' } = database.config;
    const env = {
      ...{ PATH: process.env.PATH ?? '', MIEN_DATA_DIR: dataDir, MIEN_LOG_LEVEL: 'fatal' },
      DATABASE_URL: databaseUrl,
    };
    const before = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: before + hours * 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    const made = await runHere([...CREATE, '--expires', '1h'], env);
    const listed = await runHere(['token', 'list'], env);
    expect(made).toMatchObject({ code: 0 });
    const [, end = ''] = /it expires at (\S+)\./.exec(made.stderr) ?? [];
    expect(Math.abs(Date.parse(end) - before - 3_600_000)).toBeLessThan(600_000);
    expect(listed.stdout).toMatch(/ good +wall display$/m);
  },
);

test('a server that would be open to a network does not start, says what to do, and starts when that was done', async () => {
  const place = await workplace();
  onTestFinished(() => place.dispose());
  const env = { ...place.env, HOST: '0.0.0.0', MIEN_DEMO: 'false' };
  const refused = await run(['serve'], env);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('mien token create');
  expect(refused.stderr).toContain('MIEN_AUTH=none');
  const { stdout: first } = await run([...CREATE.slice(0, -1), 'admin'], env);
  const server = start(['serve'], env);
  onTestFinished(() => void server.child.kill('SIGKILL'));
  const url = await served(server);
  expect(server.stdout()).toContain('This server asks who you are: sign in at the dashboard first');
  const ask = async (secret: string, query = '{ tokens { edges { node { name role revokedAt } } } }') => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret.trim()}` };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
    return { status: response.status, body: await response.text() };
  };
  expect((await ask(first)).status).toBe(200);
  // The embedded database is held by the server: the command reaches it there.
  const second = await run([...CREATE.slice(0, -1), 'operator'], env);
  expect(second).toMatchObject({ code: 0, stdout: expect.stringMatching(/^mien_/) });
  expect((await ask(second.stdout, '{ __typename }')).status).toBe(200);
  const { stdout: list } = await run(['token', 'list'], env);
  const [, id = ''] = /^(\S+) .* OPERATOR .* good/m.exec(list) ?? [];
  expect(await run(['token', 'revoke', id], env)).toMatchObject({ code: 0 });
  expect((await ask(second.stdout, '{ __typename }')).status).toBe(401);
  const { body } = await ask(first, '{ auditLog { edges { node { action actorKind } } } }');
  expect(body).toContain('{"action":"REVOKE_TOKEN","actorKind":"COMMAND"}');
  // Nothing of any secret is in the log, and the note that commands find the server by goes with it.
  expect((await stat(join(place.env.MIEN_DATA_DIR!, 'server.json'))).mode & 0o777).toBe(0o600);
  server.child.kill('SIGTERM');
  const { code, stderr } = await server.finished;
  expect(code).toBe(0);
  for (const secret of [first, second.stdout]) expect(stderr).not.toContain(secret.trim().slice(13));
  await expect(stat(join(place.env.MIEN_DATA_DIR!, 'server.json'))).rejects.toThrow('ENOENT');
});

test('a server in another container, whose database is held and which is not reached, is told with what to do', async () => {
  const database = await createDatabase('pglite');
  onTestFinished(() => database.dispose());
  const store = await openStore({ rollUp, ...database.config });
  const env = { PATH: process.env.PATH ?? '', MIEN_DATA_DIR: database.config.dataDir };
  const told = await run(CREATE, env);
  expect(told).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('docker compose exec mien mien token'),
  });
  await store.close();
});

test.each([
  [['--role', 'king'], 'viewer, operator, admin'],
  [['--expires', 'tomorrow'], 'Write 30d'],
  [['--expires', '1d', '--streams', 'room'], 'key=value'],
  [['--streams', 'a=1', 'a=2'], 'twice'],
])('%j is refused with what to write', async (args, words) => {
  const told = await runHere([...CREATE, ...args], { PATH: process.env.PATH ?? '' });
  expect(told.code).not.toBe(0);
  expect(told.stderr).toContain(words);
});

test('a note that a killed server left leads to no other server, even where that has its port and is open', async () => {
  const database = await createDatabase('pglite');
  onTestFinished(() => database.dispose());
  const { dataDir } = database.config;
  const access = createAccess({
    mode: 'auto',
    loopback: true,
    tokens: memoryTokens(),
    signIns: new MemorySignIns(),
  });
  const api = await openTestApi({}, { authenticator: access.authenticator, proofOf: access.proofOf });
  const { hostname, port } = new URL(api.url);
  const at = { host: hostname, port: Number(port) };
  await noteServer(dataDir, {
    ...at,
    credential: createAccess({
      mode: 'auto',
      loopback: true,
      tokens: memoryTokens(),
      signIns: new MemorySignIns(),
    }).commandCredential,
  });
  expect(await findServer(dataDir)).toBeNull();
  const note = await noteServer(dataDir, { ...at, credential: access.commandCredential });
  expect(await (await findServer(dataDir))?.('{ __typename }')).toEqual({ __typename: 'Query' });
  await api.close();
  expect(await findServer(dataDir)).toBeNull();
  // One that says nothing is not waited for.
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(at.port, at.host, resolve));
  expect(await findServer(dataDir)).toBeNull();
  silent.closeAllConnections();
  silent.close();
  await note.close();
  await writeFile(join(dataDir, 'server.json'), '{ torn');
  expect(await findServer(dataDir)).toBeNull();
  expect(await readFile(join(dataDir, 'server.json'), 'utf8')).toBe('{ torn');
});

async function served({ stdout, finished }: Running): Promise<string> {
  const found = () => /http:\/\/\S+\/graphql/.exec(stdout())?.[0];
  const over = finished.then(({ stderr }) => Promise.reject(new Error(stderr)));
  const poll = async () => {
    for (;;) {
      const url = found();
      if (url) return url;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return Promise.race([poll(), over]);
}
