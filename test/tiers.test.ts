/** A unit test needs no database, ffmpeg, model, server or other process: nothing that it loads brings one. */
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { everythingLoaded } from './helpers/imports.ts';
import { testsOf } from './tiers.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const HEAVY = [
  '@electric-sql/pglite',
  '@ffmpeg-installer/ffmpeg',
  '@prisma/adapter-pg',
  'fluent-ffmpeg',
  'node:child_process',
  'onnxruntime-node',
  'pg',
];

/** The server itself, and what tests and their helpers listen or connect by. */
const SERVER = 'src/api/http/http-server.ts';
const SOCKETS = ['node:dgram', 'node:http', 'node:https', 'node:net', 'ws'];

const known = new Map<string, string[]>();
const loadedBy = (test: string) => everythingLoaded(resolve(ROOT, test), known);

/** What a test loads that no unit test may, and where. */
function heavy(test: string): string[] {
  const { packages, files } = loadedBy(test);
  const programs = HEAVY.filter((name) => packages.has(name)).map((name) => [name, packages.get(name)!]);
  const sockets = [...files].flatMap(([path, named]) =>
    relative(ROOT, path).startsWith('test/')
      ? named.filter((name) => SOCKETS.includes(name)).map((name) => [name, path])
      : [],
  );
  const server = files.has(resolve(ROOT, SERVER)) ? [[SERVER, test]] : [];
  return [...programs, ...sockets, ...server].map(
    ([name, path]) => `${test} loads ${name} (${relative(ROOT, path!)})`,
  );
}

describe('tiers of tests', () => {
  it('no unit test loads a database, ffmpeg, a model, sockets or child processes', () => {
    expect(testsOf('unit').flatMap(heavy)).toEqual([]);
  });

  it.each(['integration', 'e2e'] as const)('no test is %s that could be a unit test', (tier) => {
    // PGlite runs in a worker, which nothing imports.
    const light = testsOf(tier).filter(
      (test) => heavy(test).length === 0 && !loadedBy(test).packages.has('node:worker_threads'),
    );
    expect(light).toEqual([]);
  });
});

it('what mutations are made in is there, though files are moved', async () => {
  const { default: mutation }: { default: { mutate: string[] } } = await import(
    new URL('../stryker.config.mjs', import.meta.url).href
  );
  const gone = mutation.mutate.filter(
    (pattern) => !existsSync(resolve(ROOT, pattern.replace('/**/*.ts', ''))),
  );
  expect(gone).toEqual([]);
});
