/** Which test belongs to which of the three tiers; a test that is not named here is a unit test. */

import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Tier = 'unit' | 'integration' | 'e2e';

/** The whole program: servers of their own, a browser, kills, outages. */
const WHOLE: Record<string, readonly string[] | 'all'> = {
  e2e: 'all',
  web: ['dashboard', 'offline'],
  network: 'all',
};

/** One part with what it stands on: a database, ffmpeg, a model or another process. */
const STANDING: Record<string, readonly string[] | 'all'> = {
  bench: 'all',
  api: ['queries'],
  cli: ['analyze', 'many-inputs', 'row-output', 'serve', 'store-metrics', 'vision-metrics'],
  ingest: ['crafted', 'ffmpeg-process', 'files', 'http', 'kill-with-parent', 'lifecycle', 'live', 'refused'],
  store: [
    'aggregates',
    'crash',
    'create-database',
    'durable',
    'migrate',
    'moments',
    'outage',
    'power-cut',
    'prepared-statements',
    'removal',
    'repositories',
    'retention',
  ],
  vision: ['batch-scheduler', 'device', 'shipped-models', 'vision', 'worker-death'],
};

export function tierOf(path: string): Tier {
  if (isNamed(WHOLE, path)) return 'e2e';
  return isNamed(STANDING, path) ? 'integration' : 'unit';
}

/** @returns paths from the root of the repository */
export function testsOf(tier: Tier): string[] {
  const here = fileURLToPath(new URL('.', import.meta.url));
  return readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => `test/${path.replaceAll('\\', '/')}`)
    .filter((path) => tierOf(path) === tier)
    .sort();
}

/** By the room, which is the first folder below test/, and the name of the file. */
function isNamed(table: Record<string, readonly string[] | 'all'>, path: string): boolean {
  const names = table[path.split('/')[1] ?? ''] ?? [];
  return names === 'all' || names.includes(basename(path, '.test.ts'));
}
