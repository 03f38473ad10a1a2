/** How commands find the server that runs, and are not taken in by another. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Access, createAccess } from '../../src/access/access.ts';
import { findServer, noteServer } from '../../src/cli/serve/running-server.ts';
import { openTestApi } from '../api/harness.ts';
import { MemorySignIns } from '../helpers/sign-ins.ts';
import { memoryTokens } from '../helpers/tokens.ts';

async function dataDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'mien-note-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

async function openServer(): Promise<{ access: Access; url: string; at: { host: string; port: number } }> {
  const stores = { tokens: memoryTokens(), signIns: new MemorySignIns() };
  const access = createAccess({ mode: 'required', loopback: true, ...stores });
  const { authenticator, proofOf } = access;
  const api = await openTestApi({}, { authenticator, proofOf });
  onTestFinished(() => api.close());
  return { access, url: api.url, at: { host: '127.0.0.1', port: Number(new URL(api.url).port) } };
}

test('the server shows that it knows the secret of its note, and is asked then', async () => {
  const dataDir = await dataDirectory();
  const { access, at } = await openServer();
  await noteServer(dataDir, { ...at, credential: access.commandCredential });
  expect(await (await findServer(dataDir))?.('{ __typename }')).toEqual({ __typename: 'Query' });
  const { access: another } = await openServer();
  await noteServer(dataDir, { ...at, credential: another.commandCredential });
  expect(await findServer(dataDir)).toBeNull();
});

test('a program that has the port now, and says yes to everything, is neither believed nor told the secret', async () => {
  const dataDir = await dataDirectory();
  const heard: string[] = [];
  const liar = createServer(({ url, rawHeaders }, response) => {
    heard.push(`${url} ${rawHeaders.join(' ')}`);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"proof":"","data":{"__typename":"Query"}}');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void liar.close());
  await once(liar, 'listening');
  const { port } = liar.address() as AddressInfo;
  await noteServer(dataDir, { host: '127.0.0.1', port, credential: 'command_secret' });
  expect(await findServer(dataDir)).toBeNull();
  expect(heard).toEqual([expect.stringContaining('/command')]);
  expect(heard.join()).not.toContain('command_secret');
});

test('what shows it is for commands on its own machine: nothing is there for whoever asks otherwise', async () => {
  const { access, url } = await openServer();
  const ask = (headers: Record<string, string>) => fetch(`${url}/command`, { headers });
  const challenge = { 'x-mien-challenge': 'abc' };
  expect(await (await ask(challenge)).json()).toEqual({ proof: access.proofOf('abc') });
  for (const headers of [
    {},
    { ...challenge, 'x-forwarded-for': '192.0.2.1' },
    { 'x-mien-challenge': 'a'.repeat(101) },
    { authorization: `Bearer ${access.commandCredential}` },
  ] as Record<string, string>[])
    expect((await ask(headers)).status).toBe(404);
});
