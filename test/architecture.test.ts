/** The rules of the house: who may import whom, and who alone may touch what. Read from the imports of src. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

const DOMAIN = ['domain', 'errors'];
/** A room, and what it may import besides its own files. A file that lies in src itself is a room too. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  main: ['cli', 'no-telemetry'],
  // The composition root: what `main` calls, it opens the rooms and hands them to one another.
  cli: [
    'api',
    'streams',
    'ingest',
    'vision',
    'timeline',
    'store',
    'bus',
    'config',
    'log',
    'metrics',
    ...DOMAIN,
  ],
  api: ['streams', 'store', 'bus', 'log', 'metrics', ...DOMAIN],
  streams: ['ingest', 'vision', 'timeline', 'store', 'bus', ...DOMAIN],
  ingest: DOMAIN,
  vision: ['no-telemetry', ...DOMAIN],
  timeline: DOMAIN,
  store: DOMAIN,
  bus: DOMAIN,
  domain: [],
  // What a browser runs: static, served by `api`, checked against the DOM by tsconfig.web.json.
  web: [],
  errors: [],
  // What the environment must say before a native library is loaded.
  'no-telemetry': [],
  config: ['errors'],
  log: [],
  metrics: ['domain'],
};

/** Packages that one file alone may import. */
const ONLY: Record<string, string> = {
  'fluent-ffmpeg': 'ingest/decode.ts',
  'onnxruntime-node': 'vision/session.ts',
};

/** Files that may touch the process, and why. */
const TOUCH_PROCESS: Record<string, string> = {
  'main.ts': 'the entry: arguments, environment, signals, exit code',
  'no-telemetry.ts': 'a native library reads the environment of the process',
  'store/lock.ts': 'the lock of the data directory holds the id of its process',
  'vision/session.ts': 'which providers can run depends on the platform',
};

interface Source {
  path: string;
  room: string;
  imports: string[];
  touchesProcess: boolean;
}

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.(ts|mjs|js)$/.test(path) && !path.startsWith('store/generated/'))
  .map(readSource);

function readSource(path: string): Source {
  const file = ts.createSourceFile(path, readFileSync(join(SRC, path), 'utf8'), ts.ScriptTarget.Latest, true);
  const imports: string[] = [];
  let touchesProcess = false;
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== null) imports.push(specifier);
    if (ts.isIdentifier(node) && node.text === 'process' && isGlobal(node)) touchesProcess = true;
    ts.forEachChild(node, visit);
  };
  visit(file);
  touchesProcess ||= imports.includes('node:process');
  return { path, room: roomOf(path), imports, touchesProcess };
}

/** What a static import, an export from, a type import or a dynamic import names. */
function specifierOf(node: ts.Node): string | null {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
    return textOf(node.moduleSpecifier);
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return textOf(node.argument.literal);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return node.arguments[0] ? textOf(node.arguments[0]) : null;
  }
  return null;
}

function textOf(node: ts.Node): string | null {
  return ts.isStringLiteralLike(node) ? node.text : null;
}

/** Not the name of a property, as in `address.process`. */
function isGlobal(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  return (
    !ts.isPropertyAssignment(parent) && !ts.isMethodDeclaration(parent) && !ts.isPropertySignature(parent)
  );
}

function roomOf(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.ts$/, '');
}

function roomsImported({ path, imports }: Source): string[] {
  return imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(SRC, join(SRC, path, '..', specifier)).replaceAll('\\', '/'))
    .map((target) => (target.startsWith('..') ? target : roomOf(target)));
}

describe('the house', () => {
  it('has no rooms but those of the plan', () => {
    expect([...new Set(sources.map(({ room }) => room))].filter((room) => !(room in MAY_IMPORT))).toEqual([]);
  });

  it.each(Object.keys(MAY_IMPORT))('%s imports only what it may', (room) => {
    const allowed = [room, ...(MAY_IMPORT[room] ?? [])];
    const wrong = sources
      .filter((source) => source.room === room)
      .flatMap((source) =>
        roomsImported(source)
          .filter((target) => !allowed.includes(target))
          .map((target) => `${source.path} imports ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  it.each(Object.entries(ONLY))('%s is imported in %s alone', (name, only) => {
    const importers = sources
      .filter(({ imports }) =>
        imports.some((specifier) => specifier === name || specifier.startsWith(`${name}/`)),
      )
      .map(({ path }) => path);
    expect(importers).toEqual([only]);
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
