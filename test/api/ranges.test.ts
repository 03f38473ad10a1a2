import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withMatchingFaces } from '../../src/domain/face-filter.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { createSession, MODEL } from '../helpers/database.ts';
import { makeMoment, randomFrom } from '../helpers/moments.ts';
import { ask } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let id: string;
let moments: Moment[];
const START = Date.UTC(2026, 10, 24, 9, 30);

beforeAll(async () => {
  world = await openWorld();
  await world.store.models.upsert(MODEL);
  ({ id } = await createSession(world.store));
  // A recording that is read at four times its speed.
  moments = Array.from({ length: 120 }, (_, seq) => {
    const moment = makeMoment(id, seq, { frameRate: 2, faces: seq % 3 });
    return { ...moment, wallTime: START + seq * 125 };
  });
  await Promise.all(moments.map((moment, at) => world.store.moments.append(moment, [], moments[at - 1])));
  await world.store.moments.finish(id, [], {});
});
afterAll(() => world.close());

const session = async (fields: string, variables: object = {}, declared = '') => {
  const query = `query ($id: ID!${declared}) { session(id: $id) { ${fields} } }`;
  return ask(world.url, query, { id, ...variables });
};
const PAGE = 'nodes { seq } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
const timeline = async (args: string) => {
  const { data, errors } = await session(`timeline(${args}) { ${PAGE} }`);
  expect(errors).toBeUndefined();
  const { nodes, pageInfo } = data.session.timeline;
  return { seqs: nodes.map(({ seq }: { seq: number }) => seq), pageInfo };
};
const seqsOf = (wanted: (moment: Moment) => boolean) => moments.filter(wanted).map(({ seq }) => seq);
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();

