/** The rules of the house: who may import whom, and who alone may touch what. Read from the imports of src. */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Node } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { parseFile, visitNodes } from './helpers/parse.ts';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

const DOMAIN = ['domain', 'errors'];
/**
 * A folder of src, and what its files may import besides one another: rooms by their name, folders of the same room
 * by their path. A file that lies in src itself is a room too. Whatever is imported, there is no circle.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  main: ['cli', 'give-memory-back', 'no-telemetry'],

  // The composition root: what `main` calls, it opens the rooms and hands them to one another.
  cli: ['cli/analyze', 'cli/serve', 'cli/admin', 'tables', 'threads', 'config', 'stat-if-there', ...DOMAIN],
  'cli/serve': [
    ...['cli', 'api', 'access', 'sessions', 'subscriptions', 'outputs', 'ingest', 'vision', 'timeline'],
    ...['store', 'bus', 'bucket', 'preview', 'tracing', 'threads', 'config', 'log', 'metrics', ...DOMAIN],
  ],
  'cli/admin': ['cli', 'cli/serve', 'access', 'store', 'tables', 'config', 'log', 'metrics', ...DOMAIN],
  'cli/analyze': [
    ...['cli', 'cli/serve', 'ingest', 'sessions', 'vision', 'timeline', 'store'],
    ...['tables', 'config', 'stat-if-there', ...DOMAIN],
  ],

  api: [
    ...[
      'api/admission',
      'api/uploads',
      'api/http',
      'api/transports',
      'api/fanout',
      'api/schema',
      'api/media',
      'api/preview',
    ],
    ...['api/errors', 'api/context', 'api/audit', 'api/notice', 'api/auth', 'api/sign-in', 'api/export'],
    ...['api/persisted', 'api/push'],
    ...['access', 'metrics', ...DOMAIN],
  ],
  'api/admission': ['api/fanout', 'api/context', 'api/errors', ...DOMAIN],
  'api/auth': ['api/admission', 'access', 'threads', ...DOMAIN],
  'api/http': [
    ...['api/admission', 'api/auth', 'api/export', 'api/media', 'api/preview', 'api/persisted', 'api/push'],
    'api/errors',
    ...DOMAIN,
  ],
  'api/push': [
    ...['api/admission', 'api/auth', 'api/context', 'api/errors', 'api/transports', 'api/uploads'],
    ...['access', ...DOMAIN],
  ],
  'api/persisted': DOMAIN,
  'api/sign-in': ['api/auth', 'api/errors', 'access', ...DOMAIN],
  'api/export': ['api/context', 'api/errors', 'store', 'tables', 'tables/parquet', ...DOMAIN],
  'api/preview': ['api/audit', 'api/context', 'api/errors', ...DOMAIN],
  'api/media': ['api/audit', 'api/context', 'api/errors', ...DOMAIN],
  'api/uploads': ['api/errors', 'threads', 'stat-if-there', ...DOMAIN],
  'api/transports': ['api/auth', 'api/fanout', 'api/errors', ...DOMAIN],
  'api/fanout': ['api/errors', 'bus', 'threads', ...DOMAIN],
  'api/schema': ['api/context', 'api/errors', 'api/fanout', 'access', 'store', 'threads', ...DOMAIN],
  'api/notice': ['api/http', 'store', ...DOMAIN],
  'api/audit': ['api/errors', 'api/fanout', ...DOMAIN],
  'api/errors': DOMAIN,
  'api/context': ['access', 'store', ...DOMAIN],

  // Knows no HTTP and no SQL: credentials in, principals out.
  access: ['threads', ...DOMAIN],
  'access/oidc': ['access', ...DOMAIN],

  sessions: ['sessions/load', 'threads', ...DOMAIN],
  'sessions/load': ['threads', ...DOMAIN],
  subscriptions: DOMAIN,
  // Tells other programs what is published; knows neither the bus nor the store.
  outputs: ['outputs/webhook', 'outputs/mqtt', 'outputs/osc', 'threads', ...DOMAIN],
  'outputs/webhook': ['outputs', ...DOMAIN],
  'outputs/mqtt': ['outputs', 'threads', ...DOMAIN],
  'outputs/osc': ['outputs', 'threads', ...DOMAIN],

  ingest: [
    ...['ingest/source', 'ingest/network', 'ingest/network/http', 'ingest/ffmpeg', 'ingest/frames'],
    ...['ingest/pictures', 'ingest/push', 'threads', ...DOMAIN],
  ],
  'ingest/pictures': ['threads', ...DOMAIN],
  'ingest/push': ['ingest/network/http', 'threads', ...DOMAIN],
  'ingest/source': [
    ...['ingest/network', 'ingest/network/http', 'ingest/network/rtsp', 'ingest/network/rtmp'],
    ...['ingest/ffmpeg', 'threads', ...DOMAIN],
  ],
  'ingest/network': ['ingest/network/http', 'threads', ...DOMAIN],
  'ingest/network/http': ['ingest/network', 'threads', ...DOMAIN],
  'ingest/network/rtsp': ['ingest/network', 'ingest/network/http', ...DOMAIN],
  'ingest/network/rtmp': ['ingest/network', 'ingest/network/http', ...DOMAIN],
  'ingest/ffmpeg': ['ingest/frames', 'threads', ...DOMAIN],
  'ingest/frames': ['threads', ...DOMAIN],

  vision: ['vision/workers', 'vision/runtime', 'vision/models', ...DOMAIN],
  'vision/workers': [
    ...['vision/detection', 'vision/tracking', 'vision/scoring', 'vision/image'],
    ...['vision/runtime', 'vision/models', 'threads', ...DOMAIN],
  ],
  'vision/scoring': ['vision/tracking', 'vision/models', 'vision/image', 'domain'],
  'vision/tracking': ['vision/detection', 'vision/image'],
  'vision/detection': ['domain', 'vision/models', 'vision/image'],
  'vision/runtime': ['vision/models', 'no-telemetry', 'errors'],
  'vision/models': DOMAIN,
  'vision/image': [],

  timeline: DOMAIN,

  // Who looks at which session's pictures.
  preview: ['threads', ...DOMAIN],

  // What is recorded, or analysed, as rows.
  tables: DOMAIN,
  'tables/parquet': ['tables', 'threads', ...DOMAIN],

  store: [
    'store/access',
    'store/commit',
    'store/erasure',
    'store/lease',
    'store/read',
    'store/read/sessions',
    'store/upkeep',
    'store/pglite',
    'store/lock',
    'store/secrets',
    'store/access',
    'store/sql',
    'access',
    ...DOMAIN,
  ],
  'store/commit': ['store/sql', 'threads', ...DOMAIN],
  'store/erasure': ['store/commit', 'store/read', 'store/upkeep', 'store/sql', ...DOMAIN],
  'store/lease': ['store/sql', 'threads', ...DOMAIN],
  'store/read': ['store/sql', ...DOMAIN],
  'store/read/sessions': ['store/read', 'store/sql', ...DOMAIN],
  'store/upkeep': ['store/sql', 'threads', ...DOMAIN],
  'store/pglite': ['store/sql', 'threads', 'errors'],
  'store/lock': ['errors'],
  'store/secrets': ['store/pglite', ...DOMAIN],
  'store/access': ['access', 'store/sql', ...DOMAIN],
  'store/sql': DOMAIN,

  // Uploads in storage that speaks S3's protocol.
  bucket: DOMAIN,

  // Traces: what rooms tell of (domain/trace.ts) becomes spans, and goes to a collector.
  tracing: ['threads', ...DOMAIN],

  bus: ['bus/wire', 'threads', ...DOMAIN],
  'bus/wire': ['bus', ...DOMAIN],
  threads: [],
  domain: [],
  // What a browser runs: static, served by `api`, checked against the DOM by tsconfig.web.json.
  web: [
    ...['web/streams', 'web/live', 'web/recorded', 'web/register', 'web/camera', 'web/outputs'],
    ...['web/chart', 'web/page'],
  ],
  'web/streams': ['web', 'web/recorded', 'web/chart', 'web/page'],
  'web/live': ['web', 'web/streams', 'web/recorded', 'web/chart', 'web/page'],
  'web/recorded': ['web', 'web/chart', 'web/page'],
  'web/register': ['web', 'web/camera', 'web/page'],
  'web/camera': ['web', 'web/chart', 'web/page'],
  'web/outputs': ['web', 'web/page'],
  'web/chart': ['web', 'web/page'],
  'web/page': ['web'],
  errors: [],
  // What the environment must say before a native library is loaded.
  'give-memory-back': [],
  'no-telemetry': [],
  config: ['config-values', 'config-variables', 'config-oidc', 'config-otel', 'errors'],
  'config-variables': ['config-values', 'config-oidc', 'config-otel'],
  'config-otel': [],
  'config-oidc': ['config-values', 'domain'],
  'config-values': [],
  log: ['domain'],
  metrics: ['domain', 'event-loop-lag'],
  'event-loop-lag': [],
  'stat-if-there': [],
};

/** Packages that one file alone may import. */
const ONLY: Record<string, string> = {
  'fluent-ffmpeg': 'ingest/ffmpeg/ffmpeg-process.ts',
  'libheif-js/libheif-wasm/libheif-bundle.js': 'ingest/source/heic.worker.ts',
  sharp: 'ingest/pictures/picture.child.ts',
  'onnxruntime-node': 'vision/runtime/inference-session.ts',
  '@nats-io/transport-node': 'bus/nats.ts',
  '@aws-sdk/client-s3': 'bucket/s3.ts',
  '@aws-sdk/s3-request-presigner': 'bucket/s3.ts',
  '@opentelemetry/api': 'tracing/spans.ts',
  '@opentelemetry/sdk-trace': 'tracing/export.ts',
  '@opentelemetry/resources': 'tracing/export.ts',
  '@opentelemetry/exporter-trace-otlp-proto': 'tracing/export.ts',
};

