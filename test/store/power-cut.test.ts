/** The power fails: of what was written, only what was synced is there afterwards. */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { quantise } from '../../src/domain/quantise.ts';
import { openStore } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createStore, roomInMemory, SERVER } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';

const MOMENTS = 60;

it.runIf(process.platform === 'linux' && !SERVER)(
  'a power cut loses no moment that was acknowledged',
  { timeout: 300_000 },
  async () => {
    const db = await createStore();
    const { id } = await db.session();
    await db.store.close();
    const disk = await mkdtemp(join(roomInMemory(), 'mien-disk-'));
    const { dataDir } = db.config;
    await record(join(dataDir, 'pglite'), disk);
    const acknowledged = await appendUntilCut(dataDir, disk, id);
    const after = await mkdtemp(join(roomInMemory(), 'mien-after-'));
    await restore(disk, await identify(join(dataDir, 'pglite')), join(after, 'pglite'));
    const store = await openStore({ rollUp, dataDir: after });
    const stored = await store.moments.page(id, -1, acknowledged + 100);
    expect(stored.length).toBeGreaterThan(acknowledged);
    expect(stored).toEqual(stored.map((_, seq) => quantise(makeMoment(id, seq))));
    await store.close();
    for (const made of [disk, after]) await rm(made, { recursive: true });
    db.store = await openStore({ rollUp, ...db.config });
    await db.dispose();
  },
);

/** @returns the number of the last moment that was acknowledged */
async function appendUntilCut(dataDir: string, disk: string, sessionId: string): Promise<number> {
  const parameters = ['test/store/appender.ts', JSON.stringify({ dataDir }), sessionId];
  const child = spawn(
    process.execPath,
    ['--require', './test/store/record-syncs.cjs', '--import', 'tsx', ...parameters],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, DISK: disk, DISK_OF: join(dataDir, 'pglite') },
    },
  );
  let last = -1;
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    // The first says where it starts.
    if (lines++ > 0) last = Math.max(last, Number(line));
    if (last >= MOMENTS) child.kill('SIGKILL');
  }
  return last;
}

/** As if all of it had been synced before. */
async function record(directory: string, disk: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true });
  const named = await Promise.all(
    entries.map(async (entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) await record(path, disk);
      else await cp(path, join(disk, await identify(path)));
      return { name: entry.name, id: await identify(path), isDirectory: entry.isDirectory() };
    }),
  );
  await writeFile(join(disk, await identify(directory)), JSON.stringify(named));
}

async function restore(disk: string, id: string, to: string): Promise<void> {
  await mkdir(to);
  // A directory that was never synced is empty, and so is a file.
  const named: { name: string; id: string; isDirectory: boolean }[] = JSON.parse(
    await readIfThere(join(disk, id), '[]'),
  );
  for (const entry of named) {
    const path = join(to, entry.name);
    if (entry.isDirectory) await restore(disk, entry.id, path);
    else await cp(join(disk, entry.id), path).catch(() => writeFile(path, ''));
  }
}

function readIfThere(path: string, otherwise: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => otherwise);
}

async function identify(path: string): Promise<string> {
  const { ino, birthtimeNs } = await stat(path, { bigint: true });
  return `${ino}-${birthtimeNs}`;
}
