/** Aggregates of several sessions, asked over HTTP; that their numbers are right, the store's tests tell. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { STREAM } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';
import { type Answer, ask } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let streams: { id: string; sessions: string[] }[];
const NOON = Date.UTC(2026, 4, 1, 12);

beforeAll(async () => {
  world = await openWorld({ auth: true });
  streams = [];
  for (const room of ['east', 'west', null]) {
    const tags: Record<string, string> = room === null ? {} : { room };
    const { id } = await world.store.streams.create({ ...STREAM, name: `camera ${room}`, tags });
    streams.push({ id, sessions: await record(id, streams.length + 1) });
  }
});
afterAll(() => world.close());

/** Sessions of four seconds, one after the other, at one frame a second with two faces. */
async function record(streamId: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at++) {
    const { id } = await world.store.sessions.create({ streamId, modelId: 'test@1' });
    const moments = [0, 1, 2, 3].map((seq) => ({
      ...makeMoment(id, seq, { frameRate: 1, faces: 2, start: NOON + at * 3_600_000 }),
      dropped: {},
    }));
    for (const [seq, moment] of moments.entries())
      await world.store.moments.append(moment, [], moments[seq - 1]);
    await world.store.moments.finish(id, [], {});
    await world.store.sessions.setState(id, 'ENDED');
    ids.push(id);
  }
  return ids;
}

const viewer = () => world.token('VIEWER');
const asked = async (query: string, variables = {}, headers?: Record<string, string>): Promise<Answer> =>
  ask(world.url, query, variables, headers ?? (await viewer()));

const SUMS = `fragment sums on ExpressionAggregate { frames faces abstained coverage coveredSeconds erasedSeconds valence arousal quality
  dropped { reason frames } expressions { expression share seconds } probabilities { expression probability } }`;

it('one session is told as its summary tells it', async () => {
  const [session] = streams[0]!.sessions;
  const { data } = await asked(
    `query ($id: ID!) { session(id: $id) { summary { ...sums seconds tracks } }
      aggregate(filter: { ids: [$id] }) { ...sums seconds tracks sessions stream { id } session { id } tags { key } buckets { start } } } ${SUMS}`,
    { id: session },
  );
  const { summary } = data.session;
  expect(summary.frames).toBe(4);
  const whole = { sessions: 1, stream: null, session: null, tags: [], buckets: null };
  expect(data.aggregate).toEqual([{ ...summary, ...whole }]);
});

it('means over sessions come with a standard deviation and a confidence interval', async () => {
  const { data } = await asked(`{ aggregate { sessions perSession { valence { ...estimate }
      expressions { expression share { n } seconds { n mean } probability { n } } coverage { n mean standardDeviation confidenceInterval { low high } } } }
      sessions { nodes { summary { valence } } }
      one: aggregate(filter: { ids: ["${streams[0]!.sessions[0]}"] }) { perSession { valence { n standardDeviation confidenceInterval { low } } } } }
    fragment estimate on Estimate { n mean standardDeviation confidenceInterval { low high } }`);
  const values: number[] = data.sessions.nodes.map(({ summary }: Answer['data']) => summary.valence);
  const mean = values.reduce((sum, value) => sum + value, 0) / 6;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 5);
  // Student's t of five degrees of freedom.
  const margin = (2.570582 * deviation) / Math.sqrt(6);
  const [{ sessions, perSession }] = data.aggregate;
  expect(sessions).toBe(6);
  expect(perSession.valence).toEqual({
    ...{ n: 6, mean: expect.closeTo(mean, 9), standardDeviation: expect.closeTo(deviation, 9) },
    confidenceInterval: { low: expect.closeTo(mean - margin, 6), high: expect.closeTo(mean + margin, 6) },
  });
  expect(perSession.coverage).toEqual({
    ...{ n: 6, mean: 1, standardDeviation: 0, confidenceInterval: { low: 1, high: 1 } },
  });
  expect(perSession.expressions).toHaveLength(8);
  const none = { n: 1, standardDeviation: null, confidenceInterval: null };
  expect(data.one[0].perSession.valence).toEqual(none);
});

