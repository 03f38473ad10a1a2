/** A session that is exported piece by piece while it goes on gives the rows that it gives whole in the end, also beside others. */
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { seeded } from '../helpers/memory-store.ts';
import { ask, face } from './harness.ts';
import { openWorld, type World } from './world.ts';

type Row = Record<string, unknown>;

/** A source whose frames come when they are asked for, in time that runs unevenly. */
class Released {
  #left = 0;
  #isOver = false;
  #wake = (): void => {};

  release(frames: number): void {
    this.#left += frames;
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  async *frames(random: () => number): AsyncGenerator<Frame> {
    let mediaTime = 0;
    for (;;) {
      while (this.#left === 0 && !this.#isOver) await new Promise<void>((resolve) => (this.#wake = resolve));
      if (this.#left === 0) return;
      this.#left -= 1;
      const wallTime = 1_760_000_000_000 + Math.round(mediaTime * 1000);
      yield { pixels: new Uint8Array(24), width: 6, height: 4, mediaTime, wallTime, dropped: {} };
      mediaTime = Math.round((mediaTime + (random() < 0.05 ? 4 : 0.02 + 0.4 * random())) * 1000) / 1000;
    }
  }
}

/** Worlds of one session, `clip`, and of two that run at the same time. */
async function openReleased(seed: number): Promise<{ world: World; id: string; source: Released }> {
  const { world, sessions } = await openSessions(seed, ['clip']);
  return { world, ...sessions[0]! };
}

async function openSessions(
  seed: number,
  names: readonly string[],
): Promise<{ world: World; sessions: { id: string; source: Released }[] }> {
  const random = seeded(seed);
  const sources = new Map(names.map((name) => [`${name}.mp4`, new Released()]));
  const sourceOf = (given: { type: string; path?: string }) => sources.get(given.path ?? '')!;
  const info = {
    kind: 'file',
    live: false,
    width: 12,
    height: 8,
    duration: null,
    codec: 'h264',
    rotation: 0,
  } as const;
  const world = await openWorld({
    openSource: async (source) => ({ info, frames: sourceOf(source).frames(random), setFrameRate() {} }),
    openAnalyser: () => ({
      analyse: async () => ({
        faces: [1, 2, 3].slice(0, Math.floor(random() * 4)).map((track) => {
          const { expression: _, confidence: __, rawProbabilities: ___, ...raw } = face(track);
          return { ...raw, valence: 2 * random() - 1 };
        }),
        cut: false,
      }),
      smallestFace: () => 1,
      close: async () => {},
    }),
  });
  onTestFinished(async () => {
    for (const source of sources.values()) source.end();
    await world.close();
  });
  const sessions: { id: string; source: Released }[] = [];
  for (const [file, source] of sources) {
    const { data } = await ask(
      world.url,
      `mutation { registerStream(input: { name: "${file}", purpose: RESEARCH, source: { file: "${file}" } }) { session { id } } }`,
    );
    sessions.push({ id: data.registerStream.session.id, source });
  }
  return { world, sessions };
}

interface Kind {
  format: 'csv' | 'jsonl' | 'parquet';
  /** The rows of which all came, as whatever can be compared. */
  rows(bytes: Uint8Array): Promise<Row[]>;
}

const KINDS: Kind[] = [
  {
    format: 'csv',
    rows: async (bytes) => {
      const text = Buffer.from(bytes).toString();
      return parse(text.slice(0, text.lastIndexOf('\n') + 1), { columns: true }) as Row[];
    },
  },
  {
    format: 'jsonl',
    rows: async (bytes) =>
      Buffer.from(bytes)
        .toString()
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Row),
  },
  // Cut off it is none: it comes whole.
  {
    format: 'parquet',
    rows: async (bytes) => (await parquetReadObjects({ file: bytes.slice().buffer })) as Row[],
  },
];

const TABLES = [
  { table: 'readings', query: '', placeOf: (row: Row) => `${row.seq}:${row.track ?? ''}` },
  { table: 'timeline', query: '', placeOf: (row: Row) => `${row.seq}` },
  { table: 'buckets', query: 'bucket=2', placeOf: (row: Row) => `${row.start}` },
];

const CASES = TABLES.flatMap((table) =>
  KINDS.map((kind) => ({ ...table, ...kind, name: `${table.table}.${kind.format}` })),
);

test.each(CASES)(
  '$name, cut anywhere and gone on with while the session goes on, is what it is whole',
  async ({ table, query, placeOf, format, rows }) => {
    const { world, id, source } = await openReleased(table.length);
    const random = seeded(format.length * 31 + table.length);
    const newest = async () =>
      Number(
        (await ask(world.url, `{ session(id: "${id}") { summary { frames } } }`)).data.session.summary.frames,
      );
    const download = async (after: string | null, where = `sessions/${id}`): Promise<Uint8Array> => {
      const parameters = new URLSearchParams(query);
      if (after !== null) parameters.set('after', where === 'query' ? `${id}:${after}` : after);
      const response = await fetch(`${world.url}/export/${where}/${table}.${format}?${parameters}`);
      expect(response.status).toBe(200);
      return new Uint8Array(await response.arrayBuffer());
    };
    const pieces: Row[] = [];
    let released = 0;
    for (let round = 0; round < 9; round++) {
      const isLast = round === 8;
      const more = 1 + Math.floor(random() * 20);
      released += more;
      source.release(more);
      if (isLast) source.end();
      await vi.waitUntil(async () => (await newest()) >= released, { timeout: 60_000 });
      if (isLast)
        await vi.waitUntil(
          async () =>
            (await ask(world.url, `{ session(id: "${id}") { state } }`)).data.session.state === 'ENDED',
        );
      const last = pieces.at(-1);
      const bytes = await download(last ? placeOf(last) : null, random() < 0.5 ? 'query' : undefined);
      const isCut = !isLast && format !== 'parquet' && random() < 0.7;
      pieces.push(...(await rows(isCut ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes)));
    }
    const whole = await rows(await download(null));
    expect(whole.length).toBeGreaterThan(3);
    expect(pieces).toEqual(whole);
  },
);

test('of sessions that run at the same time a query goes on with the one that `after` names; each by its own address loses nothing', async () => {
  const { world, sessions } = await openSessions(7, ['first', 'second']);
  const [first, second] = sessions.map(({ id }) => id);
  const download = async (where: string, after?: string): Promise<Row[]> => {
    const query = after === undefined ? '' : `?after=${after}`;
    const response = await fetch(`${world.url}/export/${where}/timeline.csv${query}`);
    expect(response.status).toBe(200);
    return parse(await response.text(), { columns: true }) as Row[];
  };
  const newest = async (id: string) => Number((await download(`sessions/${id}`)).at(-1)?.seq ?? -1);
  const release = async (frames: number, told: number) => {
    for (const { source } of sessions) source.release(frames);
    for (const { id } of sessions)
      await vi.waitUntil(async () => (await newest(id)) === told, { timeout: 60_000 });
  };
  const rowsOf = (rows: Row[], id = '') => rows.filter(({ session }) => session === id);
  // The newest is not told yet.
  await release(10, 8);
  const before = await download('query');
  expect(before.map(({ session, seq }) => `${session}:${seq}`).at(-1)).toBe(`${second}:8`);
  await release(5, 13);
  const behind = await download('query', `${second}:8`);
  expect(behind).toEqual(rowsOf(await download('query'), second).slice(9));
  expect(behind).toHaveLength(5);
  for (const id of [first, second]) {
    const pieces = [...rowsOf(before, id), ...(await download(`sessions/${id}`, '8'))];
    expect(pieces).toEqual(rowsOf(await download('query'), id));
    expect(pieces).toHaveLength(14);
  }
});
