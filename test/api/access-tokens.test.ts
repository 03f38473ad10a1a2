/** Tokens are made, listed and revoked by the API, over the real store. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, until } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let admin: { authorization: string };
beforeAll(async () => {
  world = await openWorld({ auth: true });
  admin = await world.token('ADMIN');
});
afterAll(() => world.close());

const CREATE = `mutation ($input: CreateTokenInput!) {
  createToken(input: $input) { secret token { id name role streams { key value } prefix createdBy expiresAt revokedAt } }
}`;
const create = (input: object, headers: Record<string, string> = admin) =>
  ask(world.url, CREATE, { input }, headers);

test('an admin makes a token, which counts at once, is listed without its secret, and is revoked', async () => {
  const streams = [{ key: 'room', value: 'lab' }];
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  const { data } = await create({ name: ' wall display ', role: 'VIEWER', streams, expiresAt });
  const { secret, token } = data.createToken;
  expect(secret).toMatch(/^mien_[\w-]{43}$/);
  expect(token).toEqual({
    ...{ id: token.id, name: 'wall display', role: 'VIEWER', streams, prefix: secret.slice(0, 13) },
    ...{ createdBy: 'TOKEN a ADMIN', expiresAt, revokedAt: null },
  });
  const holder = { authorization: `Bearer ${secret}` };
  const query = '{ models { id } }';
  expect((await ask(world.url, query, {}, holder)).data).toEqual({ models: [{ id: 'test@1' }] });
  const list = await ask(world.url, '{ tokens(first: 1) { edges { node { id name } } } }', {}, admin);
  expect(list.data.tokens.edges).toEqual([{ node: { id: token.id, name: 'wall display' } }]);
  const revoke = () =>
    ask(
      world.url,
      'mutation ($id: ID!) { revokeToken(input: { id: $id }) { token { revokedAt } } }',
      { id: token.id },
      admin,
    );
  const { revokedAt } = (await revoke()).data.revokeToken.token;
  expect(Date.now() - Date.parse(revokedAt)).toBeLessThan(60_000);
  expect((await ask(world.url, query, {}, holder)).status).toBe(401);
  expect((await revoke()).data.revokeToken.token).toEqual({ revokedAt });
  const rows = await world.store.prisma.$queryRaw<object[]>`SELECT t::text AS text FROM access_token t`;
  expect(rows.length).toBeGreaterThan(1);
  expect(JSON.stringify(rows)).not.toContain(secret.slice(13));
});

test('making and revoking tokens is written down, and no secret is', async () => {
  const { data } = await create({ name: 'noted', role: 'OPERATOR' });
  const { secret, token } = data.createToken;
  await ask(
    world.url,
    'mutation ($id: ID!) { revokeToken(input: { id: $id }) { token { id } } }',
    { id: token.id },
    admin,
  );
  const log = () =>
    ask(
      world.url,
      `{ auditLog(filter: { target: "${token.id}" }) { edges { node { action outcome actorName targetName } } } }`,
      {},
      admin,
    );
  let entries: { action: string }[] = [];
  await until(async () => {
    entries = (await log()).data.auditLog.edges.map(({ node }: { node: object }) => node);
    return entries.length === 2;
  }, 'both are written down');
  expect(entries.map(({ action }) => action)).toEqual(['REVOKE_TOKEN', 'CREATE_TOKEN']);
  for (const entry of entries)
    expect(entry).toMatchObject({ targetName: 'noted', outcome: 'OK', actorName: 'a ADMIN' });
  const rows = await world.store.prisma.$queryRaw<object[]>`SELECT e::text AS text FROM audit_entry e`;
  expect(JSON.stringify(rows)).not.toContain(secret.slice(13));
});

test.each(['VIEWER', 'OPERATOR'] as const)(
  'with the role %s tokens are neither made nor seen nor revoked',
  async (role) => {
    const headers = await world.token(role);
    const codes = [
      await create({ name: 'x', role: 'VIEWER' }, headers),
      await ask(world.url, '{ tokens { edges { node { id } } } }', {}, headers),
      await ask(world.url, 'mutation { revokeToken(input: { id: "x" }) { token { id } } }', {}, headers),
    ].map(({ errors }) => errors?.[0]?.extensions?.code);
    expect(codes).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
  },
);

test.each([
  ['an empty name', { name: '  ' }, '1 to 200 characters'],
  ['a name of several lines', { name: 'a\nb' }, 'without line breaks'],
  ['an end in the past', { expiresAt: '2020-01-01T00:00:00Z' }, 'in the future'],
  ['an end far away', { expiresAt: '3000-01-01T00:00:00Z' }, 'within ten years'],
  [
    'an admin who is limited',
    { role: 'ADMIN', streams: [{ key: 'a', value: 'b' }] },
    'ADMIN sees all streams',
  ],
  ['a limit to nothing', { streams: [] }, 'at least'],
  ['a tag that is none', { streams: [{ key: 'a b', value: 'c' }] }, 'key of a tag'],
  [
    'a tag given twice',
    {
      streams: [
        { key: 'a', value: 'b' },
        { key: 'a', value: 'c' },
      ],
    },
    'twice',
  ],
])('a token with %s is not made', async (_what, changes, words) => {
  const before = await world.store.prisma.accessToken.count();
  const { errors } = await create({ name: 'x', role: 'VIEWER', ...changes });
  expect(errors).toMatchObject([
    { message: expect.stringContaining(words), extensions: { code: 'BAD_INPUT' } },
  ]);
  expect(await world.store.prisma.accessToken.count()).toBe(before);
});

test('a token that is not there is told as such', async () => {
  for (const id of ['x', '0190b0f0-0000-7000-8000-000000000009']) {
    const { errors } = await ask(
      world.url,
      'mutation ($id: ID!) { revokeToken(input: { id: $id }) { token { id } } }',
      { id },
      admin,
    );
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  }
});