it('sessions are grouped by what they have in common', async () => {
  const { data, errors } = await asked(`{
    byRoom: aggregate(groupBy: [{ by: TAG, key: "room" }]) { sessions tags { key value } }
    byStream: aggregate(groupBy: [{ by: STREAM }]) { sessions stream { id name tags { value } } }
    bySession: aggregate(groupBy: [{ by: SESSION }], filter: { tags: [{ key: "room", value: "west" }] }) { session { id stream { name } } }
    byHour: aggregate(groupBy: [{ by: HOUR }]) { sessions startedAt endedAt }
    byDay: aggregate(groupBy: [{ by: DAY }], timeZone: "Asia/Tokyo") { sessions startedAt } }`);
  expect(errors).toBeUndefined();
  expect(data.byRoom).toEqual(
    [
      { sessions: 1, value: 'east' },
      { sessions: 2, value: 'west' },
      { sessions: 3, value: null },
    ].map(({ sessions, value }) => ({ sessions, tags: [{ key: 'room', value }] })),
  );
  expect(
    data.byStream.map(({ sessions, stream }: Answer['data']) => [sessions, stream.id, stream.name]),
  ).toEqual([
    [1, streams[0]!.id, 'camera east'],
    [2, streams[1]!.id, 'camera west'],
    [3, streams[2]!.id, 'camera null'],
  ]);
  expect(data.bySession.map(({ session }: Answer['data']) => session)).toEqual(
    streams[1]!.sessions.map((id) => ({ id, stream: { name: 'camera west' } })),
  );
  expect(data.byHour).toEqual([
    { sessions: 3, startedAt: '2026-05-01T12:00:00.000Z', endedAt: '2026-05-01T13:00:00.000Z' },
    { sessions: 2, startedAt: '2026-05-01T13:00:00.000Z', endedAt: '2026-05-01T14:00:00.000Z' },
    { sessions: 1, startedAt: '2026-05-01T14:00:00.000Z', endedAt: '2026-05-01T15:00:00.000Z' },
  ]);
  expect(data.byDay).toEqual([{ sessions: 6, startedAt: '2026-04-30T15:00:00.000Z' }]);
});

it('buckets lie over each other by media time, or one behind the other by the wall clock', async () => {
  const { data, errors } = await asked(`{
    start: aggregate(bucket: 2) { buckets { start end startedAt sessions frames perSession { valence { n } } } }
    wall: aggregate(bucket: 1800, align: { at: WALL }) { buckets { start startedAt endedAt sessions frames } } }`);
  expect(errors).toBeUndefined();
  const bucket = { startedAt: null, sessions: 6, frames: 12, perSession: { valence: { n: 6 } } };
  expect(data.start[0].buckets).toEqual([
    { start: 0, end: 2, ...bucket },
    { start: 2, end: 4, ...bucket },
  ]);
  const at = (hour: number, sessions: number) => ({
    ...{ start: null, startedAt: `2026-05-01T${hour}:00:00.000Z`, endedAt: `2026-05-01T${hour}:30:00.000Z` },
    ...{ sessions, frames: 4 * sessions },
  });
  expect(data.wall[0].buckets).toEqual([at(12, 3), at(13, 2), at(14, 1)]);
});

