/** Lists of streams and sessions: which of them, in what order, and how many there are. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tags } from '../../src/domain/access.ts';
import type { SessionState } from '../../src/domain/stream.ts';
import { STREAM } from '../helpers/database.ts';
import { type Answer, ask as askAt } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
/** By name. */
const streams = new Map<string, string>();
const sessions = new Map<string, string>();

beforeAll(async () => {
  world = await openWorld({ auth: true });
  await addStream('Lobby 100%', 'RESEARCH', { site: 'lab' }, ['ENDED', 'RUNNING']);
  await addStream('lobby_cam', 'SAFETY', { site: 'lab', room: '2' }, ['RUNNING', 'FAILED']);
  await addStream('Zoo', 'RESEARCH', { site: 'zoo' }, []);
  await addStream('attic', 'MEDICAL', {}, ['ENDED']);
});
afterAll(() => world.close());

async function addStream(
  name: string,
  purpose: 'RESEARCH' | 'SAFETY' | 'MEDICAL',
  tags: Tags,
  states: SessionState[],
) {
  const { id } = await world.store.streams.create({ ...STREAM, name, purpose, tags });
  streams.set(name, id);
  for (const [index, state] of states.entries()) {
    const session = await world.store.sessions.create({ streamId: id, modelId: 'test@1' });
    // One at a time is live: the next one begins when this one has ended.
    await world.store.sessions.setState(session.id, index < states.length - 1 ? 'ENDED' : state);
    sessions.set(`${name}/${index}`, session.id);
  }
  // The store lets none go on that has ended, and these are to be listed as what they never were.
  for (const [index, state] of states.slice(0, -1).entries()) {
    const data = { state, ...(state === 'RUNNING' && { endedAt: null }) };
    await world.store.prisma.session.update({ where: { id: sessions.get(`${name}/${index}`)! }, data });
  }
}

const tokens = new Map<Tags | null, { authorization: string }>();

/** As a viewer who is shown the streams with these tags; null: all. */
async function ask(query: string, variables: object = {}, shown: Tags | null = null): Promise<Answer> {
  const headers = tokens.get(shown) ?? (await world.token('VIEWER', shown));
  tokens.set(shown, headers);
  return askAt(world.url, query, { ...variables }, headers);
}

/** The names of a list of streams. */
async function streamNames(args: string, shown: Tags | null = null): Promise<string[]> {
  const { data, errors } = await ask(`{ streams(${args}) { nodes { name } } }`, {}, shown);
  expect(errors).toBeUndefined();
  return data.streams.nodes.map(({ name }: { name: string }) => name);
}

/** The sessions of a list, as `stream/number`. */
async function sessionNames(args: string, shown: Tags | null = null): Promise<string[]> {
  const { data, errors } = await ask(`{ sessions(${args}) { nodes { id } } }`, {}, shown);
  expect(errors).toBeUndefined();
  const names = new Map([...sessions].map(([name, id]) => [id, name]));
  return data.sessions.nodes.map(({ id }: { id: string }) => names.get(id));
}

const NOWHERE = '00000000-0000-7000-8000-000000000000';

describe('streams', () => {
  test.each([
    ['name: "LOBBY"', ['Lobby 100%', 'lobby_cam']],
    ['name: "%"', ['Lobby 100%']],
    ['name: "y_c"', ['lobby_cam']],
    ['name: "\\\\"', []],
    ['purposes: [RESEARCH, MEDICAL]', ['Lobby 100%', 'Zoo', 'attic']],
    ['purposes: []', []],
    ['tags: [{ key: "site", value: "lab" }]', ['Lobby 100%', 'lobby_cam']],
    ['tags: [{ key: "site", value: "lab" }, { key: "room", value: "2" }]', ['lobby_cam']],
    ['states: [RUNNING]', ['Lobby 100%']],
    ['states: [ENDED, FAILED]', ['lobby_cam', 'attic']],
    ['states: [ENDED], name: "lobby"', []],
    [`ids: ["${NOWHERE}", "no id at all"]`, []],
    ['', ['Lobby 100%', 'lobby_cam', 'Zoo', 'attic']],
  ])('with { %s } are %j', async (filter, names) => {
    expect(await streamNames(`filter: { ${filter} }`)).toEqual(names);
  });

  test('by ids, those that are there, in the order of the list', async () => {
    const ids = ['attic', 'Lobby 100%'].map((name) => streams.get(name));
    expect(await streamNames(`filter: { ids: ${JSON.stringify([...ids, NOWHERE])} }`)).toEqual([
      'Lobby 100%',
      'attic',
    ]);
  });

  test.each([
    ['NAME', 'ASC'],
    ['NAME', 'DESC'],
    ['CREATED_AT', 'ASC'],
    ['CREATED_AT', 'DESC'],
  ])('by %s %s, are the same whole and page by page, from either end', async (field, direction) => {
    const order = `orderBy: { field: ${field}, direction: ${direction} }`;
    const whole = await streamNames(order);
    expect(whole).toHaveLength(4);
    expect(await pageThrough('streams', order, 'first', 'after')).toEqual(whole);
    expect(await pageThrough('streams', order, 'last', 'before')).toEqual(whole);
  });

  test('by name, the other way round, are turned', async () => {
    const up = await streamNames('orderBy: { field: NAME }');
    expect(up.indexOf('Lobby 100%')).toBeLessThan(up.indexOf('Zoo'));
    expect(await streamNames('orderBy: { field: NAME, direction: DESC }')).toEqual(up.toReversed());
  });
});

