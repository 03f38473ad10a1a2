/** A copy of this repository as far as `npm run licenses` reads it, whose packages a test can change. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Manifest {
  version?: string;
  license?: unknown;
  licenses?: unknown;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

interface Lock {
  packages: Record<string, Manifest>;
}

export function madeUpTree() {
  const root = mkdtempSync(join(tmpdir(), 'mien-licenses-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const name of ['package.json', 'package-lock.json', 'THIRD_PARTY_LICENSES.md', 'scripts']) {
    cpSync(join(ROOT, name), join(root, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'models'), join(root, 'models'), 'dir');
  mkdirSync(join(root, 'node_modules'));
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    symlinkSync(join(ROOT, 'node_modules', name), join(root, 'node_modules', name));
  }
  const edit = (name: string, change: (text: string) => string) =>
    writeFileSync(join(root, name), change(readFileSync(join(root, name), 'utf8')));
  const editLock = (change: (lock: Lock) => void) =>
    edit('package-lock.json', (text) => {
      const lock = JSON.parse(text) as Lock;
      change(lock);
      return JSON.stringify(lock);
    });
  return {
    root,
    edit,
    editLock,
    /** Puts a package in, as npm would, and lets another (mien itself: '') ask for it. */
    add(
      name: string,
      manifest: Manifest,
      { by = '', as = 'dependencies' as const, here = true }: Asked = {},
    ) {
      const whole = { version: '1.0.0', ...manifest };
      const path = `node_modules/${name}`;
      editLock(({ packages }) => {
        packages[path] = whole;
        const asking = packages[by && `node_modules/${by}`]!;
        asking[as] = { ...asking[as], [name]: '1.0.0' };
        if (as === 'peerDependencies')
          asking.peerDependenciesMeta = { ...asking.peerDependenciesMeta, [name]: { optional: true } };
      });
      if (!here) return;
      mkdirSync(join(root, path), { recursive: true });
      writeFileSync(join(root, path, 'package.json'), JSON.stringify({ name, ...whole }));
    },
    check() {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/licenses.mjs', '--check'], {
        cwd: root,
        encoding: 'utf8',
      });
      return { status, stdout, stderr };
    },
  };
}

interface Asked {
  by?: string;
  as?: 'dependencies' | 'devDependencies' | 'optionalDependencies' | 'peerDependencies';
  /** Whether it is installed; a package for another platform is not. */
  here?: boolean;
}
