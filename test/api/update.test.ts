/** Changing streams and sessions, and removing sessions, over the real store and streams that run. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask as post, until } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld({ auth: true });
});
afterAll(() => world.close());

type Headers = { authorization: string };
type Tags = { key: string; value: string }[];
const operator = () => world.token('OPERATOR');
const ask = (query: string, variables: Record<string, unknown>, headers: Headers) =>
  post(world.url, query, variables, headers);
const codeOf = async (answer: ReturnType<typeof ask>) => (await answer).errors?.[0]?.extensions?.code;

async function register(headers: Headers, file: string, more: object = {}) {
  const input = { name: `${file} ${Math.random()}`, source: { file }, purpose: 'RESEARCH', ...more };
  const { data } = await ask(
    'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } session { id } } }',
    { input },
    headers,
  );
  return { id: data.registerStream.stream.id as string, session: data.registerStream.session?.id as string };
}

const UPDATE_STREAM = `mutation ($input: UpdateStreamInput!) { updateStream(input: $input) {
  atNextSession stream { name frameRate smoothing loop priority timing detectSize retention tags { key value }
    latestSession { tags { key value } } } } }`;
const UPDATE_SESSION = `mutation ($input: UpdateSessionInput!) { updateSession(input: $input) {
  session { label notes tags { key value } ownTags { key value } } } }`;
const REMOVE_SESSION =
  'mutation ($input: RemoveSessionInput!) { removeSession(input: $input) { removedSessionId } }';

it('a running stream is changed: at once what can be, and the next session has the rest', async () => {
  const headers = await operator();
  const { id } = await register(headers, 'endless', { realtime: true, tags: [{ key: 'room', value: '2' }] });
  const change = {
    ...{ name: ' door ', priority: 'LOW', retention: 24, frameRate: 5, smoothing: 0 },
    ...{ loop: true, timing: 'EVEN', detectSize: 'LARGE', tags: [{ key: 'room', value: '3' }] },
  };
  const { data, errors } = await ask(UPDATE_STREAM, { input: { id, ...change } }, headers);
  expect(errors).toBeUndefined();
  expect(data.updateStream).toEqual({
    atNextSession: ['FRAME_RATE', 'TIMING', 'LOOP', 'DETECT_SIZE', 'SMOOTHING'],
    stream: { ...change, name: 'door', latestSession: { tags: [{ key: 'room', value: '2' }] } },
  });
  const again = `mutation ($id: ID!) { stopStream(input: { id: $id }) { stream { id } }
    startStream(input: { id: $id, label: "P-07", tags: [{ key: "participant", value: "P-07" }] }) {
      session { label tags { key value } ownTags { key } } } }`;
  expect((await ask(again, { id }, headers)).data.startStream.session).toEqual({
    label: 'P-07',
    tags: [
      { key: 'participant', value: 'P-07' },
      { key: 'room', value: '3' },
    ],
    ownTags: [{ key: 'participant' }],
  });
  // Null where null says something, and nothing where it says nothing.
  const nulls = { id, timing: null, retention: null, name: null, frameRate: null, tags: null };
  const { stream, atNextSession } = (await ask(UPDATE_STREAM, { input: nulls }, headers)).data.updateStream;
  expect(stream).toMatchObject({ ...change, name: 'door', timing: null, retention: null });
  expect(atNextSession).toEqual(['TIMING']);
  await world.services.streamManager.remove(id);
});

it('what changes is in the audit by its name, and not by its value', async () => {
  const headers = await operator();
  const { id, session } = await register(headers, 'clip');
  await ask(UPDATE_STREAM, { input: { id, name: 'Jane Doe', loop: true } }, headers);
  await ask(UPDATE_SESSION, { input: { id: session, notes: 'of Jane Roe' } }, headers);
  await ask(UPDATE_SESSION, { input: { id: session, tags: [{ key: 'a b', value: 'x' }] } }, headers);
  await ask(REMOVE_SESSION, { input: { id: session } }, headers);
  const query = `{ auditLog(first: 8) { nodes { action targetType targetId outcome detail { name value } } } }`;
  const { data } = await ask(query, {}, await world.token('ADMIN'));
  const entry = (action: string, targetType: string, targetId: string, changes: string | null) => ({
    ...{ action, targetType, targetId, outcome: 'OK' },
    detail: changes === null ? [] : [{ name: 'changes', value: changes }],
  });
  const nodes = data.auditLog.nodes.filter((node: { action: string }) => node.action !== 'CREATE_TOKEN');
  expect(nodes.slice(0, 4)).toEqual(
    expect.arrayContaining([
      entry('REMOVE_SESSION', 'SESSION', session, null),
      { ...entry('CHANGE_SESSION', 'SESSION', session, 'tags'), outcome: 'FAILED' },
      entry('CHANGE_SESSION', 'SESSION', session, 'notes'),
      entry('CHANGE_STREAM', 'STREAM', id, 'name, loop'),
    ]),
  );
});

it('a session is given a label, notes and tags of its own, which are taken away again', async () => {
  const headers = await operator();
  const lab = { key: 'site', value: 'lab' };
  const { session } = await register(headers, 'clip', { tags: [lab] });
  const update = async (input: object) =>
    (await ask(UPDATE_SESSION, { input: { id: session, ...input } }, headers)).data.updateSession.session;
  const own: Tags = [
    { key: 'participant', value: 'P-07' },
    { key: 'site', value: 'shop' },
  ];
  expect(await update({ label: ' first ', notes: 'wore\nglasses', tags: own })).toEqual({
    ...{ label: 'first', notes: 'wore\nglasses', tags: own, ownTags: own },
  });
  expect(await update({})).toMatchObject({ label: 'first', tags: own });
  expect(await update({ label: null, tags: [] })).toEqual({
    ...{ label: null, notes: 'wore\nglasses', tags: [lab], ownTags: [] },
  });
});

it.each([
  [{ label: ' ' }, '`label` must have 1 to 200 characters, without line breaks; null: none.'],
  [{ label: 'a\nb' }, '`label` must have 1 to 200 characters, without line breaks; null: none.'],
  [{ notes: 'x'.repeat(10_001) }, '`notes` must have 1 to 10000 characters; null: none.'],
  [{ notes: 'a\0' }, '`notes` must have 1 to 10000 characters; null: none.'],
  [{ tags: [{ key: '', value: 'x' }] }, 'The key of a tag has 1 to 64 letters, digits and `_`, `.` or `-`.'],
])('%o is refused of a session, in a sentence', async (change, message) => {
  const input = { id: '0190b0f0-0000-7000-8000-00000000dead', ...change };
  const { errors } = await ask(UPDATE_SESSION, { input }, await operator());
  expect(errors).toMatchObject([{ message, extensions: { code: 'BAD_INPUT' } }]);
});

it('a session is removed, also while it runs, and its stream stays, with its other sessions', async () => {
  const headers = await operator();
  const { id, session } = await register(headers, 'endless', { realtime: true });
  const start =
    'mutation ($id: ID!) { stopStream(input: { id: $id }) { stream { id } } startStream(input: { id: $id }) { session { id } } }';
  const second: string = (await ask(start, { id }, headers)).data.startStream.session.id;
  const sessionsOf = async () =>
    (await ask('query ($id: ID!) { stream(id: $id) { wanted sessions { nodes { id } } } }', { id }, headers))
      .data.stream;
  const frames = async () =>
    (await ask('query ($id: ID!) { session(id: $id) { summary { frames } } }', { id: second }, headers)).data
      .session.summary.frames;
  await until(async () => (await frames()) > 0, 'something was recorded');
  const remove = (of: string, reason?: string) =>
    ask(REMOVE_SESSION, { input: { id: of, ...(reason !== undefined && { reason }) } }, headers);
  expect((await remove(second, 'a trial')).data.removeSession).toEqual({ removedSessionId: second });
  expect(await sessionsOf()).toEqual({ wanted: false, sessions: { nodes: [{ id: session }] } });
  expect(await codeOf(remove(second))).toBe('NOT_FOUND');
  expect(await codeOf(remove('x'))).toBe('NOT_FOUND');
  expect(await codeOf(remove(session, ' '))).toBe('BAD_INPUT');
  expect((await remove(session)).errors).toBeUndefined();
  expect(await sessionsOf()).toEqual({ wanted: false, sessions: { nodes: [] } });
  const erasures = '{ erasures(first: 2) { nodes { reason sessionIds erased { streams sessions } } } }';
  const erased = { streams: 0, sessions: 1 };
  expect((await ask(erasures, {}, await world.token('ADMIN'))).data.erasures.nodes).toEqual([
    { reason: 'Removed.', sessionIds: [session], erased },
    { reason: 'a trial', sessionIds: [second], erased },
  ]);
});

it('an upload outlives the only session of it that is removed', async () => {
  const { streams, sessions } = world.store;
  const source = { type: 'upload', token: 'f'.repeat(32) } as const;
  const settings = {
    frameRate: 10,
    priority: 'NORMAL',
    loop: false,
    realtime: null,
    smoothing: 250,
  } as const;
  const more = { purpose: 'RESEARCH', detectSize: 'STANDARD', tags: {}, retention: null } as const;
  const { id } = await streams.create({ name: 'sent', source, ...settings, ...more });
  const session = await sessions.create({ streamId: id, modelId: 'test@1' });
  await sessions.setState(session.id, 'ENDED');
  await ask(REMOVE_SESSION, { input: { id: session.id } }, await operator());
  expect(await streams.get(id)).toMatchObject({ id, source });
  const rows = await world.store.prisma.erasure.findMany({ where: { sessionIds: { has: session.id } } });
  expect(rows).toMatchObject([{ uploads: 0, streams: 0, sessions: 1 }]);
});

it('whoever is limited to some tags keeps them on a stream, and changes no other one', async () => {
  const site = (value: string) => [{ key: 'site', value }];
  const mine = await world.token('OPERATOR', { site: 'lab' });
  const { id } = await register(mine, 'clip', { tags: site('lab') });
  const away = await ask(UPDATE_STREAM, { input: { id, tags: site('shop') } }, mine);
  expect(away.errors).toMatchObject([
    {
      message: 'You are shown the streams tagged site=lab only: give this one these `tags`, too.',
      extensions: { code: 'FORBIDDEN' },
    },
  ]);
  const tags = [{ key: 'room', value: '1' }, ...site('lab')];
  expect((await ask(UPDATE_STREAM, { input: { id, tags } }, mine)).data.updateStream.stream.tags).toEqual(
    tags,
  );
});

it('a stream that gets other tags is hidden at once from whom it is no longer for, and shown to the others, live too', async () => {
  const site = (value: string) => [{ key: 'site', value }];
  const headers = await operator();
  const { id, session } = await register(headers, 'endless', { realtime: true, tags: site('lab') });
  const [lab, shop] = await Promise.all(['lab', 'shop'].map((one) => world.token('OPERATOR', { site: one })));
  const isShown = async (to: Headers) =>
    (await ask('query ($id: ID!) { session(id: $id) { id } }', { id: session }, to)).data.session !== null;
  expect([await isShown(lab!), await isShown(shop!)]).toEqual([true, false]);
  const watch = async (tags: Record<string, string>) =>
    (await world.services.subscriptions.moments({ tags }))[Symbol.asyncIterator]();
  const seenByShop = await watch({ site: 'shop' });
  await ask(UPDATE_STREAM, { input: { id, tags: site('shop') } }, headers);
  expect([await isShown(lab!), await isShown(shop!)]).toEqual([false, true]);
  expect((await seenByShop.next()).value).toMatchObject({ moment: { sessionId: session } });
  await seenByShop.return?.();
  // A session's own tags show it to nobody else.
  const own = { id: session, tags: site('lab') };
  expect((await ask(UPDATE_SESSION, { input: own }, headers)).errors).toBeUndefined();
  expect([await isShown(lab!), await isShown(shop!)]).toEqual([false, true]);
  expect(await codeOf(ask(UPDATE_SESSION, { input: own }, lab!))).toBe('NOT_FOUND');
  expect(await codeOf(ask(REMOVE_SESSION, { input: { id: session } }, lab!))).toBe('NOT_FOUND');
  await world.services.streamManager.remove(id);
});

it('changes of one stream at the same time all take effect, and none outlives its removal', async () => {
  const headers = await operator();
  const { id } = await register(headers, 'clip', { autoStart: false });
  const change = (input: object) => ask(UPDATE_STREAM, { input: { id, ...input } }, headers);
  await Promise.all([change({ smoothing: 1 }), change({ frameRate: 7 }), change({ retention: 9 })]);
  expect((await change({})).data.updateStream.stream).toMatchObject({
    ...{ smoothing: 1, frameRate: 7, retention: 9 },
  });
  const all = await Promise.all([
    world.services.streamManager.remove(id).then(() => 'removed'),
    codeOf(change({ name: 'late' })),
    codeOf(change({ tags: [] })),
  ]);
  expect(all).toEqual(['removed', 'NOT_FOUND', 'NOT_FOUND']);
  expect(await codeOf(change({ id: 'x' }))).toBe('NOT_FOUND');
});
