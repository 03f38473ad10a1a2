/** Tables over many sessions: those of a filter, as far as who asks is shown them, with their tags as columns. */
import { parse } from 'csv-parse/sync';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { EXPORTED_TABLES } from '../../src/tables/session-tables.ts';
import { type Answer, ask } from './harness.ts';
import { openWorld, UNITS, type World } from './world.ts';

type Row = Record<string, string>;

let world: World;
let admin: { authorization: string };
/** Their sessions, by name of the stream, in the order of their creation. */
const sessions = new Map<string, string>();

beforeAll(async () => {
  world = await openWorld({ auth: true });
  admin = await world.token('ADMIN');
  await register('lab 1', 'RESEARCH', { site: 'lab', 'site.room': '1' });
  await register('lab 2', 'RESEARCH', { site: 'lab' });
  await register('hall', 'MEDIA_ANALYTICS', { place: 'hall' });
});
afterAll(() => world.close());

async function register(name: string, purpose: string, tags: Record<string, string>): Promise<void> {
  const input = {
    ...{ name, purpose, source: { file: `${name}.mp4` } },
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  };
  const mutation =
    'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { session { id } } }';
  const { data } = await asAdmin(mutation, { input });
  const { id } = data.registerStream.session;
  sessions.set(name, id);
  const state = async () => (await asAdmin(`{ session(id: "${id}") { state } }`)).data.session.state;
  await vi.waitUntil(async () => (await state()) === 'ENDED', { timeout: 60_000 });
}

function asAdmin(query: string, variables: Record<string, unknown> = {}): Promise<Answer> {
  return ask(world.url, query, variables, admin);
}

function get(path: string, headers: Record<string, string> = admin): Promise<Response> {
  return fetch(`${world.url}/export/query/${path}`, { headers });
}

async function csv(path: string, headers?: Record<string, string>): Promise<Row[]> {
  const response = await get(path, headers);
  expect(response.status).toBe(200);
  return parse(await response.text(), { columns: true }) as Row[];
}

const namesOf = (rows: Row[]) => [...new Set(rows.map(({ streamName }) => streamName))];

test('without a filter each table has the rows of all sessions, one session after the other', async () => {
  for (const table of EXPORTED_TABLES) {
    const rows = await csv(`${table}.csv`);
    const alone: Row[] = [];
    for (const id of sessions.values()) {
      const path = `${world.url}/export/sessions/${id}/${table}.csv`;
      const text = await (await fetch(path, { headers: admin })).text();
      alone.push(...(parse(text, { columns: true }) as Row[]));
    }
    const own = ({ 'tags.site': _, 'tags.site.room': __, 'tags.place': ___, ...row }: Row) => row;
    expect(rows.map(own)).toEqual(alone.map(own));
    expect(namesOf(rows)).toEqual(['lab 1', 'lab 2', 'hall']);
  }
});

test.each([
  ['tag=site=lab', ['lab 1', 'lab 2']],
  ['tag=site=lab&tag=site.room=1', ['lab 1']],
  ['purpose=MEDIA_ANALYTICS', ['hall']],
  ['purpose=MEDIA_ANALYTICS&purpose=RESEARCH', ['lab 1', 'lab 2', 'hall']],
  ['state=FAILED', []],
  ['tag=site=lab&purpose=MEDIA_ANALYTICS', []],
])('the filter %s means the sessions of %j', async (filter, names) => {
  expect(namesOf(await csv(`summary.csv?${filter}`))).toEqual(names);
  expect(namesOf(await csv(`timeline.csv?${filter}`))).toEqual(names);
});

test('sessions and streams are named by their ids', async () => {
  const ids = ['lab 2', 'hall'].map((name) => `session=${sessions.get(name)}`);
  expect(namesOf(await csv(`tracks.csv?${ids.join('&')}`))).toEqual(['lab 2', 'hall']);
  const [first] = await csv(`tracks.csv?${ids[0]}`);
  expect(namesOf(await csv(`tracks.csv?stream=${first!.stream}`))).toEqual(['lab 2']);
});

