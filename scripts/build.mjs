/** Compiles src/ to dist/; the dashboard is served as it is written. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  {
    stdio: 'inherit',
  },
);
if (status !== 0) process.exit(status ?? 1);
cpSync('src/web', 'dist/web', { recursive: true, filter: (path) => !path.endsWith('.ts') });
chmodSync('dist/main.js', 0o755);
