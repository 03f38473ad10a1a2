/** Who is not let in, and who uploads, is in the audit; their tokens are not. */
import { once } from 'node:events';
import { Upload } from 'tus-js-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createAccess } from '../../src/access/access.ts';
import { makeToken } from '../../src/access/token-format.ts';
import { type AuditEvent, UNKNOWN_ACTOR } from '../../src/domain/audit.ts';
import { keptAudit } from '../helpers/audit.ts';
import { MemorySignIns } from '../helpers/sign-ins.ts';
import { type MemoryTokens, memoryTokens } from '../helpers/tokens.ts';
import { ask, openTestApi, type TestApi, until } from './harness.ts';

let store: MemoryTokens;
let api: TestApi;
let events: AuditEvent[];
let secrets: string[];

beforeEach(async () => {
  store = memoryTokens();
  secrets = [];
  const kept = keptAudit();
  events = kept.events;
  const { authenticator } = createAccess({
    ...{ mode: 'required', loopback: true, tokens: store, signIns: new MemorySignIns() },
  });
  api = await openTestApi({ audit: kept.audit }, { authenticator, maxUpload: 100_000 });
});
afterEach(async () => {
  await api.close();
  expect(secrets.filter((secret) => JSON.stringify(events).includes(secret))).toEqual([]);
});

async function token(
  name: string,
  role: 'VIEWER' | 'OPERATOR',
  streams: Record<string, string> | null = null,
) {
  const { id, secret } = await store.add({ name, role, streams });
  secrets.push(secret);
  return { actor: { kind: 'TOKEN', id, name }, headers: { authorization: `Bearer ${secret}` } };
}

const access = (principal: object, path: string, code: string) => ({
  requester: { principal, address: '127.0.0.1' },
  action: 'ACCESS',
  target: { type: 'PATH', id: path },
  outcome: 'REFUSED',
  code,
});

describe('the audit of who is not let in', () => {
  test('a request without a token, and one with a wrong one, are in the audit', async () => {
    expect((await ask(api.url, '{ __typename }')).status).toBe(401);
    const { secret } = makeToken();
    secrets.push(secret);
    const headers = { authorization: `Bearer ${secret}` };
    expect((await ask(api.url, '{ __typename }', {}, headers)).status).toBe(401);
    const upload = { method: 'POST', body: 'x', headers: { 'content-type': 'video/mp4' } };
    expect((await fetch(`${api.url}/uploads/${'5'.repeat(32)}?a=b`, upload)).status).toBe(401);
    expect(events).toMatchObject([
      access(UNKNOWN_ACTOR, '/graphql', 'UNAUTHENTICATED'),
      access(UNKNOWN_ACTOR, '/graphql', 'UNAUTHENTICATED'),
      access(UNKNOWN_ACTOR, '/uploads', 'UNAUTHENTICATED'),
    ]);
    expect(JSON.stringify(events)).not.toContain('555');
  });

  test('who has another role is in the audit with their name', async () => {
    const viewer = await token('wall display', 'VIEWER', { hall: '1' });
    const upload = { method: 'POST', body: 'x', headers: { 'content-type': 'video/mp4', ...viewer.headers } };
    expect((await fetch(`${api.url}/uploads`, upload)).status).toBe(403);
    const passedOn = { headers: { ...viewer.headers, via: '1.1 proxy' } };
    expect((await fetch(`${api.url}/metrics`, passedOn)).status).toBe(403);
    expect(events).toMatchObject([
      access(viewer.actor, '/uploads', 'FORBIDDEN'),
      access(viewer.actor, '/metrics', 'FORBIDDEN'),
    ]);
  });

  test('a query that is for admins is in the audit when others ask it, by its own name, over HTTP and over WebSocket', async () => {
    const viewer = await token('wall display', 'VIEWER');
    const query = '{ streams: auditLog { nodes { id } } }';
    const refused = {
      ...access(viewer.actor, '/graphql', 'FORBIDDEN'),
      target: { type: 'PATH', id: '/graphql', name: 'auditLog' },
    };
    expect((await ask(api.url, query, {}, viewer.headers)).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    expect(events).toMatchObject([refused]);
    const ws = new WebSocket(api.wsUrl, 'graphql-transport-ws', { headers: viewer.headers });
    await once(ws, 'open');
    ws.send('{"type":"connection_init"}');
    await once(ws, 'message');
    ws.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
    await once(ws, 'message');
    ws.terminate();
    expect(events).toMatchObject([refused, refused]);
  });

  test('a WebSocket that shows no right token is in the audit', async () => {
    const ws = new WebSocket(api.wsUrl, 'graphql-transport-ws');
    await once(ws, 'open');
    ws.send(JSON.stringify({ type: 'connection_init', payload: { token: 'mien_wrong' } }));
    await once(ws, 'close');
    expect(events).toMatchObject([access(UNKNOWN_ACTOR, '/graphql', 'UNAUTHENTICATED')]);
  });

  test('what is asked with the right token leaves no entry', async () => {
    const viewer = await token('wall display', 'VIEWER');
    expect((await ask(api.url, '{ __typename }', {}, viewer.headers)).data).toEqual({ __typename: 'Query' });
    expect(events).toEqual([]);
  });
});

describe('the audit of uploads', () => {
  const upload = (requester: object, outcome: string, code: string | null, detail: object) => ({
    requester: { principal: requester, address: '127.0.0.1' },
    ...{ action: 'UPLOAD', target: { type: 'UPLOAD', id: null, name: null }, outcome, code, detail },
  });

  test('one in a request is in the audit with its size, and one that is too large with its code', async () => {
    const operator = await token('studio', 'OPERATOR');
    const post = (bytes: number) =>
      fetch(`${api.url}/uploads`, {
        ...{ method: 'POST', body: Buffer.alloc(bytes, 'x') },
        headers: { 'content-type': 'video/mp4', ...operator.headers },
      });
    const done = await post(1234);
    secrets.push(((await done.json()) as { token: string }).token);
    expect((await post(200_000)).status).toBe(413);
    expect(events).toMatchObject([
      upload(operator.actor, 'OK', null, { bytes: 1234 }),
      upload(operator.actor, 'FAILED', 'UPLOAD_TOO_LARGE', {}),
    ]);
  });

  test.each([30_000, 100_000])(
    'one by tus in parts of %i bytes is in the audit once, when all of it came',
    async (chunkSize) => {
      const operator = await token('studio', 'OPERATOR');
      const url = await new Promise<string>((resolve, reject) => {
        const tus = new Upload(Buffer.alloc(70_000, 'x'), {
          ...{
            endpoint: `${api.url}/uploads`,
            chunkSize,
            headers: operator.headers,
            uploadDataDuringCreation: true,
          },
          ...{ metadata: { filename: 'anna.mp4' }, onSuccess: () => resolve(tus.url!), onError: reject },
        });
        tus.start();
      });
      secrets.push(url.split('/').at(-1)!, 'anna');
      await until(() => events.length > 0, 'it is told');
      expect(events).toMatchObject([upload(operator.actor, 'OK', null, { bytes: 70_000 })]);
    },
  );
});
