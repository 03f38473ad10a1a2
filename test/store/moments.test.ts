import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Episode, Moment } from '../../src/domain/moment.ts';
import { quantise } from '../../src/domain/quantise.ts';
import { createStore, summaryOf, type TestStore } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

let db: TestStore;
beforeAll(async () => {
  db = await createStore();
});
afterAll(() => db.dispose());

const append = (moments: readonly Moment[]) =>
  Promise.all(moments.map((moment) => db.store.moments.append(moment, [])));
const tracksOf = (sessionId: string) =>
  db.store.prisma.track.findMany({ where: { sessionId }, orderBy: { track: 'asc' } });
const episodesOf = (sessionId: string) =>
  db.store.prisma.episode.findMany({ where: { sessionId }, orderBy: { index: 'asc' } });
const make = (sessionId: string, count: number, shape = {}) =>
  Array.from({ length: count }, (_, seq) => makeMoment(sessionId, seq, shape));

it('moments come back digit for digit as quantise gives them, in pages', async () => {
  const { id } = await db.session();
  const moments = [
    ...make(id, 100),
    { ...makeMoment(id, 100), faces: [] },
    makeMoment(id, 101, { faces: 5 }),
  ];
  await append(moments);
  const stored = moments.map(quantise);
  expect(await db.store.moments.page(id, -1, 60)).toEqual(stored.slice(0, 60));
  expect(await db.store.moments.page(id, 59, 1000)).toEqual(stored.slice(60));
  expect(await db.store.moments.page(id, 101, 10)).toEqual([]);
  expect(await db.store.moments.extent(id)).toEqual({ oldest: 0, newest: 101 });
});

it('moments with extreme values come back as quantise gives them', async () => {
  const { id } = await db.session();
  const moment = makeMoment(id, 0, { start: Date.UTC(2026, 1, 28, 23, 59, 59, 999) });
  const [face] = moment.faces;
  const odd = {
    ...moment,
    mediaTime: 1 / 3,
    wallTime: moment.wallTime + 0.4,
    dropped: { busy: 1, worker: 2, store: 3 },
    faces: [
      {
        ...face!,
        expression: null,
        box: { x: -0.25, y: 1e-9, width: 1.75, height: 0.1234567 },
        valence: -1,
        arousal: -1e-7,
        pose: { yaw: -179.996, pitch: 0.005, roll: 180 },
        actionUnits: [],
        landmarks: [{ x: -4, y: 4 }],
      },
    ],
  };
  await append([odd]);
  const [stored] = await db.store.moments.page(id, -1, 1);
  expect(stored).toEqual(quantise(odd));
  expect(JSON.stringify(stored)).toBe(JSON.stringify(quantise(odd)));
  expect(quantise(quantise(odd))).toEqual(quantise(odd));
  const sum = stored!.faces[0]!.probabilities.reduce((total, value) => total + value, 0);
  expect(sum).toBeCloseTo(1, 12);
});

it('a moment with NaN is refused, and those beside it are stored', async () => {
  const { id } = await db.session();
  const [good, bad, better] = make(id, 3);
  const [face] = bad!.faces;
  const broken = { ...bad!, faces: [{ ...face!, valence: Number.NaN }] };
  const results = await Promise.allSettled(
    [good!, broken, better!].map((moment) => db.store.moments.append(moment, [])),
  );
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((await db.store.moments.page(id, -1, 10)).map(({ seq }) => seq)).toEqual([0, 2]);
});

it('moments of a session that crosses midnight come back in order', async () => {
  const { id } = await db.session();
  const moments = make(id, 40, { start: Date.UTC(2026, 2, 31, 23, 59, 58) });
  await append(moments);
  expect(await db.store.moments.page(id, -1, 100)).toEqual(moments.map(quantise));
});

it('moments count once, however often they are appended', async () => {
  const { id } = await db.session();
  const moments = make(id, 30, { faces: 2 });
  await append(moments.slice(0, 20));
  const summary = await summaryOf(db.store, id);
  await append([...moments.slice(0, 20), ...moments.slice(0, 20)]);
  expect(await summaryOf(db.store, id)).toEqual(summary);
  await append([...moments.slice(10), moments[29]!]);
  expect((await summaryOf(db.store, id)).readings).toBe(60);
  expect(await db.store.moments.page(id, -1, 100)).toEqual(moments.map(quantise));
  expect((await tracksOf(id)).map(({ readings }) => readings)).toEqual([30, 30]);
});

