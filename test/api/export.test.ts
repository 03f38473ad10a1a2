/** What was recorded, as tables over HTTP: the same rows as anybody asks GraphQL for, whole, gone on with, and refused with a sentence. */
import { parse } from 'csv-parse/sync';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { EXPRESSIONS } from '../../src/domain/face.ts';
import { EXPORTED_TABLES } from '../../src/tables/session-tables.ts';
import { ask } from './harness.ts';
import { openWorld, UNITS, type World } from './world.ts';

let world: World;
let sessionId: string;
let streamId: string;
beforeAll(async () => {
  world = await openWorld();
  const { data } = await ask(
    world.url,
    `mutation { registerStream(input: { name: "=1+1, \\"clip\\"", purpose: RESEARCH, source: { file: "clip.mp4" },
      tags: [{ key: "site", value: "lab 2" }] }) { stream { id } } }`,
  );
  streamId = data.registerStream.stream.id;
  const latest = `{ stream(id: "${streamId}") { latestSession { id state } } }`;
  await vi.waitUntil(
    async () => {
      const { data: now } = await ask(world.url, latest);
      sessionId = now.stream.latestSession?.id;
      return now.stream.latestSession?.state === 'ENDED';
    },
    { timeout: 60_000 },
  );
});
afterAll(() => world.close());

const get = (path: string, init: RequestInit = {}) =>
  fetch(`${world.url}/export/sessions/${sessionId}/${path}`, init);
const csv = async (path: string) =>
  parse(await (await get(path)).text(), { columns: true }) as Record<string, string>[];
type Row = Record<string, unknown>;
const rowsOf = async (path: string): Promise<Row[]> => {
  if (path.includes('.parquet'))
    return parquetReadObjects({ file: await (await get(path)).arrayBuffer() }) as Promise<Row[]>;
  return path.includes('.jsonl') ? jsonl(path) : csv(path);
};
const jsonl = async (path: string) =>
  (await (await get(path)).text())
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

async function session<T>(selection: string): Promise<T> {
  const { data } = await ask(world.url, `{ session(id: "${sessionId}") { ${selection} } }`);
  return data.session;
}

interface Moments {
  summary: { end: number; coveredSeconds: number };
  timeline: {
    nodes: {
      seq: number;
      mediaTime: number;
      wallTime: string;
      previousDuration: number;
      faces: { track: number; confidence: number; expression: string | null }[];
    }[];
  };
}
const MOMENTS =
  'summary { end coveredSeconds } timeline(first: 1000) { nodes { seq mediaTime wallTime previousDuration faces { track confidence expression } } }';

test('readings have a row for each face of each moment, with what analyze writes, and the time that it stands for', async () => {
  const { timeline, summary } = await session<Moments>(MOMENTS);
  const moments = timeline.nodes;
  expect(moments.length).toBeGreaterThan(10);
  const rows = await csv('readings.csv');
  expect(rows).toHaveLength(moments.flatMap(({ faces }) => faces).length);
  const told = rows.map(({ seq, mediaTime, wallTime, track, confidence, duration }) => ({
    ...{ seq: Number(seq), mediaTime: Number(mediaTime), wallTime: Date.parse(wallTime!) },
    ...{ track: Number(track), confidence: Number(confidence), duration: Number(duration) },
  }));
  expect(told).toEqual(
    moments.flatMap(({ seq, mediaTime, wallTime, previousDuration, faces }, index) =>
      faces.map(({ track, confidence }) => ({
        ...{ seq, mediaTime, wallTime: Date.parse(wallTime), track, confidence },
        duration: moments[index + 1]?.previousDuration ?? Math.min(previousDuration, summary.end - mediaTime),
      })),
    ),
  );
  const covered = (await csv('timeline.csv')).reduce((sum, { duration }) => sum + Number(duration), 0);
  expect(covered).toBeCloseTo(summary.coveredSeconds, 3);
  const [first] = rows;
  expect(first).toMatchObject({ session: sessionId, stream: streamId, 'tags.site': 'lab 2' });
  expect(Object.keys(first!)).toEqual(
    expect.arrayContaining([
      ...['cut', 'faces', 'frameWidth', 'box.x', 'pose.yaw', 'landmarks.67.y', 'quality.issues'],
      ...EXPRESSIONS.map((expression) => `rawProbabilities.${expression}`),
      ...UNITS.map((unit) => `actionUnits.${unit}`),
    ]),
  );
  expect(Object.keys(first!)).not.toContain('input');
});

