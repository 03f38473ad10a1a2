/** What each thread of this process costs, as Linux tells it. */
import { readdirSync, readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { INTRA_OP_THREADS, MODEL_THREADS } from './pipeline.ts';

/** Milliseconds of processor time of each thread of the process, by its number; null where the system does not tell. */
export function threadTimes(): Map<string, number> | null {
  if (platform() !== 'linux') return null;
  const own = '/proc/self/task';
  const of = (thread: string) =>
    Number(readFileSync(`${own}/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  return new Map(readdirSync(own).map((thread) => [thread, of(thread)]));
}

/** What the models' threads took meanwhile: two that run models, with their helpers, took more than any other. */
export function timeOfModels(
  before: ReturnType<typeof threadTimes>,
  after: ReturnType<typeof threadTimes>,
): number | null {
  if (!before || !after) return null;
  const spent = [...after].map(([thread, time]) => time - (before.get(thread) ?? 0)).sort((a, b) => b - a);
  return spent.slice(0, MODEL_THREADS * INTRA_OP_THREADS).reduce((sum, time) => sum + time, 0);
}
