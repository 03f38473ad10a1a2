/** Writes Prisma's client and Pothos' types from prisma/schema.prisma into src/store/generated. Works offline. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

rmSync('src/store/generated', { recursive: true, force: true });
// Prisma notes below the home directory when it was first run, to ask its user questions later: that is not its user's home.
const home = resolve('node_modules/.cache/mien/prisma-home');
const { status, error } = spawnSync(process.execPath, ['node_modules/prisma/build/index.js', 'generate'], {
  stdio: ['ignore', 'ignore', 'inherit'],
  env: {
    ...process.env,
    PATH: `${resolve('node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`,
    // `generate` downloads a schema engine that it never starts; any existing file satisfies it.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    ...{ HOME: home, XDG_CONFIG_HOME: home, APPDATA: home },
  },
});
if (error) throw error;
process.exit(status ?? 1);