test('lines of JSON say the same as CSV', async () => {
  const rows = await csv('readings.csv');
  const lines = await jsonl('readings.jsonl');
  expect(lines).toHaveLength(rows.length);
  expect(lines.map(({ seq, track, valence }) => [seq, track, valence])).toEqual(
    rows.map(({ seq, track, valence }) => [Number(seq), Number(track), Number(valence)]),
  );
  expect(lines[0]).toMatchObject({
    session: sessionId,
    tags: { site: 'lab 2' },
    box: [0.25, 0.25, 0.5, 0.5],
  });
});

test('a Parquet file says the same as CSV, in columns with types', async () => {
  for (const table of ['readings', 'timeline', 'buckets', 'episodes', 'tracks', 'summary']) {
    const response = await get(`${table}.parquet`);
    expect(response.headers.get('content-type')).toBe('application/vnd.apache.parquet');
    const file = await response.arrayBuffer();
    const rows = await parquetReadObjects({ file });
    const lines = await csv(`${table}.csv?escapeFormulas=false`);
    expect(rows).toHaveLength(lines.length);
    expect(rows.map((row) => Object.fromEntries(Object.entries(row).map(textOf)))).toEqual(
      lines.map((line) => Object.fromEntries(Object.entries(line).map(textOf))),
    );
    const types = parquetSchema(parquetMetadata(file)).children.map(({ element }) => element);
    const typeOf = (name: string) => types.find((element) => element.name === name);
    expect(typeOf('session')).toMatchObject({ type: 'BYTE_ARRAY', converted_type: 'UTF8' });
    if (table !== 'timeline') continue;
    expect(typeOf('wallTime')).toMatchObject({ type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' });
    expect(typeOf('seq')).toMatchObject({ type: 'INT32' });
    expect(typeOf('cut')).toMatchObject({ type: 'BOOLEAN' });
  }
});

/** Numbers to the precision of 32 bits, times in milliseconds, nothing as an empty text. */
function textOf([name, value]: [string, unknown]): [string, unknown] {
  if (value === null || value === '') return [name, ''];
  if (value instanceof Date) return [name, value.getTime()];
  if (['wallTime', 'startedAt', 'endedAt'].includes(name) && value !== null)
    return [name, Date.parse(String(value))];
  const number = Number(value);
  return [name, typeof value !== 'boolean' && Number.isFinite(number) ? Math.fround(number) : String(value)];
}

test('an export that broke off is gone on with behind the last row that came', async () => {
  const whole = await csv('timeline.csv');
  const rest = await csv('timeline.csv?after=4');
  expect(rest).toEqual(whole.filter(({ seq }) => Number(seq) > 4));
  const stretch = await csv('timeline.csv?from=0.5&to=1');
  expect(stretch).toEqual(whole.filter(({ mediaTime }) => Number(mediaTime) >= 0.5 && Number(mediaTime) < 1));
  expect(stretch.length).toBeGreaterThan(2);
  expect(await csv(`timeline.csv?after=${whole.length - 1}`)).toEqual([]);
});

test.each([
  ['readings', 'csv', (row: Row) => `${row.seq}:${row.track}`],
  ['readings', 'parquet', (row: Row) => `${row.seq}:${row.track}`],
  ['timeline', 'jsonl', (row: Row) => `${row.seq}`],
  ['buckets', 'csv', (row: Row) => `${row.start}`],
  ['episodes', 'csv', (row: Row) => `${row.index}`],
  ['tracks', 'parquet', (row: Row) => `${row.track}`],
])(
  'each row of %s.%s says where an export goes on that broke off behind it',
  async (table, format, placeOf) => {
    const rows = await rowsOf(`${table}.${format}`);
    expect(rows.length).toBeGreaterThan(1);
    for (const at of [0, Math.floor(rows.length / 2), rows.length - 1]) {
      expect(await rowsOf(`${table}.${format}?after=${placeOf(rows[at]!)}`)).toEqual(rows.slice(at + 1));
    }
  },
);

test('a stretch of the wall clock takes the same rows as the same stretch of media time', async () => {
  const wall = (seconds: number) => new Date(1_760_000_000_000 + seconds * 1000).toISOString();
  for (const table of ['readings', 'timeline', 'buckets', 'episodes', 'tracks']) {
    const whole = await rowsOf(`${table}.csv`);
    const byMedia = await rowsOf(`${table}.csv?from=1&to=2`);
    expect(await rowsOf(`${table}.csv?from=${wall(1)}&to=${wall(2)}`)).toEqual(byMedia);
    expect(byMedia.length).toBeGreaterThan(0);
    if (!['episodes', 'tracks'].includes(table)) expect(byMedia.length).toBeLessThan(whole.length);
    expect(await rowsOf(`${table}.csv?from=${wall(1000)}`)).toEqual([]);
    expect(await rowsOf(`${table}.csv?to=${wall(-1)}`)).toEqual([]);
  }
});

test('a session without a moment has the columns of one that has some, with their types', async () => {
  const { data } = await ask(
    world.url,
    `mutation { registerStream(input: { name: "silent", purpose: RESEARCH, source: { file: "silent.mp4" },
      tags: [{ key: "site", value: "lab 3" }] }) { session { id } } }`,
  );
  const empty = `${world.url}/export/sessions/${data.registerStream.session.id}`;
  for (const table of EXPORTED_TABLES) {
    const full = await (await get(`${table}.parquet`)).arrayBuffer();
    const file = await (await fetch(`${empty}/${table}.parquet`)).arrayBuffer();
    expect(parquetMetadata(file).schema).toEqual(parquetMetadata(full).schema);
    expect(await parquetReadObjects({ file })).toHaveLength(table === 'summary' ? 1 : 0);
    expect((await (await fetch(`${empty}/${table}.csv`)).text()).split('\n')[0]).toBe(
      (await (await get(`${table}.csv`)).text()).split('\n')[0],
    );
  }
});

interface Sums {
  summary: {
    seconds: number;
    coverage: number;
    faces: number;
    tracks: number;
    expressions: { expression: string; seconds: number; share: number }[];
  };
  aggregate: {
    start: number;
    end: number;
    frames: number;
    expressions: { expression: string; seconds: number }[];
  }[];
  tracks: { nodes: object[] };
  episodes: { nodes: object[] };
}

test('summary, buckets, tracks and episodes are those of GraphQL', async () => {
  const { summary, aggregate, tracks, episodes } = await session<Sums>(
    `summary { seconds coverage faces tracks expressions { expression seconds share } }
     aggregate(bucket: 1) { start end frames expressions { expression seconds } }
     tracks { nodes { track: number firstSeen lastSeen readings } } episodes { nodes { index track: trackNumber expression onset apex offset peak } }`,
  );
  const secondsOf = ({ expressions }: { expressions: { expression: string; seconds: number }[] }) =>
    Object.fromEntries(expressions.map(({ expression, seconds }) => [expression, seconds]));
  const [told] = await jsonl('summary.jsonl');
  expect(told).toMatchObject({
    ...{
      elapsedSeconds: summary.seconds,
      coverage: summary.coverage,
      faces: summary.faces,
      tracks: summary.tracks,
    },
    seconds: secondsOf(summary),
    share: Object.fromEntries(summary.expressions.map(({ expression, share }) => [expression, share])),
  });
  const buckets = await jsonl('buckets.jsonl?bucket=1');
  expect(buckets).toMatchObject(
    aggregate.map((bucket) => ({
      ...{ start: bucket.start, end: bucket.end, frames: bucket.frames, seconds: secondsOf(bucket) },
    })),
  );
  expect(await jsonl('tracks.jsonl')).toMatchObject(tracks.nodes);
  expect(await jsonl('episodes.jsonl')).toMatchObject(episodes.nodes);
  expect(buckets.length).toBeGreaterThan(1);
  expect(tracks.nodes).toHaveLength(2);
});

test('text that a spreadsheet would take for a formula is made harmless, unless it is asked for as it is', async () => {
  const [safe] = await csv('summary.csv');
  expect(safe!.streamName).toBe(`'=1+1, "clip"`);
  const [raw] = await csv('summary.csv?escapeFormulas=false');
  expect(raw!.streamName).toBe('=1+1, "clip"');
  const bytes = Buffer.from(await (await get('summary.csv?bom=true')).arrayBuffer());
  expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
});

test('an export says what it is, and is compressed for those who take it', async () => {
  const response = await get('readings.csv', { headers: { 'accept-encoding': 'gzip' } });
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
  expect(response.headers.get('content-disposition')).toBe(
    `attachment; filename="mien-${sessionId}-readings.csv"`,
  );
  expect(response.headers.get('content-encoding')).toBe('gzip');
  await response.text();
  const head = await get('readings.csv', { method: 'HEAD' });
  expect({ status: head.status, body: await head.text() }).toEqual({ status: 200, body: '' });
});

describe('what cannot be exported is refused with a sentence', () => {
  const CASES: [string, number, string, RegExp][] = [
    ['nothing.csv', 404, 'NOT_FOUND', /exports are at/],
    ['readings.xlsx', 404, 'NOT_FOUND', /exports are at/],
    ['../x/readings.csv', 404, 'NOT_FOUND', /exports are at/],
    ['buckets.csv?bucket=1.5', 400, 'BAD_INPUT', /`bucket` must be whole seconds/],
    ['buckets.csv?bucket=abc', 400, 'BAD_INPUT', /`bucket`/],
    [
      'timeline.csv?from=-1',
      400,
      'BAD_INPUT',
      /`from` is 0 or more seconds of media time, or a time such as/,
    ],
    ['timeline.csv?from=2026-11-28T09:30:00', 400, 'BAD_INPUT', /`from` is 0 or more seconds/],
    ['timeline.csv?from=1&to=2026-11-28T09:30:00Z', 400, 'BAD_INPUT', /both in seconds of media time/],
    ['timeline.csv?from=2&to=2', 400, 'BAD_INPUT', /`to` must come after `from`/],
    ['timeline.csv?from=1&from=2', 400, 'BAD_INPUT', /`from` is given twice/],
    ['readings.csv?after=x', 400, 'BAD_INPUT', /`after` is made of the last row that came: `seq:track`/],
    ['timeline.csv?after=4:1', 400, 'BAD_INPUT', /last row that came: `seq`/],
    ['tracks.csv?stream=x', 400, 'BAD_INPUT', /`stream` is no option of tracks.csv/],
    [
      'summary.csv?after=1',
      400,
      'BAD_INPUT',
      /`after` is no option of summary.csv \(it takes from, to, tagColu/,
    ],
    ['readings.jsonl?bom=true', 400, 'BAD_INPUT', /`bom` is no option of readings.jsonl/],
    ['readings.csv?bom=yes', 400, 'BAD_INPUT', /`bom` is `true` or `false`/],
  ];
  test.each(CASES)('%s is refused with %i', async (path, status, code, message) => {
    const response = await get(path);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      errors: [{ message: expect.stringMatching(message), extensions: { code } }],
    });
  });

  test('a session that is not there, and another method, are refused', async () => {
    const other = `${world.url}/export/sessions/0190b0f0-0000-7000-8000-00000000ffff/summary.csv`;
    const missing = await fetch(other);
    expect(missing.status).toBe(404);
    expect(await missing.text()).toContain('There is no session');
    expect((await get('summary.csv', { method: 'POST' })).status).toBe(405);
  });
});
