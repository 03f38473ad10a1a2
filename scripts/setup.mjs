/** `npm run setup`: packages and the database's client; with --build also dist/. */
import { makeReady } from './ready.mjs';

makeReady({ build: process.argv.includes('--build') });
