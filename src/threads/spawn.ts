/** The one way to start a worker thread, from sources (tests, tsx) as well as from what is built. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts the thread whose file lies beside the caller's.
 * @param callerUrl the caller's `import.meta.url`
 * @param name the file's name without its extension, as in `model.worker`
 */
export function spawnBeside(
  callerUrl: string,
  name: string,
  options: Pick<WorkerOptions, 'workerData' | 'transferList' | 'resourceLimits'> = {},
): Worker {
  if (!callerUrl.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, callerUrl), options);
  // A thread does not inherit the loader that runs TypeScript, so it registers one before it imports its file.
  const loader = pathToFileURL(
    createRequire(import.meta.url)
      .resolve('tsx/esm/api')
      .replace(/cjs$/, 'mjs'),
  ).href;
  const file = new URL(`./${name}.ts`, callerUrl).href;
  const boot = `import('${loader}').then(({ register }) => { register(); return import('${file}'); })`;
  return new Worker(boot, { ...options, eval: true });
}