/** What only some servers need, and takes time to load: called for, never declared. */
const LOADED_LATE = ['bucket/s3.ts', 'tracing/export.ts'];

/** Files that may touch the process, and why. */
const TOUCH_PROCESS: Record<string, string> = {
  'api/http/other-upgrades.ts': 'which requests are upgrades is told in another way from Node 25 on',
  'give-memory-back.ts': 'glibc reads the environment of the process',
  'no-telemetry.ts': 'a native library reads the environment of the process',
  'ingest/ffmpeg/launcher.child.ts':
    'the entry of the process that starts ffmpegs: messages, signals, its end',
  'ingest/pictures/picture.child.ts': 'the entry of the process that decodes pictures: messages, its end',
  'main.ts': 'the entry: arguments, environment, signals, exit code',
  'threads/fork.ts': 'a process of ours gets the environment without what is for the server alone',
  'store/lease/create-lease.ts': 'a lease tells people which process holds it',
  'store/lock/lock-holder.ts': 'the lock of the data directory holds the id of its process',
  'vision/runtime/choose-precisions.ts':
    'processor time tells which file is faster while others have the processor',
  'vision/runtime/inference-session.ts': 'which providers can run depends on the platform',
};

interface Source {
  path: string;
  folder: string;
  imports: string[];
  /** Of these, what is loaded with the file: no types, and nothing that is called for. */
  declared: string[];
  touchesProcess: boolean;
}

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  // web/client is made of clients/typescript.
  .filter((path) => /\.(ts|mjs|js)$/.test(path) && !/^(?:store\/generated\/|web\/client\.)/.test(path))
  .map(readSource);

