/** What a TypeScript or JavaScript file imports, read from its text: the formatter sees to it that all imports are written alike. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';

/** Declarations begin a line, those of types alone left out; calls stand anywhere. */
const IMPORT =
  /^(?:import|export) (?!type\b)(?:[\w*{][^'"`;]*? from )?'([^'\n]+)';|\bimport\(\s*'([^']+)',?\s*\)/gm;

/** What a file loads when it runs: no imports of types alone. */
function loads(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(IMPORT)].map(([, declared, called]) => declared ?? called!);
}

/**
 * Every package that a file loads, directly or through others, with the file that names it; and every file of ours, with what that names.
 *
 * @param known what was read already, by path
 */
export function everythingLoaded(entry: string, known = new Map<string, string[]>()) {
  const packages = new Map<string, string>();
  const files = new Map<string, string[]>();
  const follow = (path: string): void => {
    if (files.has(path)) return;
    const named = known.get(path) ?? namedBy(path);
    known.set(path, named);
    files.set(path, named);
    for (const name of named) {
      if (isAbsolute(name)) follow(name);
      else if (!packages.has(name)) packages.set(name, path);
    }
  };
  follow(entry);
  return { packages, files };
}

/** Files of ours by their paths, packages by their names; none of what is not our code, or not there. */
function namedBy(path: string): string[] {
  if (!isOwnCode(path) || !existsSync(path)) return [];
  return loads(path).map((name) => (name.startsWith('.') ? resolve(dirname(path), name) : name));
}

/** Prisma's client is left out: it is long, and loads nothing but Prisma's own runtime. */
function isOwnCode(path: string): boolean {
  return /\.(ts|mjs|js)$/.test(path) && !path.includes('/generated/');
}
