/** Who signs out at a server that takes the request and never answers is told so, instead of waiting for ever. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { signOut } from '../../src/web/auth-client.js';
import { ConnectionLost } from '../../src/web/client.js';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a server that never answers is given up after 30 seconds', async () => {
  let isAsked = false;
  const server = createServer(() => {
    isAsked = true;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const { fetch } = globalThis;
  vi.stubGlobal('fetch', (path: string, options: RequestInit) =>
    fetch(new URL(path, `http://127.0.0.1:${port}`), options),
  );
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const problem = signOut().then(
    () => null,
    (found: unknown) => found,
  );
  while (!isAsked) await setImmediate();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await problem).toEqual(new ConnectionLost('the server does not answer'));
});
