/** Markers of sessions, over the real store: added, told in order, removed; by media time, by the wall clock, and now. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeMoment } from '../helpers/moments.ts';
import { SETTINGS } from '../helpers/streams.ts';
import { ask as post } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld({ auth: true });
});
afterAll(() => world.close());

const START = Date.UTC(2026, 10, 24, 12);
const ADD = `mutation ($input: AddMarkersInput!) { addMarkers(input: $input) { added markers { name time } } }`;
const REMOVE = `mutation ($input: RemoveMarkersInput!) { removeMarkers(input: $input) {
  removed session { markers { nodes { name time } } } } }`;
const MARKERS = `query ($id: ID!, $name: String, $first: Int, $after: String, $last: Int) { session(id: $id) {
  markers(name: $name, first: $first, after: $after, last: $last) {
    nodes { name time session { id } } pageInfo { hasNextPage endCursor } } } }`;

async function ask(query: string, variables: Record<string, unknown>) {
  return post(world.url, query, variables, await world.token('OPERATOR'));
}

/** Ten frames a second for four seconds, of a file; by the wall clock twice as fast. */
async function record(more: Partial<typeof SETTINGS> = {}, start = START, speed = 2) {
  const { streams, sessions, moments } = world.store;
  const stream = await streams.create({ ...SETTINGS, ...more, name: `${Math.random()}` });
  const { id } = await sessions.create({ streamId: stream.id, modelId: 'test@1' });
  await sessions.setState(id, 'RUNNING');
  const made = Array.from({ length: 40 }, (_, seq) => {
    const moment = makeMoment(id, seq);
    return { ...moment, wallTime: start + (moment.mediaTime * 1000) / speed };
  });
  await Promise.all(made.map((moment, at) => moments.append(moment, [], made[at - 1])));
  return id;
}

const end = (id: string) => world.store.sessions.setState(id, 'ENDED');
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();

it('markers are told by their times, page by page and by name, and adding one again leaves it as it is', async () => {
  const id = await record();
  const markers = [
    { name: 'stimulus', time: 2.5 },
    { name: ' question ', time: 1 },
    { name: 'stimulus', time: 1.2345678 },
    { name: 'begin', time: 1 },
  ];
  const { data } = await ask(ADD, { input: { id, markers } });
  expect(data.addMarkers).toEqual({
    added: 4,
    markers: [
      { name: 'stimulus', time: 2.5 },
      { name: 'question', time: 1 },
      { name: 'stimulus', time: 1.234568 },
      { name: 'begin', time: 1 },
    ],
  });
  expect((await ask(ADD, { input: { id, markers } })).data.addMarkers.added).toBe(0);
  const told = async (args: object) => (await ask(MARKERS, { id, ...args })).data.session.markers;
  const marker = (name: string, time: number) => ({ name, time, session: { id } });
  const all = [
    marker('begin', 1),
    marker('question', 1),
    marker('stimulus', 1.234568),
    marker('stimulus', 2.5),
  ];
  expect((await told({})).nodes).toEqual(all);
  expect((await told({ name: 'stimulus' })).nodes).toEqual(all.slice(2));
  expect((await told({ last: 1 })).nodes).toEqual(all.slice(3));
  const first = await told({ first: 3 });
  expect(first).toMatchObject({ nodes: all.slice(0, 3), pageInfo: { hasNextPage: true } });
  expect((await told({ after: first.pageInfo.endCursor })).nodes).toEqual(all.slice(3));
});

it('markers are removed by name, or one at its time; removing them again is no mistake', async () => {
  const id = await record();
  const times = [1, 2, 3].map((time) => ({ name: 'stimulus', time }));
  await ask(ADD, { input: { id, markers: [...times, { name: 'end', time: 3 }] } });
  const remove = async (...markers: object[]) =>
    (await ask(REMOVE, { input: { id, markers } })).data.removeMarkers;
  const nodes = [
    { name: 'stimulus', time: 1 },
    { name: 'stimulus', time: 3 },
    { name: 'end', time: 3 },
  ];
  expect(await remove({ name: 'stimulus', time: 2 })).toMatchObject({ removed: 1 });
  expect(await remove({ name: 'stimulus', time: 2 }, { name: 'other' })).toMatchObject({ removed: 0 });
  expect((await ask(MARKERS, { id })).data.session.markers.nodes).toEqual(
    expect.arrayContaining(nodes.map((node) => ({ ...node, session: { id } }))),
  );
  expect(await remove({ name: 'stimulus' })).toEqual({
    removed: 2,
    session: { markers: { nodes: [{ name: 'end', time: 3 }] } },
  });
});

it('a wall time is looked up between the frames before and behind it', async () => {
  const id = await record();
  await end(id);
  // A frame each 50 ms by the wall clock, each 100 ms of media time.
  const asked = [0, 0.51, 1.025, 1.95].map((seconds) => ({ name: 'x', at: at(seconds) }));
  const { data } = await ask(ADD, { input: { id, markers: asked } });
  const times = data.addMarkers.markers.map(({ time }: { time: number }) => time);
  expect(times).toEqual([0, 1.02, 2.05, 3.9].map((time) => expect.closeTo(time, 5)));
});

