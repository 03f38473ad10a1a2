/** A server whose OpenID Connect issuer is away runs, and says so to whom it concerns. */
import { createClient } from 'graphql-ws';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { createDatabase } from '../helpers/database.ts';
import { AUDIENCE, makeKey, startIssuer } from '../helpers/oidc-issuer.ts';
import { startServer } from './server.ts';

test('a server whose issuer is away starts, tells it in its log, and refuses that issuer’s tokens as something that passes', async () => {
  const key = await makeKey('first');
  const provider = await startIssuer({ keys: [key] });
  const token = await provider.sign(key);
  await provider.close();
  const { config, dispose } = await createDatabase();
  onTestFinished(dispose);
  const server = await startServer({
    MIEN_DATA_DIR: config.dataDir,
    ...(config.databaseUrl && { DATABASE_URL: config.databaseUrl }),
    MIEN_DEMO: 'false',
    MIEN_OIDC_ISSUER: provider.issuer,
    MIEN_OIDC_AUDIENCE: AUDIENCE,
    MIEN_OIDC_ROLES: 'groups=staff:VIEWER',
  });
  onTestFinished(async () => {
    await server.end('SIGTERM');
  });
  await expect.poll(server.log, { timeout: 60_000 }).toContain('the OpenID Connect issuer cannot be asked');
  expect((await fetch(new URL('/ready', server.url))).status).toBe(200);

  const ask = (authorization?: string) =>
    fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
      body: JSON.stringify({ query: '{ __typename }' }),
    });
  const refused = await ask(`Bearer ${token}`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
  expect(await refused.text()).toContain('ISSUER_UNAVAILABLE');
  // Whoever shows nothing is asked who they are: an issuer is set, be it away or not.
  expect((await ask()).status).toBe(401);

  const client = createClient({
    ...{ url: server.url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 },
    connectionParams: { token },
  });
  const feed = client.iterate({ query: 'subscription { streamStatus { state } }' });
  await expect(feed.next()).rejects.toMatchObject({ code: 1013 });
}, 240_000);
