/** What there is to do of a batch: its inputs, as they are now, each with the place of its result. */
import { stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import type { Ingest } from '../../ingest/index.ts';
import type { FoundInput } from './find-inputs.ts';
import { sourceOf } from './input-prefetch.ts';
import type { KnownResults } from './known-results.ts';
import type { InputState, ResultEntry } from './manifest.ts';
import { resultPlaces } from './result-paths.ts';

/** Addresses. */
const ASKED_AT_A_TIME = 8;

export interface Job extends InputState {
  /** Of its result, below the directory. */
  place: string;
  /** What is known of it from runs before. */
  before: ResultEntry | null;
}

/** Each input once, by whatever names it was given, in their order. @param ending of results, as `.csv` */
export async function jobsOf(
  found: readonly FoundInput[],
  outDir: string,
  known: KnownResults,
  ending: string,
): Promise<Job[]> {
  const byKey = new Map<string, FoundInput & InputState>();
  for (const one of found) {
    const state = { ...one, ...(await stateOf(one.input, outDir)) };
    if (!byKey.has(known.keyOf(state))) byKey.set(known.keyOf(state), state);
  }
  const inputs = [...byKey.values()].map((input) => ({ ...input, before: known.find(input) }));
  const named = new Set(inputs.map(({ before }) => before));
  const others = known.entries().flatMap((entry) => (named.has(entry) ? [] : (entry.output ?? [])));
  const placed = inputs.map(({ place, path, input, before }) => {
    return { place, id: path ?? input, before: before?.output ?? null };
  });
  const places = resultPlaces(placed, ending, others);
  return inputs.map((input, at) => ({ ...input, place: places[at]! }));
}

/** How much each is to do: its bytes; what has none is as the others are on average. */
export function workOf(jobs: readonly Pick<Job, 'size'>[]): number[] {
  const sizes = jobs.flatMap(({ size }) => size || []);
  const usual = sizes.length === 0 ? 1 : sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  return jobs.map(({ size }) => size || usual);
}

/** With what its web server says of it now, where it is an address of HTTP. */
export async function askedAfter(
  job: Job,
  ingest: Pick<Ingest, 'httpState'>,
  signal: AbortSignal,
): Promise<Job> {
  const source = sourceOf(job.input);
  if (source.type !== 'url' || !/^https?:/i.test(source.url) || !URL.canParse(source.url)) return job;
  return { ...job, ...(await ingest.httpState(new URL(source.url), signal)) };
}

/** Those that have a result asked after, in their order. */
export async function allAskedAfter(
  jobs: readonly Job[],
  ...asked: [ingest: Pick<Ingest, 'httpState'>, signal: AbortSignal]
): Promise<Job[]> {
  const told = [...jobs];
  let next = 0;
  const askOneAfterTheOther = async () => {
    while (next < jobs.length) {
      const at = next++;
      if (jobs[at]!.before !== null) told[at] = await askedAfter(jobs[at]!, ...asked);
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_A_TIME }, askOneAfterTheOther));
  return told;
}

/** Of what is no file nothing is known yet. */
async function stateOf(input: string, outDir: string): Promise<InputState> {
  const nothing = { input, path: null, size: null, modified: null, etag: null };
  const source = sourceOf(input);
  if (source.type !== 'file') return nothing;
  const path = isAbsolute(input) ? resolve(input) : relative(resolve(outDir), source.path);
  const found = await stat(source.path).catch(() => null);
  // A pipe has something else each time.
  if (!found?.isFile()) return { ...nothing, path };
  return { ...nothing, path, size: found.size, modified: found.mtime.toISOString() };
}
