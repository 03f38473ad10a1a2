import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FaceReading } from '../../src/domain/face.ts';
import type { Episode, Moment } from '../../src/domain/moment.ts';
import { quantise } from '../../src/domain/quantise.ts';
import { readingTable } from '../../src/tables/reading-table.ts';
import { rowsOf } from '../../src/tables/rows.ts';
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
  db.store.prisma.episode.findMany({
    where: { sessionId },
    orderBy: { index: 'asc' },
    // Places in the order of commits.
    omit: { onsetAt: true, apexAt: true, offsetAt: true },
  });
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
    mediaTime: 1 / 3 + 2_000_000,
    wallTime: moment.wallTime + 0.4,
    loop: { pass: 2_000_000, sourceTime: 0.1 + 0.2 },
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
  expect(stored).toMatchObject({
    mediaTime: 2_000_000.333333,
    loop: { pass: 2_000_000, sourceTime: 0.3 },
  });
  expect(quantise(quantise(odd))).toEqual(quantise(odd));
  const sum = stored!.faces[0]!.probabilities.reduce((total, value) => total + value, 0);
  expect(sum).toBeCloseTo(1, 12);
});

it('faces of tables are the same: as they are made whole, and as their numbers are told at once', async () => {
  const { id } = await db.session();
  const [odd] = makeMoment(id, 3).faces;
  const few = { ...odd!, expression: null, actionUnits: [], landmarks: [{ x: -4, y: 4 }] };
  await append([...make(id, 3, { faces: 4 }), { ...makeMoment(id, 3), faces: [few] }]);
  const units = makeMoment(id, 0).faces[0]!.actionUnits.map((_, at) => `AU${at}`);
  const { columns, floatsOf } = readingTable(units);
  const cellsOf = (moment: Moment) =>
    rowsOf('clip', moment, 0.1, { width: 4, height: 3 }, units).map((row) => [
      ...columns.filter(({ type }) => type !== 'FLOAT').map(({ value }) => value(row)),
      ...floatsOf(row),
    ]);
  const [whole, stored] = await Promise.all([
    db.store.moments.page(id, -1, 10),
    db.store.moments.storedPage(id, -1, 10),
  ]);
  expect(stored.map(cellsOf)).toEqual(whole.map(cellsOf));
  expect(stored.map(({ faces }) => faces.map((face) => copied(face)))).toEqual(
    whole.map(({ faces }) => faces),
  );
});

/** With what a stored face makes when it is asked for. */
function copied(face: FaceReading): FaceReading {
  const { track, box, expression, confidence, probabilities, rawProbabilities, agreement } = face;
  const { valence, arousal, pose, actionUnits, landmarks, quality } = face;
  return {
    ...{ track, box, expression, confidence, probabilities, rawProbabilities, agreement },
    ...{ valence, arousal, pose, actionUnits, landmarks, quality },
  };
}

it('a moment with NaN is refused, and with it those of its session that follow; those before it are stored', async () => {
  const { id } = await db.session();
  const [good, bad, better] = make(id, 3);
  const [face] = bad!.faces;
  const broken = { ...bad!, faces: [{ ...face!, valence: Number.NaN }] };
  const results = await Promise.allSettled(
    [good!, broken, better!].map((moment) => db.store.moments.append(moment, [])),
  );
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect((await db.store.moments.page(id, -1, 10)).map(({ seq }) => seq)).toEqual([0]);
});

it('moments of a session that crosses midnight come back in order', async () => {
  const { id } = await db.session();
  const moments = make(id, 40, { start: Date.UTC(2026, 2, 31, 23, 59, 58) });
  await append(moments);
  expect(await db.store.moments.page(id, -1, 100)).toEqual(moments.map(quantise));
});

it('pages of a session of many days come back in order: after pauses, a clock that was set back, and from any place', async () => {
  const { id } = await db.session();
  const day = (at: number) => Date.UTC(2026, 7, at, 23, 59, 58);
  // The last of each day are after midnight; twice the clock is set back by days, and days 8 to 12 are missing.
  const starts = [1, 2, 3, 5, 3, 6, 13, 14, 10, 15];
  const moments = starts.flatMap((start, part) =>
    Array.from({ length: 30 }, (_, at) => ({
      ...makeMoment(id, part * 30 + at),
      wallTime: day(start) + at * 100,
    })),
  );
  await append(moments);
  const stored = moments.map(quantise);
  for (const limit of [7, 100, 1000]) {
    const read: Moment[] = [];
    for (let page = await db.store.moments.page(id, -1, limit); page.length > 0; ) {
      expect(page).toHaveLength(Math.min(limit, stored.length - read.length));
      read.push(...page);
      page = await db.store.moments.page(id, page.at(-1)!.seq, limit);
    }
    expect(read).toEqual(stored);
  }
  expect(await db.store.moments.page(id, 133, 40)).toEqual(stored.slice(134, 174));
});

