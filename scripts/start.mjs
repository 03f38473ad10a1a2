/** `npm start`: makes a clone ready, then serves in this same process, so that npm's signals reach the server itself. */
import { fileURLToPath } from 'node:url';
import { makeReady } from './ready.mjs';

makeReady({ build: true });
const main = new URL('../dist/main.js', import.meta.url);
process.argv.splice(1, 1, fileURLToPath(main), 'serve');
await import(main.href);
