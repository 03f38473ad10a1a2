/** Makes a fresh clone ready: packages, Prisma's client and, with --build, dist/. Does only what is missing or stale. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MINIMUM_NODE = [20, 19];
const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

checkNode();
step('packages', ['package.json', 'package-lock.json', '.npmrc'], 'node_modules', () =>
  // Not `npm ci`: it refuses a lock file that lacks optional packages of platforms other than this one.
  run('npm', ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']),
);
step(
  'prisma',
  ['prisma/schema.prisma', 'package-lock.json', 'scripts/generate.mjs'],
  'src/store/generated',
  () => run(process.execPath, ['scripts/generate.mjs']),
);
if (process.argv.includes('--build')) {
  step(
    'build',
    ['src', 'prisma/schema.prisma', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
    'dist',
    () => run(process.execPath, ['scripts/build.mjs']),
  );
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantMajor, wantMinor] = MINIMUM_NODE;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  fail(
    `mien needs Node ${MINIMUM_NODE.join('.')} or later; this is ${process.versions.node}. Install a newer Node and run the command again.`,
  );
}

/** Runs `work` unless `output` exists and was made from the same `inputs`. */
function step(name, inputs, output, work) {
  const stamp = join('node_modules', '.cache', 'mien', name);
  const digest = fingerprint(inputs);
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  process.stderr.write(`mien: setting up ${name}\n`);
  work();
  mkdirSync(join(stamp, '..'), { recursive: true });
  writeFileSync(stamp, digest);
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
    // npm before 11 runs all install scripts, and that of Prisma downloads an engine which nothing here starts.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
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
