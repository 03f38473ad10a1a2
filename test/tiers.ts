/** Which test belongs to which of the three tiers; a test that is not named here is a unit test. */

import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Tier = 'unit' | 'integration' | 'e2e';

/** The whole program: servers of their own, a browser, kills, outages. */
const WHOLE: Record<string, readonly string[] | 'all'> = {
  e2e: 'all',
  web: [
    'add-files',
    'camera',
    'connection',
    'dashboard',
    'edit-stream',
    'empty',
    'event-source',
    'foreign',
    'growing',
    'keyboard',
    'links',
    'offline',
    'outputs',
    'preview',
    'recorded',
    'recorded-loop',
    'restart',
    'shown',
    'sign-in',
    'streams',
    'uploads',
    'windows',
  ],
  network: 'all',
  scale: 'all',
};

/** One part with what it stands on: a database, ffmpeg, a model or another process. */
const STANDING: Record<string, readonly string[] | 'all'> = {
  bench: 'all',
  bus: ['nats', 'nats-requests'],
  api: [
    'access-tokens',
    'audit',
    'cursors',
    'erase',
    'export',
    'export-clocks',
    'export-ends',
    'export-fuzz',
    'export-query',
    'export-resume',
    'grafana',
    'limited',
    'live-answers',
    'markers',
    'media',
    'media-files',
    'lists',
    'matrix',
    'order',
    'outputs',
    'pages',
    'parquet-thread',
    'preview',
    'push-stall',
    'queries',
    'register-streams',
    'ranges',
    'references',
    'request-budget',
    'same-however-asked',
    'sessions-aggregate',
    'tags',
    'update',
  ],
  client: ['mien', 'package', 'react'],
  cli: [
    'audit-export',
    'analyze',
    'analyze-batch',
    'damaged-pictures',
    'erase',
    'give-memory-back',
    'is-here',
    'many-inputs',
    'row-writer',
    'secrets',
    'serve',
    'start-failures',
    'tokens',
    'store-metrics',
    'video',
    'vision-metrics',
    'which-ffmpeg',
  ],
  ingest: [
    'changing-size',
    'confinement',
    'colour',
    'crafted',
    'damaged',
    'damaged-pictures',
    'draw-video',
    'even-grid',
    'ffmpeg-process',
    'files',
    'hardware',
    'heic',
    'hls',
    'http',
    'kill-with-parent',
    'learn-key-frames',
    'leave-out-frames',
    'lifecycle',
    'live',
    'login',
    'loops',
    'no-descriptors',
    'peer-user',
    'picture-processes',
    'pictures',
    'refused',
    'rtmp-login',
    'rtmp-relay',
    'start-time',
    'stored-upload',
    'timestamps',
    'tricks',
    'usual-pictures',
    'video-track',
    'without-clock',
    'without-index',
  ],
  outputs: ['mqtt', 'several-servers'],
  peers: 'all',
  store: [
    'aggregates',
    'audit',
    'binary-format-queries',
    'close',
    'commit-log',
    'crash',
    'create-database',
    'damaged-files',
    'directory-lock',
    'durable',
    'erasure',
    'erasure-crash',
    'erasure-live',
    'fine-buckets',
    'lease',
    'lease-faults',
    'media-stretches',
    'migrate',
    'catch-up-queries',
    'moment-search',
    'moments',
    'outage',
    'pooled-server',
    'power-cut',
    'present-streams',
    'prepared-statements',
    'removal',
    'removed-streams',
    'repositories',
    'retention',
    'retention-beside-readers',
    'secrets',
    'sessions-aggregate',
    'sessions-by-marker',
    'sessions-by-wall-clock',
    'sessions-steps',
    'sign-ins',
    'unlike-settings',
    'upkeep-once',
    'vacuum',
    'wall-clock',
  ],
  subscriptions: ['aggregate-updates'],
  'supply-chain': 'all',
  tracing: 'all',
  web: ['file-kind', 'lanes'],
  vision: [
    'batch-scheduler',
    'device',
    'precision',
    'shipped-models',
    'vision',
    'worker-death',
    'worker-start',
  ],
};

/** One part with a server or a socket of this process. */
const SERVED: Record<string, readonly string[] | 'all'> = {
  access: ['oidc'],
  api: [
    'admission',
    'audit-refusals',
    'auth',
    'authorize-request',
    'bucket-uploads',
    'error-codes',
    'event-source',
    'foreign-pages',
    'gate',
    'given-text',
    'graphql-over-http',
    'item-limit',
    'matrix-routes',
    'media-endpoint',
    'notice',
    'opening',
    'operations',
    'other-upgrades',
    'overload',
    'persisted-documents',
    'preview-endpoint',
    'proxies',
    'push-sockets',
    'query-limits',
    'rejoin',
    'roles',
    'sign-in',
    'skipped',
    'standstill',
    'stored-media',
    'transports',
    'tus',
    'two-servers',
    'uploads',
    'wire',
    'ws-backpressure',
  ],
  bucket: 'all',
  cli: ['bucket-retention', 'running-server'],
  client: ['close-codes', 'fallback', 'nothing-came', 'shared-socket', 'wrong-ways'],
  ingest: ['frame-delivery', 'frame-socket', 'http-validators', 'object-proxy', 'read-socket'],
  outputs: ['osc', 'outputs', 'rule-watch', 'webhook'],
  web: ['auth-client', 'camera-sender', 'documents', 'pages'],
};

export function tierOf(path: string): Tier {
  if (isNamed(WHOLE, path)) return 'e2e';
  return isNamed(STANDING, path) || isNamed(SERVED, path) ? 'integration' : 'unit';
}

/** @returns paths from the root of the repository */
export function testsOf(tier: Tier): string[] {
  return allTests().filter((path) => tierOf(path) === tier);
}

/** Unit tests, and those that need no more than a server of their own process. @returns paths from the root of the repository */
export function testsInProcess(): string[] {
  return allTests().filter((path) => tierOf(path) === 'unit' || isNamed(SERVED, path));
}

function allTests(): string[] {
  const here = fileURLToPath(new URL('.', import.meta.url));
  return (
    readdirSync(here, { recursive: true, encoding: 'utf8' })
      // `npm run test:attack` has those that try to get around what protects.
      .filter((path) => path.endsWith('.test.ts') && !path.startsWith('attack'))
      .map((path) => `test/${path.replaceAll('\\', '/')}`)
      .sort()
  );
}

/** By the room, which is the first folder below test/, and the name of the file. */
function isNamed(table: Record<string, readonly string[] | 'all'>, path: string): boolean {
  const names = table[path.split('/')[1] ?? ''] ?? [];
  return names === 'all' || names.includes(basename(path, '.test.ts'));
}
