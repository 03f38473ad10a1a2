/** A directory of results: half ones lie apart until they are whole, and what is whole is written down as it comes. */
import { type FileHandle, link, mkdir, open, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MienError } from '../errors.ts';
import { statIfThere } from '../stat-if-there.ts';
import type { LockTimes } from '../store/pglite/directory-lock.ts';
import { type KnownResults, manifestText, NOTHING_KNOWN, type ResultEntry, readKnown } from './manifest.ts';
import { PartialResult } from './partial-result.ts';
import { MANIFEST, SUMMARY } from './result-places.ts';
import { lockRun, type RunLock } from './run-lock.ts';

/** Lies in the directory while a run lasts, and what it left when it was killed. */
const WORK = '.mien-analyze';

export interface DirectoryOptions {
  path: string;
  /** What whole results of the same settings and inputs there are is kept. */
  resume: boolean;
  /** What is there may be overwritten. */
  force: boolean;
  /** Tells the user a sentence. */
  say(sentence: string): void;
}

export class ResultDirectory {
  readonly #path: string;
  readonly #force: boolean;
  readonly #known: KnownResults;
  readonly #lock: RunLock;
  /** Since `begin`. */
  #journal: FileHandle | null = null;
  /** Whether a run before wrote to it: then its summary is one of ours. */
  readonly #isUsed: boolean;

  /** Use `openResultDirectory`. */
  constructor({ path, force }: DirectoryOptions, known: KnownResults, lock: RunLock, isUsed: boolean) {
    this.#path = path;
    this.#force = force;
    this.#known = known;
    this.#lock = lock;
    this.#isUsed = isUsed;
  }

  /** Aborted when another run has taken the directory: write no more. */
  get lost(): AbortSignal {
    return this.#lock.lost;
  }

  /** And the summary. @throws MienError BAD_INPUT: one of these files is there, and is none of ours */
  async claim(places: readonly string[]): Promise<void> {
    if (this.#force) return;
    for (const place of this.#isUsed ? places : [...places, SUMMARY]) {
      if (this.#known.outputs.has(place) || (await statIfThere(join(this.#path, place))) === null) continue;
      throw new MienError(
        'BAD_INPUT',
        `${join(this.#path, place)} exists already, and is no result that ${MANIFEST} knows: name another directory, or add --force to overwrite it.`,
      );
    }
  }

  /** The result of an input that is still whole; null: it has to be analysed. @param run as `runText` gives it */
  async kept(run: string, input: string, place: string, now: Pick<ResultEntry, 'size' | 'modified'>) {
    const entry = this.#known.runs.get(run)?.get(input);
    if (!entry || entry.error !== null || entry.output !== place) return null;
    if (entry.size !== now.size || entry.modified !== now.modified) return null;
    const isWhole = (await PartialResult.hashOf(join(this.#path, place))) === entry.sha256;
    return isWhole ? entry : null;
  }

  /** From now on what is added belongs to this run. */
  async begin(run: string): Promise<void> {
    const work = join(this.#path, WORK);
    await mkdir(work, { recursive: true });
    this.#journal = await open(join(work, 'journal'), 'a');
    await this.#journal.appendFile(`${run}\n`);
  }

  partial(index: number): Promise<PartialResult> {
    return PartialResult.open(join(this.#path, WORK, `${index}.part`));
  }

  /** Puts a whole result in its place. Written down first: what is in its place is known, and what is not there is done anew. */
  async add(entry: ResultEntry, partial: PartialResult, place: string): Promise<void> {
    await this.#journal?.appendFile(`${JSON.stringify(entry)}\n`);
    const path = join(this.#path, place);
    if (entry.output === null) {
      await partial.discard();
      // Of a run before, when the input could be read.
      if (this.#known.outputs.has(place)) await rm(path, { force: true });
      return;
    }
    await mkdir(dirname(path), { recursive: true });
    if (this.#force || this.#known.outputs.has(place)) await rename(partial.path, path);
    else await moveWhereNothingIs(partial.path, path);
  }

  /** Of ours, not done anew yet. */
  isKnown(place: string): boolean {
    return this.#known.outputs.has(place);
  }

  /** @param summary null: not all inputs were done */
  async finish(run: string, entries: readonly ResultEntry[], summary: string | null): Promise<void> {
    if (summary !== null) await this.#replace(SUMMARY, summary);
    await this.#replace(MANIFEST, manifestText(run, entries));
    await this.#journal?.close();
    await rm(join(this.#path, WORK), { recursive: true, force: true });
  }

  /** Another run may write to it from now on. Where this one did not finish, its journal stays. */
  async close(): Promise<void> {
    await this.#journal?.close();
    await this.#lock.release();
  }

  async #replace(name: string, text: string): Promise<void> {
    const partial = join(this.#path, WORK, name);
    await writeFile(partial, text);
    await rename(partial, join(this.#path, name));
  }
}

/** @throws MienError BAD_INPUT: it cannot be one, or it holds results and nothing says what to do with them; CONFLICT: another run writes to it */
export async function openResultDirectory(
  options: DirectoryOptions,
  times?: LockTimes,
): Promise<ResultDirectory> {
  const { path, say } = options;
  let lock: RunLock | null = null;
  try {
    await mkdir(path, { recursive: true });
    lock = await lockRun(path, say, times);
    return await openLocked(options, lock);
  } catch (error) {
    await lock?.release();
    if (error instanceof MienError) throw error;
    const { message } = error as Error;
    throw new MienError('BAD_INPUT', `Results cannot be written to ${path}: ${message}.`, { cause: error });
  }
}

async function openLocked(options: DirectoryOptions, lock: RunLock): Promise<ResultDirectory> {
  const { path, resume, force } = options;
  const [manifest, work] = [join(path, MANIFEST), join(path, WORK)];
  const isUsed = (await statIfThere(manifest)) ?? (await statIfThere(work));
  if (isUsed && !resume && !force) throw holdsResults(path);
  const known = isUsed ? await readKnown([manifest, join(work, 'journal')]) : NOTHING_KNOWN;
  return new ResultDirectory(options, resume ? known : { ...known, runs: new Map() }, lock, isUsed !== null);
}

function holdsResults(path: string): MienError {
  return new MienError(
    'BAD_INPUT',
    `${path} holds results already: add --resume to go on with them, --force to do all anew, or name another directory.`,
  );
}

async function moveWhereNothingIs(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
    await unlink(from);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new MienError('BAD_INPUT', `${to} came to be meanwhile: it is not overwritten.`);
    // File systems without hard links.
    await rename(from, to);
  }
}
