/** Whoever loads onnxruntime has told it to report to nobody before: every program of this repository, threads and the training too. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const sources = ['src', 'bench', 'scripts', 'examples', 'test'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs|js|cjs)$/.test(name) && !name.includes('node_modules'))
    .map((name) => join(folder, name)),
);
/** What a file imports for its values, in the order in which it is loaded. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/^import (?!type )(?:[^;']*? from )?'([^']+)';$/gm)].map(([, name]) => name!);
}

describe('the first import', () => {
  const loading = sources.filter((file) => importsOf(file).includes('onnxruntime-node'));

  it('is known of those that load onnxruntime', () => {
    expect(loading.sort()).toEqual([
      'bench/parts/baselines.ts',
      'scripts/model-speed.ts',
      'src/vision/runtime/inference-session.ts',
    ]);
  });

  it.each([...loading, 'src/main.ts'])('of %s switches telemetry off', (file) => {
    expect(importsOf(file)[0]).toMatch(/\/no-telemetry\.ts$/);
  });
});

it('a thread, which cannot tell the native library, refuses to load it unless its process has', async () => {
  const module = new URL('../../src/no-telemetry.ts', import.meta.url).href;
  const start = async (env: Record<string, string>) => {
    // A thread does not inherit tsx's loader.
    const boot = `import('tsx/esm/api').then(({ register }) => { register(); return import('${module}'); })`;
    const worker = new Worker(boot, { eval: true, env });
    return new Promise((resolve) => {
      worker.once('error', ({ message }) => resolve(message));
      worker.once('exit', resolve);
    });
  };
  expect(await start({})).toMatch(/ORT_DISABLE_TELEMETRY=1/);
  expect(await start({ ORT_DISABLE_TELEMETRY: '1' })).toBe(0);
});

const python = spawnSync('python3', ['--version']).status === 0;
if (!python) console.warn('SKIPPED: no python3 is here to load the training');
it.skipIf(!python)('the training says so to the environment of its process', () => {
  // A child sees what a native library sees.
  const program =
    'import subprocess, training; subprocess.run(["sh", "-c", "echo $ORT_DISABLE_TELEMETRY"], check=True)';
  const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env;
  const { stdout } = spawnSync('python3', ['-c', program], {
    cwd: join(ROOT, 'models'),
    env,
    encoding: 'utf8',
  });
  expect(stdout).toBe('1\n');
});
