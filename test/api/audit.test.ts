/** The audit over the whole API: what is asked over HTTP is found in the database, and read back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPEN_PRINCIPAL } from '../../src/domain/access.ts';
import type { AuditRecord } from '../../src/domain/audit.ts';
import { ask, until } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const ENTRY =
  'id at since count actorKind actorId actorName address action targetType targetId targetName outcome code detail { name value }';

async function auditLog(filter = '{}', page = 'first: 100') {
  const { data, errors } = await ask(
    world.url,
    `{ auditLog(filter: ${filter}, ${page}) { nodes { ${ENTRY} } pageInfo { hasNextPage endCursor } } }`,
  );
  expect(errors).toBeUndefined();
  return data.auditLog;
}

const register = (name: string, file: string) =>
  ask(
    world.url,
    `mutation { registerStream(input: { name: "${name}", purpose: RESEARCH, source: { file: "${file}" }, autoStart: false }) { stream { id } } }`,
  );

/** Waits until what earlier tests asked for is stored: refusals are summed up for a moment first. */
async function settled(): Promise<void> {
  const count = () => world.store.prisma.auditEntry.count();
  await until(async () => {
    const before = await count();
    await sleep(500);
    return (await count()) === before;
  }, 'nothing more is stored');
}

test('what is registered, started, stopped and removed is in the audit, newest first', async () => {
  const { data } = await register('door', 'endless.mp4');
  const { id } = data.registerStream.stream;
  await ask(world.url, `mutation { startStream(input: { id: "${id}" }) { session { id } } }`);
  await ask(world.url, `mutation { stopStream(input: { id: "${id.toUpperCase()}" }) { session { id } } }`);
  await ask(world.url, `mutation { removeStream(input: { id: "${id}" }) { removedStreamId } }`);
  const { nodes } = await auditLog();
  const { kind, id: actorId, name } = OPEN_PRINCIPAL;
  const common = {
    ...{ actorKind: kind, actorId, actorName: name, address: '127.0.0.1', count: 1, since: null },
    ...{ outcome: 'OK', code: null, targetType: 'STREAM', targetName: 'door' },
  };
  expect(nodes).toMatchObject([
    { ...common, action: 'REMOVE_STREAM', targetId: id, detail: [] },
    { ...common, action: 'STOP_STREAM', targetId: id.toUpperCase() },
    { ...common, action: 'START_STREAM', targetId: id },
    {
      ...{ ...common, action: 'REGISTER_STREAM', targetId: id },
      detail: [
        { name: 'source', value: 'FILE' },
        { name: 'purpose', value: 'RESEARCH' },
      ],
    },
  ]);
  expect(Math.abs(Date.parse(nodes[0].at) - Date.now())).toBeLessThan(3_600_000);
});

test('what fails is in the audit with its code, and a storm of it is summed', async () => {
  const before = await world.store.prisma.auditEntry.count();
  expect((await register('window', 'missing.mp4')).errors?.[0]?.extensions?.code).toBe('SOURCE_UNREACHABLE');
  await until(async () => (await world.store.prisma.auditEntry.count()) > before, 'it is stored');
  const [failed] = (await auditLog('{ outcome: FAILED }')).nodes;
  expect(failed).toMatchObject({
    ...{ action: 'REGISTER_STREAM', outcome: 'FAILED', code: 'SOURCE_UNREACHABLE', targetName: 'window' },
  });
  await Promise.all(Array.from({ length: 50 }, () => register('window', 'missing.mp4')));
  const counts = async () =>
    (await auditLog('{ outcome: FAILED }')).nodes.map(({ count }: { count: number }) => count);
  const sum = async () => (await counts()).reduce((total: number, count: number) => total + count, 0);
  await until(async () => (await sum()) === 51, 'all are told of');
  // However slow the machine is, and so in how many stretches of time they came.
  expect((await counts()).length).toBeLessThan(51);
});

test('the audit is asked for by time, actor, action, outcome and target', async () => {
  const record = (changes: Partial<AuditRecord>): AuditRecord => ({
    requester: { principal: { kind: 'TOKEN', id: 't1', name: 'wall' }, address: '192.0.2.7' },
    ...{ action: 'SIGN_IN', outcome: 'OK', count: 1, since: null, ...changes },
  });
  await world.store.audit.append([
    record({}),
    record({ action: 'SIGN_OUT' }),
    record({ outcome: 'REFUSED', code: 'UNAUTHENTICATED' }),
    record({ action: 'CREATE_TOKEN', target: { type: 'TOKEN', id: 't2', name: 'hall' } }),
  ]);
  const { nodes } = await auditLog('{ actor: "wall" }');
  expect(nodes.map(({ action }: { action: string }) => action)).toEqual([
    ...['CREATE_TOKEN', 'SIGN_IN', 'SIGN_OUT', 'SIGN_IN'],
  ]);
  const found = async (filter: string) => (await auditLog(filter)).nodes.map(({ id }: { id: string }) => id);
  const [token, refused, signOut, signIn] = nodes.map(({ id }: { id: string }) => id);
  expect(await found('{ actor: "t1" }')).toEqual([token, refused, signOut, signIn]);
  expect(await found('{ actor: "t1", action: SIGN_IN }')).toEqual([refused, signIn]);
  expect(await found('{ actor: "t1", outcome: REFUSED }')).toEqual([refused]);
  expect(await found('{ target: "hall" }')).toEqual([token]);
  expect(await found('{ target: "t2", actor: "nobody" }')).toEqual([]);
  const { at } = nodes[3];
  const [later, earlier] = [`from: "${at}"`, `to: "${at}"`];
  expect(await found(`{ actor: "t1", ${later} }`)).toEqual([token, refused, signOut, signIn]);
  expect(await found(`{ actor: "t1", ${earlier} }`)).toEqual([]);
});

test('the audit is read in pages that hold each entry once, also while it grows', async () => {
  await settled();
  const all = (await auditLog()).nodes.map(({ id }: { id: string }) => id);
  const paged: string[] = [];
  let page = 'first: 3';
  for (let more = true; more; ) {
    const { nodes, pageInfo } = await auditLog('{}', page);
    paged.push(...nodes.map(({ id }: { id: string }) => id));
    page = `first: 3, after: "${pageInfo.endCursor}"`;
    more = pageInfo.hasNextPage;
    await register(`grown ${paged.length}`, 'missing.mp4');
  }
  expect(paged).toEqual(all);
  expect(all.length).toBeGreaterThan(6);
});

test('a filter that no entry can have is told what is wrong with it', async () => {
  const query = '{ auditLog(filter: { actor: "a\\u0000b" }) { nodes { id } } }';
  const { errors } = await ask(world.url, query);
  expect(errors).toMatchObject([
    { extensions: { code: 'BAD_INPUT' }, message: expect.stringContaining('NUL') },
  ]);
});

test('the audit is read from its oldest entry on where that is asked for', async () => {
  const ids = async (page: string) =>
    (await auditLog('{}', page)).nodes.map(({ id }: { id: string }) => Number(id));
  await settled();
  const newest = await ids('first: 100');
  expect(newest.length).toBeGreaterThan(6);
  expect(await ids('first: 100, oldestFirst: true')).toEqual(newest.toReversed());
});
