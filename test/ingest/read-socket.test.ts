/** Reading so many bytes of a socket, whatever the other end does meanwhile. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSocketReader } from '../../src/ingest/network/read-socket.ts';

let server: Server;
/** Both ends of a connection. */
let here: Socket;
let there: Socket;
/** Of `here`, by whoever reads it. */
let looks: number;

beforeEach(async () => {
  server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  here = connect((server.address() as AddressInfo).port, '127.0.0.1');
  [there] = await once(server, 'connection');
  looks = 0;
  const read = here.read.bind(here);
  here.read = (size) => {
    // Whoever looks without end would stop the event loop, and this test with it.
    if (++looks > 100) throw new Error('looks without end');
    return read(size);
  };
});
afterEach(() => {
  here.destroy();
  there.destroy();
  server.close();
});

const reader = (seconds = 60) => createSocketReader(here, seconds, () => new Error('too late'));

/** Until so many bytes are in the socket. */
const arrived = (bytes: number) => expect.poll(() => here.readableLength, { interval: 2 }).toBe(bytes);

test('too few bytes, and then none, are told when the time is over, and nothing spins until then', async () => {
  const asked = expect(reader(0.05).exactly(4)).rejects.toThrow('too late');
  there.write('abc');
  await asked;
  expect(looks).toBeLessThan(10);
});

test('bytes that come one by one are waited for', async () => {
  const asked = reader().exactly(3);
  for (const [index, letter] of [...'abcd'].entries()) {
    there.write(letter);
    if (index < 2) await arrived(index + 1);
  }
  expect(String(await asked)).toBe('abc');
  expect(String(await reader().some())).toBe('d');
});

test('what has come is read before the end of the connection is told', async () => {
  there.end('abc');
  const { exactly, some } = reader();
  expect(String(await exactly(2))).toBe('ab');
  expect(String(await some())).toBe('c');
  await expect(some()).rejects.toThrow('the connection was closed');
});

test.each<[string, () => void]>([
  ['was ended', () => there.end()],
  ['broke', () => there.resetAndDestroy()],
  ['was closed here', () => here.destroy()],
])('too few bytes of a connection that %s are an error', async (_, finish) => {
  here.on('error', () => {});
  const asked = expect(reader().exactly(4)).rejects.toThrow('the connection was closed');
  there.write('abc');
  await arrived(3);
  finish();
  await asked;
});