it('sessions are laid over each other at a marker, each by its own, and who has none is told', async () => {
  const operator = await world.token('OPERATOR');
  const mark = `mutation ($id: ID!, $markers: [NewMarkerInput!]!) { addMarkers(input: { id: $id, markers: $markers }) { added } }`;
  const [first, second] = streams[1]!.sessions;
  const stimuli = (...times: number[]) => times.map((time) => ({ name: 'stimulus', time }));
  await asked(mark, { id: first, markers: stimuli(1, 2.5) }, operator);
  await asked(mark, { id: second, markers: stimuli(0.25) }, operator);
  const { data, errors } = await asked(`{ aggregate(bucket: 1, groupBy: [{ by: TAG, key: "room" }],
      align: { at: MARKER, marker: " stimulus ", from: -1, to: 1.5 }) {
    sessions trials sessionsLeftOut frames seconds tracks tags { value }
    buckets { start end sessions trials frames seconds coverage perSession { valence { n } } } } }`);
  expect(errors).toBeUndefined();
  const bucket = (start: number, frames: number, seconds: number, sessions: number, trials: number) => ({
    ...{ start, end: start + 1, sessions, trials, frames, seconds, coverage: 1 },
    perSession: { valence: { n: Math.min(sessions, frames) } },
  });
  const none = { sessions: 0, trials: 0, frames: 0, seconds: 0, tracks: 0, buckets: [] };
  // A frame each second: of [0, 2.5), [1.5, 4) and [0, 1.75).
  expect(data.aggregate).toEqual([
    { ...none, sessionsLeftOut: 1, tags: [{ value: 'east' }] },
    {
      ...{ sessions: 2, trials: 3, sessionsLeftOut: 0, frames: 7, seconds: 6.75, tracks: 4 },
      ...{ tags: [{ value: 'west' }] },
      buckets: [bucket(-1, 3, 2.25, 2, 3), bucket(0, 3, 3, 2, 3), bucket(1, 1, 1.5, 2, 3)],
    },
    { ...none, sessionsLeftOut: 3, tags: [{ value: null }] },
  ]);
  const without = await asked(`{ aggregate(align: { at: MARKER, marker: "stimulus", from: 0, to: 0.5 }) {
      sessions trials sessionsLeftOut frames seconds buckets { start } } }`);
  expect(without.data.aggregate).toEqual([
    { sessions: 2, trials: 3, sessionsLeftOut: 4, frames: 1, seconds: 1.5, buckets: null },
  ]);
  const limited = await world.token('VIEWER', { room: 'east' });
  const query = '{ aggregate(align: { at: MARKER, marker: "stimulus" }) { sessions sessionsLeftOut } }';
  expect((await asked(query, {}, limited)).data.aggregate).toEqual([{ sessions: 0, sessionsLeftOut: 1 }]);
});

it('a range is what lies in it, of sessions and of what they tell', async () => {
  const { data } = await asked(
    `query ($from: DateTime!) {
      media: aggregate(filter: { range: { media: { from: 1, to: 3 } } }) { sessions frames seconds }
      wall: aggregate(filter: { range: { wall: { from: $from } } }) { sessions frames }
      none: aggregate(filter: { range: { media: { from: 100 } } }) { sessions frames coverage perSession { valence { n mean } } } }`,
    { from: new Date(NOON + 3_600_000).toISOString() },
  );
  expect(data.media).toEqual([{ sessions: 6, frames: 12, seconds: 12 }]);
  expect(data.wall).toEqual([{ sessions: 3, frames: 12 }]);
  const none = { sessions: 0, frames: 0, coverage: 0, perSession: { valence: { n: 0, mean: null } } };
  expect(data.none).toEqual([none]);
});

it('a stream tells the same of its own sessions', async () => {
  const { data, errors } = await asked(`{
    streams { nodes { id summary { sessions frames stream { id } } part: summary(range: { media: { to: 1 } }) { frames }
      aggregate(groupBy: [{ by: SESSION }], range: { media: { from: 2 } }) { sessions frames session { id } } } } }`);
  expect(errors).toBeUndefined();
  const nodes = streams.map(({ id, sessions }) => ({
    ...{ id, summary: { sessions: sessions.length, frames: 4 * sessions.length, stream: { id } } },
    part: { frames: sessions.length },
    aggregate: sessions.map((session) => ({ sessions: 1, frames: 2, session: { id: session } })),
  }));
  expect(data.streams.nodes).toEqual(nodes);
});

it('a stream without a session has a summary of nothing', async () => {
  const { id } = await world.store.streams.create({ ...STREAM, name: 'never ran' });
  const { data } = await asked(
    'query ($id: ID!) { stream(id: $id) { summary { sessions frames valence } aggregate { sessions } } }',
    { id },
  );
  expect(data.stream).toEqual({
    ...{ summary: { sessions: 0, frames: 0, valence: null }, aggregate: [{ sessions: 0 }] },
  });
  await world.store.streams.remove(id);
});

it('whoever is limited to some streams sums up these alone', async () => {
  const limited = await world.token('VIEWER', { room: 'west' });
  const hidden = streams[0]!;
  const { data, errors } = await asked(
    `query ($stream: ID!, $session: ID!) { all: aggregate(groupBy: [{ by: STREAM }]) { sessions stream { id } }
      whole: aggregate { sessions frames tracks }
      ofStream: aggregate(filter: { streamIds: [$stream] }) { sessions frames tracks }
      ofSession: aggregate(filter: { ids: [$session] }) { sessions frames tracks }
      byTag: aggregate(groupBy: [{ by: TAG, key: "room" }]) { tags { value } } }`,
    { stream: hidden.id, session: hidden.sessions[0] },
    limited,
  );
  expect(errors).toBeUndefined();
  const nothing = { sessions: 0, frames: 0, tracks: 0 };
  expect(data).toEqual({
    all: [{ sessions: 2, stream: { id: streams[1]!.id } }],
    whole: [{ sessions: 2, frames: 8, tracks: 4 }],
    ...{ ofStream: [nothing], ofSession: [nothing], byTag: [{ tags: [{ value: 'west' }] }] },
  });
});