function readSource(path: string): Source {
  const imports: string[] = [];
  const declared: string[] = [];
  let touchesProcess = false;
  visitNodes(parseFile(join(SRC, path)).program, (node, parent) => {
    const specifier = specifierOf(node);
    if (specifier !== null) imports.push(specifier);
    if (specifier !== null && isLoaded(node)) declared.push(specifier);
    if (node.type === 'Identifier' && node.name === 'process' && isGlobal(node, parent))
      touchesProcess = true;
  });
  touchesProcess ||= imports.includes('node:process');
  return { path, folder: folderOf(path), imports, declared, touchesProcess };
}

function isLoaded(node: Node): boolean {
  if (node.type === 'ImportDeclaration') return node.importKind !== 'type';
  return (
    (node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration') &&
    node.exportKind !== 'type'
  );
}

/** What a static import, an export from, a type import or a dynamic import names. */
function specifierOf(node: Node): string | null {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'TSImportType':
      return node.source?.value ?? null;
    case 'ImportExpression':
      return textOf(node.source);
    default:
      return null;
  }
}

function textOf(node: Node): string | null {
  if (node.type === 'TemplateLiteral' && node.quasis.length === 1) return node.quasis[0]!.value.cooked;
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : null;
}

/** Not the name of a property, as in `address.process`. */
function isGlobal(node: Node, parent: Node): boolean {
  if (parent.type === 'MemberExpression') return parent.object === node || parent.computed;
  return !('key' in parent && parent.key === node) || ('shorthand' in parent && parent.shorthand);
}

