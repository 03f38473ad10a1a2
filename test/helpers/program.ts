/** `mien` itself, for tests that start it as a process of its own. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { run } from '../../src/cli/program.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** From wherever it is started. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const BUILT = join(ROOT, 'dist/main.js');

/** Node's arguments: what was built, which starts in a third of the time, unless the sources are newer. */
export function program(): string[] {
  return isBuilt() ? [BUILT] : ['--import', TSX, join(ROOT, 'src/main.ts')];
}

/** The same without its process: what `src/main.ts` hands its arguments to. */
export async function loadProgram(): Promise<{ run: typeof run; version: string }> {
  const path = isBuilt() ? 'dist/cli/program.js' : 'src/cli/program.ts';
  const loaded: { run: typeof run } = await import(pathToFileURL(join(ROOT, path)).href);
  const { version }: { version: string } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return { run: loaded.run, version };
}

/** Whether dist/ is there, and not older than the sources. */
export function isBuilt(): boolean {
  const src = join(ROOT, 'src');
  const newest = Math.max(
    ...readdirSync(src, { recursive: true, encoding: 'utf8' }).map((name) => modified(join(src, name))),
  );
  return modified(BUILT) > newest;
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