describe('timeline', () => {
  test('gives the last moments, and pages backwards from there', async () => {
    const last = await timeline('last: 50');
    expect(last.seqs).toEqual(seqsOf(({ seq }) => seq >= 70));
    expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    const before = await timeline(`last: 50, before: "${last.pageInfo.startCursor}"`);
    expect(before.seqs).toEqual(seqsOf(({ seq }) => seq >= 20 && seq < 70));
    expect(before.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const first = await timeline(`last: 50, before: "${before.pageInfo.startCursor}"`);
    expect(first.seqs).toEqual(seqsOf(({ seq }) => seq < 20));
    expect(first.pageInfo.hasPreviousPage).toBe(false);
    // Cursors are the same in both directions.
    const forwards = await timeline(`first: 50, after: "${first.pageInfo.endCursor}"`);
    expect(forwards.seqs).toEqual(before.seqs);
    const between = await timeline(
      `first: 50, after: "${first.pageInfo.endCursor}", before: "${forwards.pageInfo.endCursor}"`,
    );
    expect(between.seqs).toEqual(before.seqs.slice(0, -1));
  });

  test('is of a range of media time, or of the wall clock', async () => {
    const media = await timeline('first: 100, range: { media: { from: 10.5, to: 20 } }');
    expect(media.seqs).toEqual(seqsOf(({ mediaTime }) => mediaTime >= 10.5 && mediaTime < 20));
    const wall = await timeline(`first: 100, range: { wall: { from: "${at(2)}", to: "${at(4.5)}" } }`);
    expect(wall.seqs).toEqual(seqsOf(({ seq }) => seq >= 16 && seq < 36));
    expect((await timeline(`last: 3, range: { wall: { to: "${at(2)}" } }`)).seqs).toEqual([13, 14, 15]);
    expect((await timeline('first: 9, range: { wall: { to: "2001-01-01T00:00:00Z" } }')).seqs).toEqual([]);
  });

  test('has the faces that a filter lets through, and the first moment of each stretch', async () => {
    const { data } = await session(
      'timeline(first: 100, every: 5, filter: { track: 2, minConfidence: 0.3 }) { nodes { seq faces { track confidence } } }',
    );
    const nodes = data.session.timeline.nodes as { seq: number; faces: { track: number }[] }[];
    const filter = { track: 2, minConfidence: 0.3 };
    const matching = moments.filter((moment) => withMatchingFaces(moment, filter) !== null);
    const stretch = ({ mediaTime }: Moment) => Math.floor(mediaTime / 5);
    const firsts = matching.filter((moment, n) => n === 0 || stretch(matching[n - 1]!) !== stretch(moment));
    expect(nodes.map(({ seq }) => seq)).toEqual(firsts.map(({ seq }) => seq));
    expect(firsts.length).toBeGreaterThan(5);
    for (const { faces } of nodes) expect(faces.map(({ track }) => track)).toEqual([2]);
  });

  test('costs a few statements, however it is asked for', async () => {
    const queries = async (args: string) => (await world.countQueries(() => timeline(args))).length;
    expect(await queries('first: 20')).toBeLessThanOrEqual(3);
    expect(await queries('last: 100')).toBeLessThanOrEqual(6);
    expect(await queries('first: 20, filter: { track: 1 }')).toBeLessThanOrEqual(6);
  });

  test.each([
    ['first: 5, last: 5', 'not `first` and `last` together'],
    ['range: {}', 'exactly one'],
    ['range: { media: { from: 1 }, wall: { from: "2026-11-24T09:30:00Z" } }', 'exactly one'],
    ['range: { media: { from: 1, to: 1 } }', '`range.media.to` must be greater'],
    ['range: { media: { from: -1 } }', '`range.media.from` must be a number of seconds, 0 or more'],
    ['range: { wall: { from: "2026-11-24T09:30:00Z", to: "2026-11-24T09:29:00Z" } }', 'must be later'],
    ['range: { wall: { from: "yesterday" } }', 'DateTime'],
    ['every: 0', '`every` must be from 0.001 to 86400 seconds'],
    ['before: "x"', 'not a cursor'],
    ['filter: { track: 0 }', '`track` counts from 1'],
  ])('(%s) is refused with a sentence', async (args, sentence) => {
    const { errors } = await session(`timeline(${args}) { nodes { seq } }`);
    expect(errors?.[0]?.message).toContain(sentence);
  });
});

const SUMS = 'start end startedAt endedAt frames faces coveredSeconds coverage';

describe('aggregates and summaries', () => {
  const buckets = async (args: string) => {
    const { data, errors } = await session(`aggregate(${args}) { ${SUMS} }`);
    expect(errors).toBeUndefined();
    return data.session.aggregate as Record<string, unknown>[];
  };
  const facesOf = (held: Moment[]) => held.reduce((sum, { faces }) => sum + faces.length, 0);
  const wallOf = (moment: Moment | undefined) => new Date(moment!.wallTime).toISOString();

  test('tell when they began and ended by the wall clock', async () => {
    const found = await buckets('bucket: 10');
    expect(found).toHaveLength(6);
    for (const [n, bucket] of found.entries()) {
      const held = moments.filter(({ mediaTime }) => Math.floor(mediaTime / 10) === n);
      expect(bucket).toMatchObject({ startedAt: wallOf(held[0]), endedAt: wallOf(held.at(-1)) });
    }
    const { data } = await session('summary { startedAt endedAt }');
    expect(data.session.summary).toEqual({ startedAt: wallOf(moments[0]), endedAt: wallOf(moments.at(-1)) });
  });

  // Four seconds of media time pass in one of the wall clock.
  test.each([
    ['media: { from: 12, to: 31 }', 12, 31],
    ['media: { from: 12.5, to: 30.25 }', 12, 31],
    ['media: { from: 50 }', 50, 60],
    [`wall: { from: "${at(3)}", to: "${at(7.75)}" }`, 12, 31],
    [`wall: { from: "${at(12.5)}" }`, 50, 60],
  ])('of { %s } are sums of %d s to %d s', async (range, start, end) => {
    const held = moments.filter(({ mediaTime }) => mediaTime >= start && mediaTime < end);
    const found = await buckets(`bucket: 10, range: { ${range} }`);
    expect([found[0]?.start, found.at(-1)?.end]).toEqual([start, end]);
    const sum = (of: string) => found.reduce((total, bucket) => total + (bucket[of] as number), 0);
    expect([sum('frames'), sum('faces')]).toEqual([held.length, facesOf(held)]);
    const { data } = await session(
      `summary(range: { ${range} }) { ${SUMS} seconds tracks } whole: summary { frames }`,
    );
    expect(data.session.summary).toEqual({
      ...{ start, end, startedAt: wallOf(held[0]), endedAt: wallOf(held.at(-1)), frames: held.length },
      ...{ faces: facesOf(held), coveredSeconds: end - start, coverage: 1, seconds: end - start, tracks: 2 },
    });
    expect(data.session.whole.frames).toBe(120);
  });

  test('of many sessions tell of the same moments as of one, also where these are of another time than the session', async () => {
    const [wall, none] = [
      [at(3), at(7.75)],
      ['2001-01-01T00:00:00Z', '2001-01-02T00:00:00Z'],
    ].map(([from, to]) => `range: { wall: { from: "${from}", to: "${to}" } }`);
    const query = `query ($id: ID!) { session(id: $id) { summary(${wall}) { frames } stream { summary(${wall}) { frames } } }
      aggregate(filter: { ids: [$id], ${wall} }) { sessions frames } none: aggregate(filter: { ids: [$id], ${none} }) { sessions } }`;
    const { data } = await ask(world.url, query, { id });
    const { frames } = data.session.summary;
    expect(frames).toBeGreaterThan(10);
    expect(data.aggregate).toEqual([{ sessions: 1, frames }]);
    expect(data.session.stream.summary).toEqual({ frames });
    expect(data.none).toEqual([{ sessions: 0 }]);
  });

  test('of a range with nothing in it hold nothing', async () => {
    const range = 'range: { wall: { to: "2001-01-01T00:00:00Z" } }';
    expect(await buckets(`bucket: 10, ${range}`)).toEqual([]);
    const { data } = await session(`summary(${range}) { ${SUMS} seconds tracks }`);
    expect(data.session.summary).toEqual({
      ...{ start: 0, end: 0, startedAt: null, endedAt: null, frames: 0, faces: 0, coveredSeconds: 0 },
      ...{ coverage: 0, seconds: 0, tracks: 0 },
    });
  });

  test('of the same range of many sessions cost as few statements as of one', async () => {
    const count = async (first: number) => {
      const query = `{ sessions(first: ${first}) { nodes { summary(range: { media: { to: 5 } }) { frames } } } }`;
      return (await world.countQueries(() => ask(world.url, query))).length;
    };
    for (let more = 0; more < 3; more++) await createSession(world.store);
    expect(await count(4)).toBe(await count(1));
  });
});

describe('episodes and tracks', () => {
  interface Kept {
    index: number;
    track: number;
    onset: number;
    offset: number | null;
  }
  const episodes: Kept[] = Array.from({ length: 30 }, (_, index) => {
    const onset = (index * 37) % 55;
    return {
      index,
      track: 1 + (index % 4),
      onset,
      offset: index % 9 === 8 ? null : onset + 0.5 + (index % 5) * 2,
    };
  });
  const EXPRESSION = (index: number) => (['HAPPINESS', 'FEAR'] as const)[index % 2]!;
  // Four seconds of media time pass in one of the wall clock.
  const wall = (seconds: number) => new Date(START + seconds * 250);
  let other: string;

  beforeAll(async () => {
    other = (await createSession(world.store)).id;
    await world.store.prisma.episode.createMany({
      data: episodes.map(({ onset, offset, ...episode }) => ({
        ...{
          sessionId: other,
          expression: EXPRESSION(episode.index),
          apex: onset,
          peak: 0.5,
          onset,
          offset,
          ...episode,
        },
        ...{ startedAt: wall(onset), endedAt: offset === null ? null : wall(offset) },
      })),
    });
    await world.store.prisma.track.createMany({
      data: episodes.map(({ index, onset, offset }) => ({
        ...{ sessionId: other, track: index + 1, firstSeen: onset, lastSeen: offset ?? onset, readings: 1 },
        ...{ startedAt: wall(onset), endedAt: wall(offset ?? onset) },
      })),
    });
  });

  test('are of a range, of a face and of an expression what the filter of all of them is', async () => {
    const random = randomFrom(3);
    for (let round = 0; round < 40; round++) {
      const [from, to] = [random() * 60, random() * 60].sort((a, b) => a - b) as [number, number];
      const clock = round % 2 === 0 ? 'media' : 'wall';
      const edge = (seconds: number) => (clock === 'media' ? seconds : wall(seconds).toISOString());
      const range = {
        [clock]: { ...(round % 5 > 0 && { from: edge(from) }), ...(round % 7 > 0 && { to: edge(to) }) },
      };
      const track = round % 3 === 0 ? 1 + (round % 4) : null;
      const expression = round % 4 === 0 ? 'FEAR' : null;
      const { data, errors } = await ask(
        world.url,
        `query ($id: ID!, $range: RangeInput, $track: Int, $expression: Expression) { session(id: $id) {
          episodes(first: 1000, range: $range, track: $track, expression: $expression) { nodes { index } }
          tracks(first: 1000, range: $range) { nodes { track: number } } } }`,
        { id: other, range, track, expression },
      );
      expect(errors).toBeUndefined();
      // By the clock on the wall, times are whole milliseconds.
      const time = (seconds: number) => (clock === 'media' ? seconds : wall(seconds).getTime());
      const [start, end] = [round % 5 > 0 ? time(from) : -Infinity, round % 7 > 0 ? time(to) : Infinity];
      const held = (onset: number, offset: number) => time(onset) < end && time(offset) >= start;
      const wanted = episodes.filter(
        (one) =>
          held(one.onset, one.offset ?? 1e6) &&
          (track === null || one.track === track) &&
          (expression === null || EXPRESSION(one.index) === expression),
      );
      expect(data.session.episodes.nodes).toEqual(wanted.map(({ index }) => ({ index })));
      const seen = episodes.filter(({ onset, offset }) => held(onset, offset ?? onset));
      expect(data.session.tracks.nodes).toEqual(seen.map(({ index }) => ({ track: index + 1 })));
    }
  });
});
