/** Ids, and what leads from one object to another: many at once, and without a statement for each. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tags } from '../../src/domain/access.ts';
import { STREAM } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';
import { type Answer, ask as askAt, until } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
const sessions: string[] = [];
const streams: string[] = [];
const FACES = [1, 2, 3];

beforeAll(async () => {
  world = await openWorld({ auth: true });
  for (const [index, site] of ['lab', 'zoo'].entries()) {
    const { id } = await world.store.streams.create({ ...STREAM, name: site, tags: { site } });
    const session = await world.store.sessions.create({ streamId: id, modelId: 'test@1' });
    streams.push(id);
    sessions.push(session.id);
    for (let seq = 0; seq < 6; seq++) {
      const moment = makeMoment(session.id, seq, { start: Date.UTC(2026, 4, 2, index) });
      const [face] = moment.faces;
      await world.store.moments.append({ ...moment, faces: FACES.map((track) => ({ ...face!, track })) }, [
        ...(seq === 5 ? [] : FACES.slice(0, 2)).map((track) => ({
          kind: 'ONSET' as const,
          episode: {
            ...{ sessionId: session.id, index: seq * 2 + track - 1, track, expression: 'HAPPINESS' as const },
            ...{
              onset: moment.mediaTime,
              apex: moment.mediaTime,
              offset: moment.mediaTime + 0.01,
              peak: 0.9,
            },
            ...{ startedAt: new Date(moment.wallTime), endedAt: new Date(moment.wallTime) },
          },
        })),
      ]);
    }
  }
});
afterAll(() => world.close());

const tokens = new Map<Tags | null, { authorization: string }>();
async function ask(query: string, variables: object = {}, shown: Tags | null = null): Promise<Answer> {
  const headers = tokens.get(shown) ?? (await world.token('VIEWER', shown));
  tokens.set(shown, headers);
  return askAt(world.url, query, { ...variables }, headers);
}

/** Without those by which a server looks whether tokens still hold, now and then. */
const statements = async (query: string, variables: object = {}) => {
  const sent = await world.countQueries(async () =>
    expect((await ask(query, variables)).errors).toBeUndefined(),
  );
  return sent.filter((sql) => !sql.includes('access_token'));
};

const NODES = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }';
const NOWHERE = '00000000-0000-7000-8000-000000000000';

async function idsOf(session: string) {
  const list = 'first: 3) { nodes { id } }';
  const { data } = await ask(
    `query ($id: ID!) { session(id: $id) { timeline(${list} tracks(${list} episodes(${list} } }`,
    { id: session },
  );
  const { timeline, tracks, episodes } = data.session;
  const [moments, faces, stretches] = [timeline, tracks, episodes].map(({ nodes }) =>
    nodes.map(({ id }: { id: string }) => id),
  );
  return { moments, tracks: faces, episodes: stretches } as Record<
    'moments' | 'tracks' | 'episodes',
    string[]
  >;
}