/** The folder of a file within src; for a file in src itself, its name. */
function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : path.replace(/\.ts$/, '');
}

/** Files of src that a file imports, and of other folders what it would take. */
function targetsOf({ path, imports }: Source): string[] {
  return imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(SRC, join(SRC, path, '..', specifier)).replaceAll('\\', '/'));
}

function mayImport(folder: string, target: string): boolean {
  const room = folder.split('/')[0]!;
  const allowed = [folder, ...(MAY_IMPORT[folder] ?? [])];
  if (target === 'store/generated') return room === 'store' || allowed.includes('store');
  // Of another room, its own files; of the same room, those of the folder that is named.
  return (
    allowed.includes(target) || (target.split('/')[0] !== room && allowed.includes(target.split('/')[0]!))
  );
}

/** Sets of files that import one another in a circle, types included (Tarjan, 1972). */
function circles(): string[] {
  const graph = new Map(sources.map((source) => [source.path, targetsOf(source)]));
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file)!);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue;
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(file, Math.min(low.get(file)!, low.get(next)!));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) found.push(circle.sort().join(' '));
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return found.sort();
}

describe('the house', () => {
  it('has no folders but those of the plan', () => {
    const folders = new Set(sources.map(({ folder }) => folder));
    expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
    expect(Object.keys(MAY_IMPORT).filter((folder) => !folders.has(folder))).toEqual([]);
  });

  it.each(Object.keys(MAY_IMPORT))('%s imports only what it may', (folder) => {
    const wrong = sources
      .filter((source) => source.folder === folder)
      .flatMap((source) =>
        targetsOf(source)
          .filter((target) => !mayImport(folder, folderOf(target)))
          .map((target) => `${source.path} imports ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  it('has no circle of files', () => {
    expect(circles()).toEqual([]);
  });

  it.each(Object.entries(ONLY))('%s is imported in %s alone', (name, only) => {
    const importers = sources
      .filter(({ imports }) =>
        imports.some((specifier) => specifier === name || specifier.startsWith(`${name}/`)),
      )
      .map(({ path }) => path);
    expect(importers).toEqual([only]);
  });

  it.each(LOADED_LATE)('%s is loaded by nobody who was not told to', (late) => {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const seen = new Set<string>();
    const follow = (path: string): void => {
      const source = byPath.get(path);
      if (source === undefined || seen.has(path)) return;
      seen.add(path);
      for (const target of targetsOf({ ...source, imports: source.declared })) follow(target);
    };
    follow('cli/serve/serve.ts');
    expect(seen.has('cli/serve/upload-places.ts')).toBe(true);
    expect(seen.has(late)).toBe(false);
  });

  it('leaves the process to main', () => {
    const touching = sources.filter(({ touchesProcess }) => touchesProcess).map(({ path }) => path);
    expect(touching.sort()).toEqual(Object.keys(TOUCH_PROCESS).sort());
  });

  it('names relative files with their extension', () => {
    const bare = sources.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => specifier.startsWith('.') && !/\.(ts|mjs|js|json)$/.test(specifier))
        .map((specifier) => `${path} imports ${specifier}`),
    );
    expect(bare).toEqual([]);
  });

  it('is read at all', () => {
    expect(sources.length).toBeGreaterThan(60);
    expect(sources.some(({ path, imports }) => path === 'main.ts' && imports.length > 0)).toBe(true);
  });
});