test('tags are columns, empty where a session has not that one; lines of JSON keep the dots of their keys', async () => {
  const tags = (rows: Row[]) =>
    rows.map((row) => Object.entries(row).filter(([name]) => name.startsWith('tags.')));
  expect(tags(await csv('summary.csv'))).toEqual([
    Object.entries({ 'tags.place': '', 'tags.site': 'lab', 'tags.site.room': '1' }),
    Object.entries({ 'tags.place': '', 'tags.site': 'lab', 'tags.site.room': '' }),
    Object.entries({ 'tags.place': 'hall', 'tags.site': '', 'tags.site.room': '' }),
  ]);
  expect(tags(await csv('summary.csv?purpose=MEDIA_ANALYTICS'))).toEqual([[['tags.place', 'hall']]]);
  expect(tags(await csv('summary.csv?purpose=MEDIA_ANALYTICS&tagColumns=site,place'))).toEqual([
    Object.entries({ 'tags.site': '', 'tags.place': 'hall' }),
  ]);
  const [line] = (await (await get('readings.jsonl')).text()).split('\n');
  expect(JSON.parse(line!)).toMatchObject({ tags: { place: null, site: 'lab', 'site.room': '1' } });
});

test('the columns are the same for no session as for some', async () => {
  for (const table of EXPORTED_TABLES) {
    const columns = 'tagColumns=site';
    const some = await (await get(`${table}.parquet?${columns}`)).arrayBuffer();
    const none = await (await get(`${table}.parquet?${columns}&state=FAILED`)).arrayBuffer();
    expect(parquetMetadata(none).schema).toEqual(parquetMetadata(some).schema);
    expect(await parquetReadObjects({ file: none })).toEqual([]);
  }
  const [reading] = await csv('readings.csv');
  for (const unit of UNITS) expect(Number(reading![`actionUnits.${unit}`])).toBeGreaterThan(0);
});

test('it goes on behind the last row that came, in the middle of a session and between two', async () => {
  const whole = await csv('readings.csv');
  const place = ({ session, seq, track }: Row) => `${session}:${seq}:${track}`;
  for (const at of [0, 31, whole.length - 1]) {
    expect(await csv(`readings.csv?after=${place(whole[at]!)}`)).toEqual(whole.slice(at + 1));
  }
  const summaries = await csv('summary.csv');
  expect(await csv(`summary.csv?after=${summaries[0]!.session}`)).toEqual(summaries.slice(1));
  const episodes = await csv('episodes.csv');
  const { session, index } = episodes[1]!;
  expect(await csv(`episodes.csv?after=${session}:${index}`)).toEqual(episodes.slice(2));
});

test('who is shown some streams only is given theirs only, also when others are asked for, and no tag of others', async () => {
  const viewer = await world.token('VIEWER', { place: 'hall' });
  for (const table of EXPORTED_TABLES) {
    const rows = await csv(`${table}.csv`, viewer);
    expect(namesOf(rows)).toEqual(['hall']);
    expect(Object.keys(rows[0]!).filter((name) => name.startsWith('tags.'))).toEqual(['tags.place']);
  }
  expect(await csv(`summary.csv?session=${sessions.get('lab 1')}`, viewer)).toEqual([]);
  expect(await csv('summary.csv?tag=site=lab', viewer)).toEqual([]);
  expect((await get('summary.csv', {})).status).toBe(401);
});

test('the audit says who took what by which filter, of tags without their values', async () => {
  await csv('tracks.csv?tag=site=lab&purpose=RESEARCH&from=0&to=1');
  const { data } = await asAdmin(
    '{ auditLog(first: 1, filter: { action: EXPORT }) { nodes { outcome targetId detail { name value } } } }',
  );
  const [{ detail, ...entry }] = data.auditLog.nodes;
  expect(entry).toEqual({ outcome: 'OK', targetId: null });
  expect(
    Object.fromEntries(detail.map(({ name, value }: { name: string; value: string }) => [name, value])),
  ).toEqual({
    ...{ table: 'tracks', format: 'csv', sessions: '2' },
    filter: 'purpose RESEARCH; tag site; range MEDIA, 0, 1',
  });
});

