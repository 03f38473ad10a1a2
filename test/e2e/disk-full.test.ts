/** The disk of the embedded database is full for a while: frames are dropped and counted, nothing that was shown is lost. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { until } from '../api/harness.ts';
import { type Workplace, workplace } from '../cli/harness.ts';
import { copyEmptyDatabase, SERVER } from '../helpers/database.ts';
import { type Server, seqsOf, startServer } from './server.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const disk = SERVER ? null : mountSmallDisk();
let place: Workplace;
let server: Server;

beforeAll(async () => {
  if (disk === null) return;
  place = await workplace();
  // The outbox holds 256 moments: at this rate it is full in seconds.
  await place.square('clip.mp4', 3, 60);
  await copyEmptyDatabase(join(disk, 'data'));
  server = await startServer({ ...place.env, MIEN_DATA_DIR: join(disk, 'data'), MIEN_DEMO: 'false' });
});
afterAll(async () => {
  await server?.end('SIGTERM');
  await place?.dispose();
  if (disk === null) return;
  execFileSync('umount', ['--lazy', disk]);
  rmSync(disk, { recursive: true });
});

/** A file system that is full soon; null, with a line saying why, where none may be mounted. */
function mountSmallDisk(): string | null {
  const directory = mkdtempSync(join(tmpdir(), 'mien-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256m', 'tmpfs', directory], { stdio: 'pipe' });
    return directory;
  } catch (error) {
    rmSync(directory, { recursive: true });
    console.warn(`SKIPPED: the disk that fills up needs mount -t tmpfs: ${(error as Error).message}`);
    return null;
  }
}

/** Writes until there is no room for a single page. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  for (const size of [2 ** 20, 4096]) {
    try {
      while (writeSync(file, Buffer.alloc(size, 1)) === size);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  closeSync(file);
}

interface Seen {
  seq: number;
  droppedBefore: number;
}

it.skipIf(disk === null)(
  'is outlived: dropped frames are counted, what was shown is kept, and it goes on',
  async () => {
    const { registerStream } = await server.query<{
      registerStream: { stream: { latestSession: { id: string } } };
    }>(
      `mutation { registerStream(input: { name: "Clip", source: { file: "clip.mp4" }, purpose: RESEARCH,
      frameRate: 60, loop: true, realtime: true }) { stream { latestSession { id } } } }`,
    );
    const { id } = registerStream.stream.latestSession;
    const seen: Seen[] = [];
    const client = server.socket();
    client.subscribe<{ frameEmotions: Seen }>(
      { query: `subscription { frameEmotions(sessionId: "${id}") { seq droppedBefore } }` },
      { next: ({ data }) => void seen.push(data!.frameEmotions), error: () => {}, complete: () => {} },
    );
    await until(() => seen.length > 20, 'moments are shown', 120_000);

    fill(join(disk!, 'filler'));
    await until(async () => (await droppedByStore()) > 20, 'frames are dropped for the store', 240_000);
    expect((await fetch(new URL('/health', server.url))).status).toBe(200);
    const shown = seen.length;

    rmSync(join(disk!, 'filler'));
    await until(() => seen.length > shown + 300, 'moments are shown again', 240_000);
    await server.query(
      `mutation { stopStream(input: { id: "${await streamOf(id)}" }) { session { state } } }`,
    );
    await client.dispose();

    const stored = await seqsOf(server, id);
    expect(stored).toEqual(stored.map((_, seq) => seq));
    expect(stored.length).toBeGreaterThan(seen.at(-1)!.seq);
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, at) => seen[0]!.seq + at));
    expect(seen.reduce((sum, { droppedBefore }) => sum + droppedBefore, 0)).toBeGreaterThan(20);
    const { session } = await server.query<{ session: { summary: { dropped: object[] } } }>(
      `{ session(id: "${id}") { summary { dropped { reason frames } } } }`,
    );
    expect(session.summary.dropped).toContainEqual({ reason: 'STORE', frames: await droppedByStore() });
  },
);

async function droppedByStore(): Promise<number> {
  const text = await (await fetch(new URL('/metrics', server.url))).text();
  return Number(/^mien_frames_dropped_total\{reason="store"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

async function streamOf(sessionId: string): Promise<string> {
  const { session } = await server.query<{ session: { stream: { id: string } } }>(
    `{ session(id: "${sessionId}") { stream { id } } }`,
  );
  return session.stream.id;
}