/** All names or ids of a list, read by pages of one. */
async function pageThrough(list: string, order: string, size: string, cursor: string): Promise<string[]> {
  const found: string[] = [];
  for (let at: string | null = null, more = true; more; ) {
    const args = `${order}, ${size}: 1, ${cursor}: $at`;
    const { data, errors } = await ask(
      `query ($at: String) { list: ${list}(${args}) { edges { cursor node { ${list === 'streams' ? 'name' : 'name: id'} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
      { at },
    );
    expect(errors).toBeUndefined();
    const { edges, pageInfo } = data.list;
    expect(edges).toHaveLength(1);
    if (size === 'first') found.push(edges[0].node.name);
    else found.unshift(edges[0].node.name);
    expect(pageInfo.startCursor).toBe(edges[0].cursor);
    expect(size === 'first' ? pageInfo.hasPreviousPage : pageInfo.hasNextPage).toBe(at !== null);
    more = size === 'first' ? pageInfo.hasNextPage : pageInfo.hasPreviousPage;
    at = edges[0].cursor;
  }
  return found;
}

describe('sessions', () => {
  test.each([
    ['states: [RUNNING]', ['lobby_cam/0', 'Lobby 100%/1']],
    ['states: [FAILED, ENDED]', ['attic/0', 'lobby_cam/1', 'Lobby 100%/0']],
    ['purposes: [SAFETY]', ['lobby_cam/1', 'lobby_cam/0']],
    ['tags: [{ key: "room", value: "2" }]', ['lobby_cam/1', 'lobby_cam/0']],
    [`streamIds: ["${NOWHERE}"]`, []],
    ['streamIds: ["zzz"]', []],
    ['range: { wall: { from: "2020-01-01T00:00:00Z" } }, states: [ENDED]', ['attic/0', 'Lobby 100%/0']],
    ['range: { wall: { to: "2020-01-01T00:00:00Z" } }', []],
    // Of those that ended before it, only one that runs still has some of its time there.
    ['range: { wall: { from: "2999-01-01T00:00:00Z" } }', ['lobby_cam/0', 'Lobby 100%/1']],
    ['range: { media: { from: 0 } }', []],
  ])('with { %s } are %j', async (filter, names) => {
    expect(await sessionNames(`filter: { ${filter} }`)).toEqual(names);
  });

  test('of a stretch of media time are those that recorded something there', async () => {
    const id = sessions.get('attic/0')!;
    await world.store.prisma.session.update({ where: { id }, data: { mediaStart: 3, mediaEnd: 8 } });
    const within = (range: string) => sessionNames(`filter: { range: { media: { ${range} } } }`);
    expect(await within('from: 7.5, to: 20')).toEqual(['attic/0']);
    expect(await within('to: 3.5')).toEqual(['attic/0']);
    expect(await within('from: 8')).toEqual([]);
    expect(await within('to: 3')).toEqual([]);
  });

  test('of a stretch by the wall clock are those of whose time some lies in it', async () => {
    const id = sessions.get('attic/0')!;
    const [startedAt, endedAt] = [new Date('2001-01-01T10:00:00Z'), new Date('2001-01-01T11:00:00Z')];
    await world.store.prisma.session.update({ where: { id }, data: { startedAt, endedAt } });
    const within = (from: string, to: string) =>
      sessionNames(`filter: { range: { wall: { from: "2001-01-01T${from}Z", to: "2001-01-01T${to}Z" } } }`);
    expect(await within('10:59:59', '12:00:00')).toEqual(['attic/0']);
    expect(await within('09:00:00', '10:00:01')).toEqual(['attic/0']);
    expect(await within('11:00:00', '12:00:00')).toEqual([]);
    expect(await within('09:00:00', '10:00:00')).toEqual([]);
  });

  test.each(['ASC', 'DESC'])(
    'by their end %s, are the same whole and page by page; what runs is the newest',
    async (direction) => {
      const order = `orderBy: { field: ENDED_AT, direction: ${direction} }`;
      const whole = await sessionNames(order);
      expect(whole).toHaveLength(5);
      const running = ['Lobby 100%/1', 'lobby_cam/0'];
      expect((direction === 'ASC' ? whole.slice(-2) : whole.slice(0, 2)).toSorted()).toEqual(
        running.toSorted(),
      );
      const names = new Map([...sessions].map(([name, id]) => [id, name]));
      for (const [size, cursor] of [
        ['first', 'after'],
        ['last', 'before'],
      ] as const) {
        const paged = await pageThrough('sessions', order, size, cursor);
        expect(paged.map((id) => names.get(id))).toEqual(whole);
      }
    },
  );

  test('a stream’s own are filtered and ordered like all', async () => {
    const { data } = await ask(
      `{ streams(filter: { name: "lobby" }) { nodes { name
        sessions(filter: { states: [RUNNING] }, orderBy: { field: ENDED_AT, direction: ASC }) { totalCount nodes { id } } } } }`,
    );
    expect(data.streams.nodes).toEqual([
      { name: 'Lobby 100%', sessions: { totalCount: 1, nodes: [{ id: sessions.get('Lobby 100%/1') }] } },
      { name: 'lobby_cam', sessions: { totalCount: 1, nodes: [{ id: sessions.get('lobby_cam/0') }] } },
    ]);
  });
});

describe('totalCount', () => {
  test('is of the whole list with its filter, on whatever page', async () => {
    const { data } = await ask(
      `{ streams(first: 1) { totalCount nodes { name } } lab: streams(first: 0, filter: { name: "lobby" }) { totalCount }
         sessions(last: 1) { totalCount } ended: sessions(first: 1, filter: { states: [ENDED] }) { totalCount } }`,
    );
    expect(data).toEqual({
      streams: { totalCount: 4, nodes: [{ name: 'Lobby 100%' }] },
      lab: { totalCount: 2 },
      sessions: { totalCount: 5 },
      ended: { totalCount: 2 },
    });
  });

  test('may be all that is asked for, and so may the cursors be', async () => {
    const cursors = 'pageInfo { startCursor endCursor }';
    const { data, errors } = await ask(
      `{ all: streams { nodes { sessions { totalCount } } } streams { ${cursors} } sessions { ${cursors} }
         some: streams(orderBy: { field: NAME }) { ${cursors} nodes { sessions(orderBy: { field: ENDED_AT }) { ${cursors} } } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data.all.nodes.map(({ sessions }: { sessions: unknown }) => sessions)).toEqual(
      [2, 2, 0, 1].map((totalCount) => ({ totalCount })),
    );
    expect(data.streams.pageInfo.endCursor).toEqual(expect.any(String));
    expect(data.sessions.pageInfo.endCursor).toEqual(expect.any(String));
    const own = data.some.nodes.map(({ sessions }: { sessions: { pageInfo: object } }) => sessions.pageInfo);
    expect(own).toContainEqual({ startCursor: expect.any(String), endCursor: expect.any(String) });
  });

  test('costs one statement, of however many streams, and none where it is not asked for', async () => {
    const query = (first: number, total: string) =>
      `{ streams(first: ${first}) { nodes { sessions(first: 1) { nodes { id } ${total} } } } }`;
    const statements = async (first: number, total = '') =>
      (await world.countQueries(() => ask(query(first, total)))).filter(
        (sql) => !sql.includes('access_token'),
      ).length;
    const without = await statements(4);
    expect(await statements(4, 'totalCount')).toBe(without + 1);
    expect(await statements(2, 'totalCount')).toBe(without + 1);
  });

  test('of those who are shown some streams counts these alone, whatever their filter', async () => {
    const { data, errors } = await ask(
      `{ streams { totalCount } sessions { totalCount } asked: streams(filter: { ids: ["${streams.get('Zoo')}"] }) { totalCount }
         running: streams(filter: { states: [RUNNING, ENDED] }) { totalCount nodes { name sessions { totalCount } } } }`,
      {},
      { room: '2' },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      streams: { totalCount: 1 },
      sessions: { totalCount: 2 },
      asked: { totalCount: 0 },
      running: { totalCount: 0, nodes: [] },
    });
  });
});

test.each([
  ['too many ids', 'streams(filter: { ids: $ids })', '`filter.ids` takes 1000 ids at most.'],
  ['a name that is empty', 'streams(filter: { name: "" })', '`filter.name` must have 1 to 200 characters'],
  ['a name with NUL', 'streams(filter: { name: "\\u0000" })', '`filter.name` must have 1 to 200 characters'],
  ['a tag that cannot be', 'sessions(filter: { tags: [{ key: "", value: "x" }] })', 'The key of a tag has'],
  [
    'a range without time',
    'sessions(filter: { range: { media: { from: 2, to: 1 } } })',
    '`filter.range.media.to` must be greater',
  ],
  ['both ends', 'sessions(first: 1, last: 1)', 'not `first` and `last` together'],
])('%s: refused with a sentence', async (_name, list, sentence) => {
  const { errors } = await ask(
    `query ${list.includes('$ids') ? '($ids: [ID!])' : ''} { ${list} { nodes { id } } }`,
    { ids: Array(1001).fill('x') },
  );
  expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining(sentence) })]);
  expect(errors?.[0]?.extensions?.code).toBe('BAD_INPUT');
});