it('a page of a session of many days is read from two of them, and the next one without looking for its day', async () => {
  const { id } = await db.session();
  const start = Date.UTC(2026, 8, 1, 12);
  const moments = Array.from({ length: 60 }, (_, seq) => ({
    ...makeMoment(id, seq),
    wallTime: start + Math.floor(seq / 10) * 86_400_000 + seq,
  }));
  await append(moments);
  const statements: string[] = [];
  const stop = db.store.onQuery((sql) => void (/FROM moment/.test(sql) && statements.push(sql)));
  await db.store.moments.page(id, -1, 15);
  await db.store.moments.page(id, 14, 5);
  stop();
  expect(statements.map((sql) => /BETWEEN '(\S+)' AND '(\S+)'/.exec(sql)?.slice(1))).toEqual([
    ['2026-09-01', '2026-09-06'],
    ['2026-09-01', '2026-09-02'],
    ['2026-09-02', '2026-09-03'],
  ]);
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

it('a moment whose wall time cannot be meant is refused, and with it those of its session that follow', async () => {
  const { id } = await db.session();
  const results = await Promise.allSettled([
    db.store.moments.append(makeMoment(id, 0), []),
    db.store.moments.append(makeMoment(id, 1, { start: 9e15 }), []),
    db.store.moments.append(makeMoment(id, 2), []),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(results[1]).toMatchObject({ reason: { code: 'BAD_INPUT' } });
});

it('a session id that is no UUID has no moments', async () => {
  expect(await db.store.moments.page('garbage', -1, 10)).toEqual([]);
  expect(await db.store.moments.extent("'; DROP TABLE moment")).toEqual({ oldest: null, newest: -1 });
});

const episode = (sessionId: string, more: Partial<Episode>): Episode => ({
  ...{ index: 0, sessionId, track: 1, expression: 'ANGER', onset: 0.5, apex: 0.5, offset: null, peak: 0.6 },
  ...{ startedAt: new Date(0), endedAt: null },
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

const START = Date.UTC(2026, 5, 1);

it('tracks tell when a face was first and last seen', async () => {
  const { id } = await db.session();
  await append(make(id, 10, { faces: 2, start: START }));
  await db.store.moments.append(makeMoment(id, 10, { start: START + 8 }), []);
  const startedAt = new Date(START);
  const [one, two] = [{ endedAt: new Date(START + 1008) }, { endedAt: new Date(START + 900) }];
  expect(await tracksOf(id)).toEqual([
    { sessionId: id, track: 1, firstSeen: 0, lastSeen: 1, readings: 11, startedAt, ...one },
    { sessionId: id, track: 2, firstSeen: 0, lastSeen: 0.9, readings: 10, startedAt, ...two },
  ]);
});

it.each<[string, (moment: Moment) => Moment]>([
  ['probabilities', (moment) => withFace(moment, { probabilities: Array(8).fill(Number.NaN) })],
  [
    'raw probabilities',
    (moment) => withFace(moment, { rawProbabilities: [Number.POSITIVE_INFINITY, 0, 0, 0, 0, 0, 0, 0] }),
  ],
  ['agreement', (moment) => withFace(moment, { agreement: Number.NaN })],
  ['media time', (moment) => ({ ...moment, mediaTime: Number.NaN })],
])('a moment whose %s is no number is refused, and those before it can be read', async (_, spoil) => {
  const { id } = await db.session();
  await db.store.moments.append(makeMoment(id, 0), []);
  await expect(db.store.moments.append(spoil(makeMoment(id, 1)), [])).rejects.toThrow(RangeError);
  expect(await db.store.moments.page(id, -1, 10)).toHaveLength(1);
});

function withFace(moment: Moment, more: Partial<FaceReading>): Moment {
  return { ...moment, faces: moment.faces.map((face) => ({ ...face, ...more })) };
}
