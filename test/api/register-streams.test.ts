/** Registering streams again and again, and several at a time. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ask as post } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld({ auth: true });
});
afterAll(() => world.close());

const REGISTER = `mutation ($input: RegisterStreamInput!) { registerStream(input: $input) {
  alreadyRegistered stream { id } session { id } } }`;
const REGISTER_ALL = `mutation ($input: RegisterStreamsInput!) { registerStreams(input: $input) { results {
  registered { alreadyRegistered stream { id name } session { id } } problem { code message } } } }`;
const stream = (name: string, more: object = {}) => ({
  ...{ name, source: { file: 'clip.mp4' }, purpose: 'RESEARCH', ...more },
});

async function asker(role: 'OPERATOR' | 'ADMIN' = 'OPERATOR', streams?: Record<string, string>) {
  const headers = await world.token(role, streams);
  return (query: string, variables: Record<string, unknown> = {}) =>
    post(world.url, query, variables, headers);
}

it('the same registration twenty times at once makes one stream with one session', async () => {
  const ask = await asker();
  const input = stream('door', { source: { file: 'endless' }, realtime: true });
  const all = await Promise.all(Array.from({ length: 20 }, () => ask(REGISTER, { input })));
  const answers = all.map(({ data }) => data.registerStream);
  expect(answers.filter(({ alreadyRegistered }) => !alreadyRegistered)).toHaveLength(1);
  const ids = new Set(answers.map((answer) => answer.stream.id as string));
  const [id] = ids;
  expect(ids.size).toBe(1);
  expect(new Set(answers.map(({ session }) => session.id)).size).toBe(1);
  expect(await world.store.prisma.session.count({ where: { streamId: id! } })).toBe(1);
  await world.services.streamManager.remove(id!);
});

it('an address that would have expired already is refused, and leaves no stream', async () => {
  const ask = await asker();
  const input = stream('late', { source: { push: { expiresAt: '2020-01-01T00:00:00Z' } } });
  const { errors } = await ask(REGISTER, { input });
  expect(errors?.[0]).toMatchObject({
    message: 'An address must expire in the future.',
    extensions: { code: 'BAD_INPUT' },
  });
  expect(await world.store.prisma.stream.count({ where: { name: 'late' } })).toBe(0);
  // Safe to repeat: one that is there already has its address, whatever became of it.
  const first = await ask(REGISTER, { input: stream('late', { source: { push: {} } }) });
  const again = await ask(REGISTER, { input });
  expect(again.data.registerStream).toMatchObject({
    alreadyRegistered: true,
    stream: first.data.registerStream.stream,
  });
  await world.services.streamManager.remove(first.data.registerStream.stream.id);
});

it('each of several has a result, in their order, whatever becomes of the others', async () => {
  const ask = await asker();
  const { data, errors } = await ask(REGISTER_ALL, {
    input: {
      streams: [
        stream('one'),
        stream('missing', { source: { file: 'missing.mp4' } }),
        stream(' '),
        stream('one'),
        stream('one', { loop: true }),
        stream('work', { purpose: 'WORKPLACE' }),
        stream('tagged', { tags: [{ key: 'a b', value: 'c' }] }),
        stream('named', { source: { file: '' }, frameRate: 0 }),
        stream('two', { autoStart: false }),
      ],
    },
  });
  expect(errors).toBeUndefined();
  const { results } = data.registerStreams;
  const refused = (code: string, message: unknown = expect.any(String)) => ({
    ...{ registered: null, problem: { code, message } },
  });
  const { id } = results[0].registered.stream;
  expect(results).toEqual([
    {
      registered: {
        alreadyRegistered: false,
        stream: { id, name: 'one' },
        session: { id: expect.any(String) },
      },
      problem: null,
    },
    refused('SOURCE_UNREACHABLE', 'There is no file "missing.mp4"; check the name.'),
    refused('BAD_INPUT', '`name` must not be empty.'),
    { registered: { ...results[0].registered, alreadyRegistered: true }, problem: null },
    refused('CONFLICT'),
    refused('PURPOSE_REFUSED'),
    refused('BAD_INPUT', 'The key of a tag has 1 to 64 letters, digits and `_`, `.` or `-`.'),
    refused('BAD_INPUT', '`source.file` must not be empty. `frameRate` must be from 0.1 to 60.'),
    {
      registered: {
        alreadyRegistered: false,
        stream: { id: expect.any(String), name: 'two' },
        session: null,
      },
      problem: null,
    },
  ]);
  expect(await world.store.streams.byName('one')).toHaveLength(1);
});

it('what nobody has foreseen hides its reason, and leaves the others their results', async () => {
  const ask = await asker();
  const streams = [stream('fine'), stream('broken', { source: { file: 'broken.mp4' } })];
  const { data, errors } = await ask(REGISTER_ALL, { input: { streams } });
  expect(data.registerStreams.results).toMatchObject([
    { registered: { stream: { name: 'fine' } } },
    { registered: null, problem: null },
  ]);
  expect(errors).toMatchObject([
    { path: ['registerStreams', 'results', 1, 'registered'], extensions: { code: 'INTERNAL' } },
  ]);
  expect(JSON.stringify(errors)).not.toContain('secret detail');
});

it.each([0, 101])('%i at once are refused, and none is registered', async (count) => {
  const ask = await asker();
  const streams = Array.from({ length: count }, (_, at) => stream(`many ${at}`));
  const { errors } = await ask(REGISTER_ALL, { input: { streams } });
  expect(errors).toMatchObject([
    {
      message: 'Give 1 to 100 `streams`, and others in another call.',
      extensions: { code: 'BAD_INPUT' },
    },
  ]);
  expect(await world.store.streams.byName('many 0')).toEqual([]);
});

it('a hundred are registered in one call', async () => {
  const ask = await asker();
  const streams = Array.from({ length: 100 }, (_, at) => stream(`hundred ${at}`, { autoStart: false }));
  const { data } = await ask(REGISTER_ALL, { input: { streams } });
  expect(
    data.registerStreams.results.map(
      (one: { registered: { stream: { name: string } } }) => one.registered.stream.name,
    ),
  ).toEqual(streams.map(({ name }) => name));
});

it('whoever is limited to some tags registers those that have them, and is refused the others', async () => {
  const ask = await asker('OPERATOR', { site: 'lab' });
  const tags = (value: string) => ({ tags: [{ key: 'site', value }], autoStart: false });
  const streams = [stream('in the lab', tags('lab')), stream('in the shop', tags('shop'))];
  const { data } = await ask(REGISTER_ALL, { input: { streams } });
  expect(data.registerStreams.results).toMatchObject([
    { registered: { stream: { name: 'in the lab' } } },
    { registered: null, problem: { code: 'FORBIDDEN' } },
  ]);
});

it('each is in the audit with its own outcome, and the call is not, unless it is refused as a whole', async () => {
  const ask = await asker();
  const streams = [stream('heard'), stream('unheard', { source: { file: 'missing.mp4' } })];
  const { data } = await ask(REGISTER_ALL, { input: { streams } });
  await ask(REGISTER_ALL, { input: { streams: [] } });
  const admin = await asker('ADMIN');
  const query =
    '{ auditLog(first: 20) { nodes { action targetId targetName outcome code detail { name value } } } }';
  await expect
    .poll(async () => {
      const { nodes } = (await admin(query)).data.auditLog;
      return nodes.filter(
        ({
          action,
          targetName,
          detail,
        }: {
          action: string;
          targetName: string | null;
          detail: { name: string }[];
        }) =>
          action === 'REGISTER_STREAM' &&
          (targetName?.endsWith('heard') || detail.some(({ name }) => name === 'streams')),
      );
    })
    .toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...{ targetId: data.registerStreams.results[0].registered.stream.id, targetName: 'heard' },
          ...{ outcome: 'OK', code: null },
        }),
        expect.objectContaining({ targetName: 'unheard', outcome: 'FAILED', code: 'SOURCE_UNREACHABLE' }),
        expect.objectContaining({
          ...{ outcome: 'FAILED', code: 'BAD_INPUT', detail: [{ name: 'streams', value: '0' }] },
        }),
      ]),
    );
});

it('a stream that is removed while it is being registered is missing, and no fault of the server', async () => {
  const ask = await asker();
  const { register } = world.services.streamManager;
  const registering = vi.spyOn(world.services.streamManager, 'register');
  registering.mockImplementationOnce(async function (this: unknown, ...args) {
    const registered = await register.apply(world.services.streamManager, args);
    await world.services.streamManager.remove(registered.id);
    return registered;
  });
  const { errors } = await ask(REGISTER, { input: stream('soon gone') });
  registering.mockRestore();
  expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
});