it('in a hole of the source, and where the clock was set, a wall time is looked up between the frames around it', async () => {
  const { sessions, streams, moments } = world.store;
  const stream = await streams.create({ ...SETTINGS, name: `${Math.random()}` });
  const { id } = await sessions.create({ streamId: stream.id, modelId: 'test@1' });
  // In seconds of media time, and by the wall clock: away for eight, then set back by four, and then ahead by an hour.
  const frames = [
    [0, 0],
    [1, 1],
    [9, 9],
    [10, 6],
    [11, 7],
    [12, 3608],
  ].map(([media, wall], seq) => ({
    ...makeMoment(id, seq, { frameRate: 1 }),
    ...{ mediaTime: media!, wallTime: START + wall! * 1000 },
  }));
  for (const [seq, moment] of frames.entries()) await moments.append(moment, [], frames[seq - 1]);
  await end(id);
  const asked = [1, 3, 6, 6.5, 7, 7 + 3601 / 2].map((seconds) => ({ name: 'x', at: at(seconds) }));
  const { data, errors } = await ask(ADD, { input: { id, markers: asked } });
  expect(errors).toBeUndefined();
  const times = data.addMarkers.markers.map(({ time }: { time: number }) => time);
  expect(times).toEqual([1, 3, 10, 10.5, 11, 11.5]);
});

it.each([
  [-0.001, 'before its first frame that is kept'],
  [2.1, 'behind its last frame'],
])(
  'a wall time at %d s, where there is no frame, is refused in a sentence, and nothing is added',
  async (seconds, where) => {
    const id = await record();
    await end(id);
    const markers = [
      { name: 'in', time: 1 },
      { name: 'out', at: at(seconds) },
    ];
    const { errors } = await ask(ADD, { input: { id, markers } });
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining(where),
      extensions: { code: 'BAD_INPUT' },
    });
    expect((await ask(MARKERS, { id })).data.session.markers.nodes).toEqual([]);
  },
);

it('what runs in real time is marked now, as long behind its newest frame as the clock says', async () => {
  const begun = Date.now() - 10_000;
  const id = await record({ realtime: true }, begun, 1);
  const before = (Date.now() - begun) / 1000;
  const { data } = await ask(ADD, { input: { id, markers: [{ name: 'now' }] } });
  const { time } = data.addMarkers.markers[0];
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThanOrEqual((Date.now() - begun) / 1000);
  const later = new Date(Date.now() + 60_000).toISOString();
  const { errors } = await ask(ADD, { input: { id, markers: [{ name: 'x', at: later }] } });
  expect(errors?.[0]?.message).toContain('behind its newest frame');
});

it('what has ended, is read as fast as it can be, or has no frame has no “now”', async () => {
  const fast = await record();
  const over = await record({ realtime: true });
  await end(over);
  const { streams, sessions } = world.store;
  const { id: streamId } = await streams.create({ ...SETTINGS, realtime: true, name: 'empty' });
  const { id: empty } = await sessions.create({ streamId, modelId: 'test@1' });
  for (const [id, message] of [
    [fast, 'read as fast as it can be'],
    [over, 'has ended'],
    [empty, 'no frame yet'],
  ]) {
    const { errors } = await ask(ADD, { input: { id, markers: [{ name: 'now' }] } });
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining(message!),
      extensions: { code: 'CONFLICT' },
    });
  }
});

it.each([
  [[], '`markers` must name one at least.'],
  [[{ name: ' ', time: 1 }], '`name` must have 1 to 200 characters, without line breaks.'],
  [[{ name: 'a\nb', time: 1 }], '`name` must have 1 to 200 characters, without line breaks.'],
  [[{ name: 'x'.repeat(201), time: 1 }], '`name` must have 1 to 200 characters, without line breaks.'],
  [[{ name: 'x', time: -1 }], '`time` must be a number of seconds of media time, from 0 to 31622400.'],
  [
    [{ name: 'x', time: 1, at: at(0) }],
    'Tell either `time` or `at` of a marker, or neither: it is now then.',
  ],
  [Array.from({ length: 1001 }, () => ({ name: 'x', time: 1 })), '`markers` takes 1000 at most.'],
])('wrong markers are refused in a sentence, case %#', async (markers, message) => {
  const { errors } = await ask(ADD, { input: { id: '0190b0f0-0000-7000-8000-00000000dead', markers } });
  expect(errors?.[0]).toMatchObject({ message, extensions: { code: 'BAD_INPUT' } });
});

it('a session has a bounded number of markers, also when several add some at once', async () => {
  const id = await record();
  const some = (from: number) => ({
    input: { id, markers: Array.from({ length: 600 }, (_, at) => ({ name: 'x', time: from + at })) },
  });
  const answers = await Promise.all([ask(ADD, some(0)), ask(ADD, some(1000))]);
  const codes = answers.map(({ errors }) => errors?.[0]?.extensions?.code).sort();
  expect(codes).toEqual(['CONFLICT', undefined]);
  expect(await world.store.prisma.marker.count({ where: { sessionId: id } })).toBe(600);
});

it('the audit tells that markers changed, and not what they are called', async () => {
  const id = await record();
  await ask(ADD, { input: { id, markers: [{ name: 'Jane Doe came in', time: 1 }] } });
  await ask(REMOVE, { input: { id, markers: [{ name: 'Jane Doe came in' }] } });
  const query = `{ auditLog(first: 2, filter: { action: CHANGE_SESSION }) { nodes { action targetId outcome detail { name value } } } }`;
  const { data } = await post(world.url, query, {}, await world.token('ADMIN'));
  const entry = {
    ...{ action: 'CHANGE_SESSION', targetId: id, outcome: 'OK' },
    detail: [
      { name: 'changes', value: 'markers' },
      { name: 'markers', value: '1' },
    ],
  };
  expect(data.auditLog.nodes).toEqual([entry, entry]);
});

it('of a session that is not there nothing is marked', async () => {
  const input = { id: '0190b0f0-0000-7000-8000-00000000dead', markers: [{ name: 'x', time: 1 }] };
  for (const query of [ADD, REMOVE]) {
    const { errors } = await ask(query, { input });
    expect(errors?.[0]?.extensions?.code).toBe('NOT_FOUND');
  }
});