it.each([
  ['(groupBy: [{ by: TAG }])', 'Give its `key`'],
  ['(groupBy: [{ by: DAY, key: "room" }])', 'leave it out with `DAY`'],
  ['(groupBy: [{ by: TAG, key: "a b" }])', 'The key of a tag'],
  ['(groupBy: [{ by: DAY }, { by: DAY }])', 'names something twice'],
  ['(groupBy: [{ by: DAY }, { by: HOUR }])', 'either'],
  ['(bucket: 0.5)', 'a whole number of seconds'],
  ['(bucket: 0)', 'a whole number of seconds'],
  ['(align: { at: WALL })', 'give `bucket`, too'],
  ['(align: { at: MARKER })', 'Which marker is meant?'],
  ['(align: { at: MARKER, marker: " " })', '`marker` must have 1 to 200 characters'],
  ['(align: { at: MARKER, marker: "x", from: 1, to: 1 })', '`align.to` must be greater than `align.from`'],
  ['(align: { at: MARKER, marker: "x", from: -1e9 })', '`align.from` must be from -31622400 to 31622400'],
  ['(bucket: 1, align: { at: START, marker: "x" })', 'leave them out with `START`'],
  ['(timeZone: "Mars/Olympus")', 'no time zone "Mars/Olympus"'],
  ['(filter: { range: { media: { from: 5, to: 5 } } })', 'must be greater'],
])('aggregate%s is refused with a way out', async (args, message) => {
  const { data, errors } = await asked(`{ aggregate${args} { sessions } }`);
  expect(data?.aggregate ?? null).toBeNull();
  expect(errors).toMatchObject([
    { message: expect.stringContaining(message), extensions: { code: 'BAD_INPUT' } },
  ]);
});

it('however many sessions, groups and streams there are, the database is asked as often', async () => {
  const token = await viewer();
  const count = async (query: string) => {
    const statements = await world.countQueries(() => asked(query, {}, token));
    // Who asks is looked up now and then.
    return statements.filter((sql) => !sql.includes('access_token')).length;
  };
  const aggregate = (filter: string) =>
    `{ aggregate(filter: ${filter}, groupBy: [{ by: SESSION }], bucket: 1) { sessions session { id stream { id name } } buckets { frames } } }`;
  const one = await count(aggregate(`{ ids: ["${streams[2]!.sessions[0]}"] }`));
  expect(await count(aggregate('{}'))).toBe(one);
  const summaries = (first: number) =>
    `{ streams(first: ${first}) { nodes { summary { sessions stream { name } } } } }`;
  expect(await count(summaries(3))).toBe(await count(summaries(1)));
});

it('what was erased of a session neither counts nor is missing, as in its summary', async () => {
  const { id: streamId } = await world.store.streams.create({ ...STREAM, name: 'erased in part' });
  const [id] = await record(streamId, 1);
  const erased = await asked(
    `mutation ($id: ID!) { erase(input: { reason: "asked for", target: { range: { sessionId: $id, mediaFrom: 1, mediaTo: 2 } } }) {
      erasure { finishedAt } } }`,
    { id },
    await world.token('ADMIN'),
  );
  expect(erased.errors).toBeUndefined();
  const { data } = await asked(
    `query ($id: ID!) { session(id: $id) { summary { ...sums seconds tracks } }
      aggregate(filter: { ids: [$id] }, bucket: 1) { ...sums seconds tracks buckets { start frames coverage } } } ${SUMS}`,
    { id },
  );
  const [{ buckets, ...group }] = data.aggregate;
  expect(group).toEqual(data.session.summary);
  expect(group).toMatchObject({ frames: 3, seconds: 3, erasedSeconds: 1, coverage: 1 });
  expect(buckets).toEqual([0, 2, 3].map((start) => ({ start, frames: 1, coverage: 1 })));
  await world.store.streams.remove(streamId);
});
