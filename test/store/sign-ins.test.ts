/** Who is signed in, as the database keeps it. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createStore, type TestStore } from '../helpers/database.ts';

const HOUR_MS = 3_600_000;
let db: TestStore;
beforeAll(async () => {
  db = await createStore();
});
afterAll(() => db.dispose());

const hashOf = (text: string) => createHash('sha256').update(text).digest();
const later = (ms: number) => new Date(Date.now() + ms);
const ADA = {
  kind: 'OIDC',
  id: 'https://id.example.org#ada',
  name: 'Ada',
  role: 'OPERATOR',
  streams: { site: 'lab' },
} as const;

it('a sign-in is found by the hash of what the browser keeps, with its person as they were, and by nothing else', async () => {
  const { signIns } = db.store;
  const principal = { ...ADA, expiresAt: later(HOUR_MS) };
  const id = await signIns.create(hashOf('one'), principal);
  expect(await signIns.byHash(hashOf('one'))).toEqual({ id, principal });
  expect(await signIns.byHash(hashOf('two'))).toBeNull();
});

it('a sign-in without a limit to streams has none when it is read back', async () => {
  const principal = { ...ADA, streams: null, expiresAt: later(HOUR_MS) };
  await db.store.signIns.create(hashOf('unlimited'), principal);
  expect((await db.store.signIns.byHash(hashOf('unlimited')))?.principal.streams).toBeNull();
});

it('a sign-in that was ended is gone, says which one it was, and others stay', async () => {
  const { signIns } = db.store;
  const id = await signIns.create(hashOf('ended'), { ...ADA, expiresAt: later(HOUR_MS) });
  await signIns.create(hashOf('stays'), { ...ADA, expiresAt: later(HOUR_MS) });
  expect(await signIns.byIds([id])).toHaveLength(1);
  expect(await signIns.end(hashOf('ended'))).toMatchObject({ id, principal: ADA });
  expect(await signIns.byIds([id])).toEqual([]);
  expect(await signIns.end(hashOf('ended'))).toBeNull();
  expect(await signIns.byHash(hashOf('ended'))).toBeNull();
  expect(await signIns.byHash(hashOf('stays'))).not.toBeNull();
});

it('rows of sign-ins whose time is over are deleted when somebody signs in', async () => {
  const { signIns } = db.store;
  await signIns.create(hashOf('over'), { ...ADA, expiresAt: later(-1) });
  expect(await signIns.byHash(hashOf('over'))).not.toBeNull();
  await signIns.create(hashOf('next'), { ...ADA, expiresAt: later(HOUR_MS) });
  expect(await signIns.byHash(hashOf('over'))).toBeNull();
});
