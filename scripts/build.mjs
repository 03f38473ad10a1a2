/** Compiles src/ to dist/, and puts the dashboard together. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

for (const name of existsSync('dist') ? readdirSync('dist') : [])
  if (name !== 'web') rmSync(join('dist', name), { recursive: true });
const { status } = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  {
    stdio: 'inherit',
  },
);
if (status !== 0) process.exit(status ?? 1);
await import('./build-web.mjs');
chmodSync('dist/main.js', 0o755);
