/** Whom our loopback ports let in: on Linux processes of our own user, however they name the address and theirs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { listenOnLoopback } from '../../src/ingest/network/http/loopback-proxy.ts';
import { isForeignPeer } from '../../src/ingest/network/peer-user.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});
async function listen(server: Server): Promise<number> {
  open.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

const CONNECT = {
  'as anybody does': { host: '127.0.0.1' },
  'from another loopback address': { host: '127.0.0.1', localAddress: '127.9.8.7' },
  'by an address of IPv6 for one of IPv4': { host: '::ffff:127.0.0.1' },
};

const asRoot = process.platform === 'linux' && process.getuid?.() === 0;
if (!asRoot) console.warn('SKIPPED: nobody but root of Linux can try what another user may reach');
describe.skipIf(!asRoot)('a process that connects', () => {
  test.each(Object.entries(CONNECT))('%s is foreign where it is of another user', async (_, address) => {
    const foreign: Promise<boolean>[] = [];
    const port = await listen(
      createServer((socket) => {
        const asked = isForeignPeer(socket);
        foreign.push(asked);
        void asked.then(() => socket.end());
      }),
    );
    for (const uid of [65534, process.getuid!()]) {
      const script = `require('net').connect(${JSON.stringify({ ...address, port })})`;
      const child = spawn(process.execPath, ['-e', script], { uid, cwd: '/', stdio: 'inherit' });
      expect(await once(child, 'exit')).toEqual([0, null]);
    }
    expect(await Promise.all(foreign)).toEqual([true, false]);
  });

  test('is foreign where it has closed its socket, of which the kernel then names no user', async () => {
    let socket: Socket | undefined;
    const port = await listen(createServer({ pauseOnConnect: true }, (accepted) => (socket = accepted)));
    const script = `require('net').connect(${port}, '127.0.0.1').end('at once')`;
    const child = spawn(process.execPath, ['-e', script], { uid: 65534, cwd: '/', stdio: 'ignore' });
    // It has ended, while our end of its connection is still open.
    const exited = once(child, 'exit');
    await expect.poll(() => socket, { interval: 2 }).toBeDefined();
    process.kill(child.pid!, 'SIGKILL');
    await exited;
    expect(await isForeignPeer(socket!)).toBe(true);
    socket!.destroy();
  });

  test('and is of another user is told nothing by a web server of ours, and one of our own is', async () => {
    const proxy = await listenOnLoopback(
      createHttp((_, response) => response.end('a picture')),
      () => undefined,
    );
    const said: string[] = [];
    for (const uid of [65534, process.getuid!()]) {
      const script = `exec 3<>/dev/tcp/127.0.0.1/${proxy.port}; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
      const child = spawn('/bin/bash', ['-c', script], {
        uid,
        cwd: '/',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let text = '';
      child.stdout.on('data', (data) => (text += data));
      await once(child, 'close');
      said.push(text);
    }
    proxy.close();
    expect(said[0]).toBe('');
    expect(said[1]).toMatch(/^HTTP\/1\.1 200 OK.*a picture$/s);
  });
});

test('what comes before a connection is let in is not lost', async () => {
  const heard: string[] = [];
  const server = createServer((socket) => socket.on('data', (data) => heard.push(String(data))));
  const proxy = await listenOnLoopback(server, () => undefined);
  const client = connect(proxy.port, '127.0.0.1');
  client.write('at once');
  await expect.poll(() => heard.join(''), { interval: 2 }).toBe('at once');
  client.destroy();
  proxy.close();
});

test('thousands of sockets on the machine do not stop the event loop while one is looked for', async () => {
  const accepted: Socket[] = [];
  const port = await listen(createServer((socket) => accepted.push(socket)));
  const clients: Socket[] = [];
  for (let count = 0; count < 2500; count++) {
    const client = connect(port, '127.0.0.1');
    clients.push(client);
    if (count % 100 === 99) await once(client, 'connect');
  }
  await expect.poll(() => accepted.length).toBe(2500);
  let turns = 0;
  let looking = true;
  const turn = () => {
    turns += 1;
    if (looking) setImmediate(turn);
  };
  setImmediate(turn);
  expect(await isForeignPeer(accepted[1234]!)).toBe(false);
  looking = false;
  for (const socket of [...clients, ...accepted]) socket.destroy();
  // Reading the table at once would be none.
  if (process.platform === 'linux') expect(turns).toBeGreaterThan(20);
});
