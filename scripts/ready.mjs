/** Makes a fresh clone ready: packages, Prisma's client, the dashboard's and dist/. Does only what is missing or stale. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MINIMUM_NODE = [20, 19];
const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {{ build: boolean }} options `build`: whether dist/ is wanted too */
export function makeReady({ build }) {
  process.chdir(root);
  checkNode();
  step(
    'installing packages',
    'packages',
    ['package.json', 'clients/typescript/package.json', 'package-lock.json', '.npmrc'],
    'node_modules',
    installPackages,
  );
  step(
    "writing the database's client",
    'prisma',
    ['prisma/schema.prisma', 'package-lock.json', 'scripts/generate.mjs'],
    'src/store/generated',
    () => run(process.execPath, ['scripts/generate.mjs']),
  );
  step(
    'putting together what the dashboard asks by',
    'client',
    ['clients/typescript/src', 'package-lock.json', 'scripts/build-client.mjs'],
    'src/web/client.js',
    () => run(process.execPath, ['scripts/build-client.mjs']),
  );
  step(
    'putting the dashboard together',
    'web',
    ['src/web', 'package-lock.json', 'scripts/build-web.mjs'],
    'dist/web/index.html',
    () => run(process.execPath, ['scripts/build-web.mjs']),
  );
  if (!build) return;
  step(
    'building',
    'build',
    [
      ...readdirSync('src').flatMap((name) => (name === 'web' ? [] : [join('src', name)])),
      ...['prisma/schema.prisma', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
    ],
    'dist/main.js',
    () => run(process.execPath, ['scripts/build.mjs']),
  );
}

/**
 * A fresh clone gets what the lock file says. Packages that are there already are brought up to date in place, because
 * `npm ci` would delete them first, and leave nothing behind when the registry cannot be reached.
 */
function installPackages() {
  const how = existsSync('node_modules') ? ['install', '--no-save'] : ['ci'];
  // Warnings about other people's packages are of no use to whoever only wants to start mien.
  run('npm', [...how, '--include=dev', '--loglevel=error']);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantMajor, wantMinor] = MINIMUM_NODE;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  fail(
    `mien needs Node ${MINIMUM_NODE.join('.')} or later; this is ${process.versions.node}. Install a newer Node and run the command again.`,
  );
}

/** Runs `work`, and says so, unless `output` exists and was made from the same `inputs`. */
function step(words, name, inputs, output, work) {
  const stamp = join('node_modules', '.cache', 'mien', name);
  const digest = fingerprint(inputs);
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  process.stderr.write(`mien: ${words} …\n`);
  const began = performance.now();
  work();
  mkdirSync(join(stamp, '..'), { recursive: true });
  writeFileSync(stamp, digest);
  process.stderr.write(`mien: ${words} took ${((performance.now() - began) / 1_000).toFixed(0)} s\n`);
}

function fingerprint(paths) {
  const hash = createHash('sha256').update(process.version);
  for (const path of paths.flatMap(files)) hash.update(path).update(readFileSync(path));
  return hash.digest('hex');
}

function files(path) {
  if (!existsSync(path)) return [];
  const entries = readdirSyncOrNull(path);
  return entries === null ? [path] : entries.sort().flatMap((entry) => files(join(path, entry)));
}

function readdirSyncOrNull(path) {
  try {
    return readdirSync(path);
  } catch (error) {
    if (error.code === 'ENOTDIR') return null;
    throw error;
  }
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    fail(
      `\`${command} ${args.join(' ')}\` failed${error ? `: ${error.message}` : ''}. The lines above say why.`,
    );
}

function fail(sentence) {
  process.stderr.write(`mien: ${sentence}\n`);
  process.exit(1);
}