test('a session that runs is told as far as it had come, and its export ends', async () => {
  await asAdmin(
    'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { session { id } } }',
    { input: { name: 'live', purpose: 'RESEARCH', realtime: true, source: { file: 'endless.mp4' } } },
  );
  const newest = async () => Number((await csv('timeline.csv?state=RUNNING&from=0.5')).at(-1)?.seq ?? -1);
  await vi.waitUntil(async () => (await newest()) > 20, { timeout: 60_000 });
  const [before, told] = [await newest(), await csv('readings.csv?state=RUNNING')];
  expect(namesOf(told)).toEqual(['live']);
  expect(Number(told.at(-1)!.seq)).toBeGreaterThanOrEqual(before);
});

test('what is no filter is refused with a sentence', async () => {
  const cases: [string, RegExp][] = [
    ['summary.csv?purpose=FUN', /`purpose` is one of RESEARCH/],
    ['summary.csv?tag=site', /`tag` is written `key=value`/],
    ['summary.csv?session=1', /`session` is an id/],
    ['summary.csv?afterSeq=1', /`afterSeq` is no option of summary.csv/],
    ['readings.csv?after=4', /last row that came: `session:seq:track`/],
  ];
  for (const [path, message] of cases) {
    const response = await get(path);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      errors: [{ message: expect.stringMatching(message), extensions: { code: 'BAD_INPUT' } }],
    });
  }
});

test('what is looked for twice, or in a way that nothing can be called, is refused with a sentence', async () => {
  const cases: [string, RegExp][] = [
    ['tag=site=lab&tag=site=hall', /`tag` cannot be looked for: The tag `site` is given twice; give it once/],
    ['tag=site=%00', /The value of the tag `site` must have 1 to 256 characters/],
    ['tag=a%20b=1', /The key of a tag has 1 to 64 letters/],
    ['tagColumns=__proto__', /`tagColumns` is made of keys of tags/],
    ['tagColumns=site,site', /`tagColumns` names a key twice/],
    ['from=2026-02-31', /`from` is 0 or more seconds of media time, or a time/],
    ['from=0000-01-01', /`from` is 0 or more seconds/],
    ['constructor=1', /`constructor` is no option/],
    ['after=01a223ce-d9f5-77fa-9ef1-e5b7c5c39563:4294967296', /`after` is made of the last row/],
  ];
  for (const [query, message] of cases) {
    const response = await get(`timeline.csv?${query}`);
    expect({ query, status: response.status }).toEqual({ query, status: 400 });
    expect(await response.json()).toMatchObject({
      errors: [{ message: expect.stringMatching(message), extensions: { code: 'BAD_INPUT' } }],
    });
  }
});

test('a tag that no session has is a column without values, also where it is called as a part of every object', async () => {
  for (const key of ['constructor', 'toString', 'nothing']) {
    for (const row of await csv(`summary.csv?tagColumns=${key}`)) expect(row[`tags.${key}`]).toBe('');
    const [line] = (await (await get(`summary.jsonl?tagColumns=${key}`)).text()).split('\n');
    expect(JSON.parse(line!).tags).toEqual({ [key]: null });
  }
});

test('ids mean the same in capitals', async () => {
  const id = sessions.get('lab 2')!;
  const [row] = await csv(`timeline.csv?session=${id}`);
  for (const after of [`${id}:3`, `${id.toUpperCase()}:3`]) {
    const [next] = await csv(
      `timeline.csv?session=${id.toUpperCase()}&stream=${row!.stream!.toUpperCase()}&after=${after}`,
    );
    expect(next).toMatchObject({ session: id, seq: '4' });
  }
  const one = await fetch(`${world.url}/export/sessions/${id.toUpperCase()}/tracks.csv`, { headers: admin });
  expect(one.headers.get('content-disposition')).toContain(id);
});
