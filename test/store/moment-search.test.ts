import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPRESSIONS } from '../../src/domain/face.ts';
import { withMatchingFaces } from '../../src/domain/face-filter.ts';
import type { Moment } from '../../src/domain/moment.ts';
import type { MomentFilter } from '../../src/domain/moment-search.ts';
import { quantise } from '../../src/domain/quantise.ts';
import { inSameStretch } from '../../src/domain/thinning.ts';
import { type SearchLimits, searchMoments } from '../../src/store/read/moment-search.ts';
import { createStore, type TestStore } from '../helpers/database.ts';
import { makeMoment, randomFrom } from '../helpers/moments.ts';

let db: TestStore;
let sessions: { id: string; moments: Moment[] }[];
/** So that all that happens at the edges of windows happens. */
const SMALL: SearchLimits = { window: 23, thinnedWindow: 11, most: 60 };
const START = Date.UTC(2026, 10, 24, 23, 59, 30);

beforeAll(async () => {
  db = await createStore();
  sessions = [
    await record(10, (seq) => seq * 100),
    // Of several days; its clock is set back by 40 s in the middle, and by a day and a half later.
    await record(0.5, (seq) => seq * 900_000 - (seq > 90 ? 40_000 : 0) - (seq > 200 ? 129_600_000 : 0)),
    await record(30, (seq) => seq * 3),
  ];
}, 120_000);
afterAll(() => db.dispose());

async function record(frameRate: number, wall: (seq: number) => number) {
  const { id } = await db.session();
  const moments = Array.from({ length: 300 }, (_, seq) => {
    const moment = makeMoment(id, seq, { frameRate, faces: seq % 4 });
    // Two holes of the source.
    const mediaTime = moment.mediaTime + (seq > 100 ? 12.25 : 0) + (seq > 160 ? 70 : 0);
    return quantise({ ...moment, mediaTime, wallTime: START + wall(seq) });
  });
  await Promise.all(moments.map((moment, at) => db.store.moments.append(moment, [], moments[at - 1])));
  return { id, moments };
}

/** What a filter means, of all moments. */
function filtered(moments: readonly Moment[], { range, faces, every }: MomentFilter): Moment[] {
  const left: Moment[] = [];
  for (const moment of moments) {
    const time = range?.clock === 'WALL' ? moment.wallTime : moment.mediaTime;
    if (range && (time < range.from || time >= range.to)) continue;
    const shown = withMatchingFaces(moment, faces);
    const last = left.at(-1);
    if (shown === null || (every && last && inSameStretch(last.mediaTime, moment.mediaTime, every))) continue;
    left.push(shown);
  }
  return left;
}

function randomFilter(moments: readonly Moment[], random: () => number): MomentFilter {
  const some = () => moments[Math.floor(random() * moments.length)]!;
  const clock = random() < 0.5 ? 'WALL' : 'MEDIA';
  const time = () =>
    (clock === 'WALL' ? some().wallTime : some().mediaTime) + (random() < 0.3 ? random() : 0);
  const [from, to] = [time(), time()].sort((a, b) => a - b) as [number, number];
  const range = {
    clock,
    from: random() < 0.3 ? -Infinity : from,
    to: random() < 0.3 ? Infinity : to + 0.001,
  } as const;
  const faces = {
    ...(random() < 0.4 && { track: 1 + Math.floor(random() * 3) }),
    ...(random() < 0.4 && { expression: EXPRESSIONS[Math.floor(random() * EXPRESSIONS.length)]! }),
    ...(random() < 0.4 && { minConfidence: some().faces[0]?.confidence ?? 0.25 }),
  };
  return {
    ...(random() < 0.6 && { range: clock === 'MEDIA' ? { ...range, from: Math.max(0, range.from) } : range }),
    ...(random() < 0.7 && Object.keys(faces).length > 0 && { faces }),
    ...(random() < 0.5 && { every: [70, 100, 1000, 1300, 10_000, 90_000][Math.floor(random() * 6)]! }),
  };
}

/** All pages, one behind the other. */
async function walk(
  id: string,
  filter: MomentFilter,
  { limit, backwards, after, before }: { limit: number; backwards: boolean; after: number; before: number },
) {
  const found: Moment[] = [];
  let [low, high] = [after, before];
  for (;;) {
    const search = { ...filter, limit, backwards, after: low, before: high };
    const page = await searchMoments(db.store.prisma, id, search, SMALL);
    expect(page.moments.length).toBeLessThanOrEqual(limit);
    if (backwards) found.unshift(...page.moments);
    else found.push(...page.moments);
    if (!page.more) return found;
    const next = page.stoppedAt ?? (backwards ? page.moments[0] : page.moments.at(-1))!.seq;
    // A page that found nothing has come on all the same.
    expect(backwards ? next < high : next > low).toBe(true);
    if (backwards) high = next;
    else low = next;
  }
}

describe.each([0, 1, 2, 3])('pages of a filtered timeline (%i)', (seed) => {
  it('are together what the filter lets through of the whole, in both directions and from any cursor', async () => {
    const random = randomFrom(100 + seed);
    for (let round = 0; round < 15; round++) {
      const { id, moments } = sessions[round % sessions.length]!;
      const filter = randomFilter(moments, random);
      const backwards = random() < 0.5;
      const limit = 1 + Math.floor(random() * 30);
      const after = random() < 0.5 ? -1 : Math.floor(random() * 300);
      const before = random() < 0.5 ? Number.POSITIVE_INFINITY : after + Math.floor(random() * 300);
      const found = await walk(id, filter, { limit, backwards, after, before });
      const expected = filtered(moments, filter).filter(({ seq }) => seq > after && seq < before);
      expect(found, JSON.stringify({ round, filter, backwards, limit, after, before })).toEqual(expected);
    }
  });
});

it('the last moments of a session are found without reading the others', async () => {
  const { id, moments } = sessions[0]!;
  const search = { after: -1, before: Number.POSITIVE_INFINITY, limit: 100, backwards: true };
  const found = await db.store.moments.search(id, search);
  expect(found).toEqual({ moments: moments.slice(-100), more: true, stoppedAt: null });
  expect((await db.store.moments.search(id, { ...search, limit: 300 })).more).toBe(false);
  expect(await db.store.moments.search('garbage', search)).toEqual({
    moments: [],
    more: false,
    stoppedAt: null,
  });
});

it('a page of a filter that nothing passes looks through so many moments, and says where it stopped', async () => {
  const { id } = sessions[0]!;
  const faces = { minConfidence: 1 };
  const search = { faces, after: -1, before: Number.POSITIVE_INFINITY, limit: 5, backwards: false };
  const limits = { ...SMALL, window: 20, most: 100 };
  const page = await searchMoments(db.store.prisma, id, search, limits);
  expect(page).toEqual({ moments: [], more: true, stoppedAt: 99 });
  const back = await searchMoments(db.store.prisma, id, { ...search, backwards: true }, limits);
  expect(back).toEqual({ moments: [], more: true, stoppedAt: 200 });
});
