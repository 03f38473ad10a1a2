/** Sums of stretches as tables: of a session whose clock was set back twice, buckets and the summary are those of GraphQL. */
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { ask } from './harness.ts';
import { openWorld, type World } from './world.ts';

const START = 1_760_000_000_000;
const FRAMES = 90;
/** Seconds of the wall clock by those of media time: back by 2.5 s at 3 s, and by another 2 s at 6. */
const wallOf = (media: number) => media - (media >= 3 ? 2.5 : 0) - (media >= 6 ? 2 : 0);

let world: World;
let id: string;
beforeAll(async () => {
  const info = {
    kind: 'file',
    live: false,
    width: 12,
    height: 8,
    duration: 9,
    codec: 'h264',
    rotation: 0,
  } as const;
  world = await openWorld({
    openSource: async () => ({ info, frames: frames(), setFrameRate() {} }),
  });
  const { data } = await ask(
    world.url,
    'mutation { registerStream(input: { name: "clip", purpose: RESEARCH, source: { file: "clip.mp4" } }) { session { id } } }',
  );
  id = data.registerStream.session.id;
  await vi.waitUntil(
    async () => (await ask(world.url, `{ session(id: "${id}") { state } }`)).data.session.state === 'ENDED',
    { timeout: 60_000 },
  );
});
afterAll(() => world.close());

async function* frames(): AsyncGenerator<Frame> {
  for (let index = 0; index < FRAMES; index++) {
    const mediaTime = index / 10;
    const wallTime = START + Math.round(wallOf(mediaTime) * 1000);
    yield { pixels: new Uint8Array(24), width: 6, height: 4, mediaTime, wallTime, dropped: {} };
  }
}

type Row = Record<string, string>;

async function csv(path: string): Promise<Row[]> {
  const response = await fetch(`${world.url}/export/sessions/${id}/${path}`);
  expect(response.status).toBe(200);
  return parse(await response.text(), { columns: true }) as Row[];
}

const timeAt = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const RANGES: [from: number, to: number][] = [
  [0, 1],
  [0.2, 0.9],
  [-1, 2],
  [1.5, 2.5],
  [2.5, 10],
  [-10, 10],
];

test.each(RANGES.flatMap((range) => [1, 2, 5, 60].map((bucket) => [...range, bucket] as const)))(
  'from %f s to %f s of the wall clock each bucket of %i s is told once, as GraphQL tells it, and gone on with behind it',
  async (from, to, bucket) => {
    const rows = await csv(`buckets.csv?bucket=${bucket}&from=${timeAt(from)}&to=${timeAt(to)}`);
    const { data } = await ask(
      world.url,
      `{ session(id: "${id}") { aggregate(bucket: ${bucket}, range: { wall: { from: "${timeAt(from)}", to: "${timeAt(to)}" } }) {
        start end startedAt endedAt frames coverage } } }`,
    );
    const told = rows.map(({ start, end, startedAt, endedAt, frames: count, coverage }) => ({
      ...{ start: Number(start), end: Number(end), startedAt, endedAt },
      ...{ frames: Number(count), coverage: Number(coverage) },
    }));
    expect(told).toEqual(data.session.aggregate);
    expect(new Set(told.map(({ start }) => Math.floor(start / bucket))).size).toBe(told.length);
    for (const [at, { start }] of rows.entries()) {
      const after = `buckets.csv?bucket=${bucket}&from=${timeAt(from)}&to=${timeAt(to)}&after=${start}`;
      expect(await csv(after)).toEqual(rows.slice(at + 1));
    }
  },
);

test('a summary of a range is of that range, by either clock', async () => {
  const [whole] = await csv('summary.csv');
  expect(whole).toMatchObject({ start: '0', end: '9', frames: String(FRAMES), startedAt: timeAt(0) });
  const ranges = [
    ['from=2&to=4', 'media: { from: 2, to: 4 }'],
    [`from=${timeAt(1.5)}&to=${timeAt(2.5)}`, `wall: { from: "${timeAt(1.5)}", to: "${timeAt(2.5)}" }`],
    ['from=100', 'media: { from: 100 }'],
  ];
  for (const [parameters, range] of ranges) {
    const { data } = await ask(
      world.url,
      `{ session(id: "${id}") { summary(range: { ${range} }) { start end frames faces seconds coverage tracks } } }`,
    );
    const { summary } = data.session;
    const [row] = await csv(`summary.csv?${parameters}`);
    expect({
      ...{ start: Number(row!.start), end: Number(row!.end), frames: Number(row!.frames) },
      ...{ faces: Number(row!.faces), seconds: Number(row!.elapsedSeconds) },
      ...{ coverage: Number(row!.coverage), tracks: Number(row!.tracks) },
    }).toEqual(summary);
  }
  const path = `${world.url}/export/query/summary.csv?from=2&to=4&session=${id}`;
  const ofQuery = parse(await (await fetch(path)).text(), { columns: true }) as Row[];
  expect(ofQuery).toEqual(await csv('summary.csv?from=2&to=4'));
});