describe('`nodes`', () => {
  test('are of any type, in the order of their ids, null where there is none', async () => {
    const { moments, tracks, episodes } = await idsOf(sessions[0]!);
    const ids = [
      ...[
        episodes[1],
        NOWHERE,
        streams[1],
        'test@1',
        moments[2],
        tracks[0],
        sessions[0],
        'a\0b',
        '',
        'nobody@1',
      ],
      ...[
        `${NOWHERE}:track:1`,
        `${sessions[0]}:track:99`,
        `${sessions[0]}:moment:99999999999`,
        `${sessions[0]}:reading:1`,
      ],
      ...[moments[0], streams[1], sessions[0]!.toUpperCase()],
    ];
    const { data, errors } = await ask(NODES, { ids });
    expect(errors).toBeUndefined();
    const node = (__typename: string, id: string | undefined) => ({ __typename, id });
    expect(data.nodes).toEqual([
      ...[node('Episode', episodes[1]), null, node('Stream', streams[1]), node('Model', 'test@1')],
      ...[
        node('FrameEmotions', moments[2]),
        node('Track', tracks[0]),
        node('Session', sessions[0]),
        null,
        null,
        null,
      ],
      ...[null, null, null, null],
      ...[node('FrameEmotions', moments[0]), node('Stream', streams[1]), node('Session', sessions[0])],
    ]);
    for (const id of ids) {
      const one = await ask('query ($id: ID!) { node(id: $id) { __typename id } }', { id });
      expect(one.data.node).toEqual(data.nodes[ids.indexOf(id)]);
    }
  });

  test('are what the lists give, with all their fields', async () => {
    const { moments, tracks, episodes } = await idsOf(sessions[1]!);
    const fields = {
      timeline: 'id seq cursor mediaTime faces { track } session { id }',
      tracks: 'id number firstSeen lastSeen readings of: session { id }',
      episodes: 'id index trackNumber onset offset track { id readings } session { id stream { name } }',
    };
    const listed = await ask(
      `query ($id: ID!) { session(id: $id) { ${Object.entries(fields)
        .map(([list, of]) => `${list}(first: 3) { nodes { ${of} } }`)
        .join(' ')} } }`,
      { id: sessions[1] },
    );
    const found = await ask(
      `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on FrameEmotions { ${fields.timeline} } ... on Track { ${fields.tracks} } ... on Episode { ${fields.episodes} } } }`,
      { ids: [...moments, ...tracks, ...episodes].slice(0, 9) },
    );
    expect(found.errors).toBeUndefined();
    const { timeline, tracks: faces, episodes: stretches } = listed.data.session;
    expect(found.data.nodes).toEqual([...timeline.nodes, ...faces.nodes, ...stretches.nodes]);
    expect(stretches.nodes[0]).toMatchObject({
      ...{ trackNumber: 1, track: { id: tracks[0], readings: 6 } },
      session: { id: sessions[1], stream: { name: 'zoo' } },
    });
  });

  test('of one type are read by one statement, however many', async () => {
    const { tracks, episodes } = await idsOf(sessions[0]!);
    const other = await idsOf(sessions[1]!);
    for (const [few, many] of [
      [tracks.slice(0, 1), [...tracks, ...other.tracks]],
      [episodes.slice(0, 1), [...episodes, ...other.episodes]],
      [streams.slice(0, 1), streams],
    ])
      expect((await statements(NODES, { ids: many })).length).toBe(
        (await statements(NODES, { ids: few })).length,
      );
    const further = NODES.replace(
      'id }',
      'id ... on Session { stream { name } } ... on Stream { latestSession { id model { id } } } }',
    );
    expect((await statements(further, { ids: [...sessions, ...streams] })).length).toBe(
      (await statements(further, { ids: [sessions[0], streams[0]] })).length,
    );
  });

  test('are those that are shown, and no others', async () => {
    const hidden = await idsOf(sessions[1]!);
    const shown = await idsOf(sessions[0]!);
    const hiddenIds = [streams[1], sessions[1], ...Object.values(hidden).map(([id]) => id)];
    const shownIds = [streams[0], sessions[0], ...Object.values(shown).map(([id]) => id)];
    const { data } = await ask(NODES, { ids: [...hiddenIds, ...shownIds] }, { site: 'lab' });
    expect(data.nodes.slice(0, 5)).toEqual(Array(5).fill(null));
    expect(data.nodes.slice(5).map(({ id }: { id: string }) => id)).toEqual(shownIds);
  });

  test('are a hundred at most', async () => {
    const { errors } = await ask(NODES, { ids: Array(101).fill(NOWHERE) });
    expect(errors).toMatchObject([
      { message: '`ids` takes 100 ids at most.', extensions: { code: 'BAD_INPUT' } },
    ]);
  });

  test('count with all that they are asked for', async () => {
    const query =
      'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Session { timeline(first: 200) { nodes { seq } } } } }';
    const { errors } = await ask(query, { ids: Array(100).fill(NOWHERE) });
    expect(errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_LARGE' } }]);
  });
});

test('sessions, tracks and streams of many moments and episodes are loaded at once', async () => {
  const query = 'query ($id: ID!, $n: Int!) { session(id: $id) { @ } }';
  for (const list of [
    'timeline(first: $n) { nodes { session { id state stream { name } } } }',
    'episodes(first: $n) { nodes { session { id stream { name } } track { id readings } } }',
    'tracks(first: $n) { nodes { session { id } } }',
  ]) {
    const text = query.replace('@', list);
    const one = await statements(text, { id: sessions[0], n: 1 });
    const many = await statements(text, { id: sessions[0], n: 3 });
    expect(many.length).toBe(one.length);
  }
});

test('what was erased or removed meanwhile is null, and nothing else', async () => {
  const { id } = await world.store.streams.create({ ...STREAM, name: 'gone' });
  const session = await world.store.sessions.create({ streamId: id, modelId: 'test@1' });
  const moment = makeMoment(session.id, 0);
  const episode = {
    ...{
      sessionId: session.id,
      index: 0,
      track: 1,
      expression: 'FEAR' as const,
      onset: 0,
      apex: 0,
      offset: null,
      peak: 1,
    },
    ...{ startedAt: new Date(moment.wallTime), endedAt: null },
  };
  await world.store.moments.append(moment, [{ kind: 'ONSET', episode }]);
  await world.store.prisma.track.deleteMany({ where: { sessionId: session.id } });
  const { data, errors } = await ask(
    `{ session(id: "${session.id}") { episodes { nodes { trackNumber track { id } session { id } } } } }`,
  );
  expect(errors).toBeUndefined();
  expect(data.session.episodes.nodes).toEqual([{ trackNumber: 1, track: null, session: { id: session.id } }]);
});

test.each(['tracks', 'episodes'])(
  '%s are paged from both ends, and right when the row of the cursor is gone',
  async (list) => {
    const page = async (args: string) => {
      const { data, errors } = await ask(
        `{ session(id: "${sessions[0]}") { list: ${list}(${args}) { nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
      );
      expect(errors).toBeUndefined();
      return {
        ...data.session.list.pageInfo,
        ids: data.session.list.nodes.map(({ id }: { id: string }) => id),
      };
    };
    const { ids } = await page('first: 1000');
    expect(ids).toHaveLength(list === 'tracks' ? 3 : 10);
    const first = await page('first: 1');
    expect(first).toMatchObject({ ids: ids.slice(0, 1), hasNextPage: true, hasPreviousPage: false });
    expect(await page(`first: 1, after: "${first.endCursor}"`)).toMatchObject({
      ids: ids.slice(1, 2),
      hasPreviousPage: true,
    });
    const last = await page('last: 2');
    expect(last).toMatchObject({ ids: ids.slice(-2), hasNextPage: false, hasPreviousPage: true });
    expect(await page(`last: 1, before: "${last.startCursor}"`)).toMatchObject({
      ids: ids.slice(-3, -2),
      hasNextPage: true,
    });
  },
);

test('a change of state leads to its stream, which is null when it was removed', async () => {
  const headers = await world.token('OPERATOR');
  const response = await fetch(`${world.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify({ query: 'subscription { streamStatus { streamId state stream { id name } } }' }),
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const reads = (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  })();
  const input = { name: 'led to', source: { file: 'endless.mp4' }, purpose: 'RESEARCH' };
  await askAt(
    world.url,
    'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id } } }',
    { input },
    headers,
  );
  await until(() => text.includes('"name":"led to"'), 'its stream is told');
  await reader.cancel();
  await reads;
});
