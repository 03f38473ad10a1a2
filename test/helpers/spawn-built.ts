/**
 * In integration tests in the place of src/threads/spawn.ts: threads run what was built, as the processes of the tests
 * do. A loader of TypeScript costs each thread 0.4 s of processor time, and there are hundreds.
 */
import { Worker } from 'node:worker_threads';
import { spawnBeside as spawnSource } from '../../src/threads/spawn.ts';
import { isBuilt } from './program.ts';

const built = isBuilt();

export const spawnBeside: typeof spawnSource = (callerUrl, name, options) =>
  built
    ? new Worker(new URL(`./${name}.js`, callerUrl.replace('/src/', '/dist/')), options)
    : spawnSource(callerUrl, name, options);