it('moments of several sessions share a commit and keep apart', async () => {
  const sessions = await Promise.all([db.session(), db.session(), db.session()]);
  const all = sessions.map(({ id }) => make(id, 25));
  await append(Array.from({ length: 75 }, (_, at) => all[at % 3]![Math.floor(at / 3)]!));
  for (const [at, { id }] of sessions.entries()) {
    expect(await db.store.moments.page(id, -1, 100)).toEqual(all[at]!.map(quantise));
  }
});

it('a batch of moments is written with one statement', async () => {
  const { id } = await db.session();
  await append([makeMoment(id, 0)]);
  const statements: string[] = [];
  const stop = db.store.onQuery((sql) => statements.push(sql));
  await append(make(id, 65).slice(1));
  stop();
  expect(statements).toHaveLength(1);
});

it('moments of a session that does not exist are refused, and those of others are stored', async () => {
  const { id } = await db.session();
  const stranger = '00000000-0000-7000-8000-000000000000';
  const [kept, refused, faceless] = await Promise.allSettled([
    db.store.moments.append(makeMoment(id, 0), []),
    db.store.moments.append(makeMoment(stranger, 0), []),
    db.store.moments.append({ ...makeMoment(stranger, 1), faces: [] }, []),
  ]);
  expect(kept.status).toBe('fulfilled');
  expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'NOT_FOUND' } });
  expect(faceless).toMatchObject({ status: 'rejected', reason: { code: 'NOT_FOUND' } });
  expect(await db.store.prisma.moment.count({ where: { sessionId: stranger } })).toBe(0);
});

it('a moment whose wall time cannot be meant is refused, and those beside it are stored', async () => {
  const { id } = await db.session();
  const results = await Promise.allSettled([
    db.store.moments.append(makeMoment(id, 0), []),
    db.store.moments.append(makeMoment(id, 1, { start: 9e15 }), []),
    db.store.moments.append(makeMoment(id, 2), []),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: { code: 'BAD_INPUT' } });
});

it('a session id that is no UUID has no moments', async () => {
  expect(await db.store.moments.page('garbage', -1, 10)).toEqual([]);
  expect(await db.store.moments.extent("'; DROP TABLE moment")).toEqual({ oldest: null, newest: -1 });
});

const episode = (sessionId: string, more: Partial<Episode>): Episode => ({
  ...{ index: 0, sessionId, track: 1, expression: 'ANGER', onset: 0.5, apex: 0.5, offset: null, peak: 0.6 },
  ...more,
});

it('episodes follow their events, also those that end a session', async () => {
  const { id } = await db.session();
  const onset = episode(id, {});
  const apex = episode(id, { apex: 0.9, peak: 0.8 });
  const second = episode(id, { index: 1, expression: 'FEAR', onset: 0.7 });
  await db.store.moments.append(makeMoment(id, 0), [
    { kind: 'ONSET', episode: onset },
    { kind: 'APEX', episode: apex },
  ]);
  await db.store.moments.append(makeMoment(id, 1), [{ kind: 'ONSET', episode: second }]);
  expect(await episodesOf(id)).toEqual([apex, second]);
  const closed = { ...apex, offset: 2 };
  await db.store.moments.finish(id, [{ kind: 'OFFSET', episode: closed }], { busy: 4 });
  // A moment that is repeated late does not open what is closed.
  await db.store.moments.append(makeMoment(id, 0), [{ kind: 'ONSET', episode: onset }]);
  expect(await episodesOf(id)).toEqual([closed, second]);
  expect((await summaryOf(db.store, id)).dropped).toEqual({ busy: 4 });
});

it('tracks tell when a face was first and last seen', async () => {
  const { id } = await db.session();
  await append(make(id, 10, { faces: 2 }));
  await db.store.moments.append(makeMoment(id, 10), []);
  expect(await tracksOf(id)).toEqual([
    { sessionId: id, track: 1, firstSeen: 0, lastSeen: 1, readings: 11 },
    { sessionId: id, track: 2, firstSeen: 0, lastSeen: 0.9, readings: 10 },
  ]);
});
