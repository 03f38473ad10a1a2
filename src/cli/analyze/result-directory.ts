/** A directory of results: half ones lie apart until they are whole, and what is whole is written down as it comes. */
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MienError } from '../../errors.ts';
import { statIfThere } from '../../stat-if-there.ts';
import type { LockTimes } from '../../store/lock/directory-lock.ts';
import { isSameState, KnownResults } from './known-results.ts';
import { type InputState, manifestText, type ResultEntry } from './manifest.ts';
import { PartialResult } from './partial-result.ts';
import { MANIFEST, SUMMARY } from './result-paths.ts';
import { differencesOf } from './run-differences.ts';
import { lockRun, type RunLock } from './run-lock.ts';

/** Lies in the directory while a run lasts, and what it left when it was stopped. */
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

/** An input with the place of its result, and what is known of it from runs before. */
interface PlacedJob {
  place: string;
  before: ResultEntry | null;
}

export class ResultDirectory {
  readonly #path: string;
  readonly #force: boolean;
  readonly known: KnownResults;
  readonly #lock: RunLock;
  /** Since `begin`. */
  #journal: FileHandle | null = null;
  /** Whether a run before wrote to it. */
  readonly #isUsed: boolean;

  /** Use `openResultDirectory`. */
  constructor({ path, force }: DirectoryOptions, known: KnownResults, lock: RunLock, isUsed: boolean) {
    this.#path = path;
    this.#force = force;
    this.known = known;
    this.#lock = lock;
    this.#isUsed = isUsed;
  }

  /** Aborted when another run has taken the directory: write no more. */
  get lost(): AbortSignal {
    return this.#lock.lost;
  }

  /**
   * Before any work. In a directory that has results already, each is asked after by itself (`fault`).
   * @throws MienError BAD_INPUT: one of these files, or the summary, is there, and is none of ours
   */
  async claim(places: readonly string[]): Promise<void> {
    if (this.#force) return;
    if (this.#isUsed) return refuse(await this.fault(SUMMARY));
    for (const place of [...places, SUMMARY]) {
      const path = join(this.#path, place);
      if ((await statIfThere(path)) !== null)
        refuse(
          `${path} exists already, and is no result that ${MANIFEST} knows: name another directory, or add --force to overwrite it.`,
        );
    }
  }

  /** From now on what is added belongs to this run. @throws MienError BAD_INPUT: the results that are there were made otherwise */
  async begin(run: string): Promise<void> {
    const { run: before } = this.known;
    if (!this.#force && before !== null && before !== run)
      refuse(
        `The results in ${this.#path} were made otherwise (${differencesOf(before, run)}): --force makes them anew, or name another directory.`,
      );
    this.known.begin(run);
    const work = join(this.#path, WORK);
    await mkdir(work, { recursive: true });
    // What is written is on the disk before anything that rests on it.
    this.#journal = await open(join(work, 'journal'), 'as');
    // A run that was killed may have left half a line.
    await this.#note(`\n${run}`);
  }

  /** Whether this result of the input is all that there is to do. */
  async isKept(entry: ResultEntry, place: string, now: InputState): Promise<boolean> {
    return isSameState(entry, now) && this.#hasWhole(entry, place);
  }

  /** Why a result cannot be written there, in a sentence; null: it can. */
  async fault(place: string): Promise<string | null> {
    return this.#force ? null : this.known.fault(place);
  }

  partial(index: number): Promise<PartialResult> {
    return PartialResult.open(join(this.#path, WORK, `${index}.part`));
  }

  /**
   * Puts a whole result in its place, unless somebody put something there meanwhile. Written down first: what is in its place is known,
   * and what is not there is done anew. Of an input that failed a whole result of before stays. Gives what is to be said of it.
   */
  async add(entry: ResultEntry, partial: PartialResult, job: PlacedJob): Promise<ResultEntry> {
    const { place, before } = job;
    const { error } = entry;
    if (error !== null && before !== null && (await this.#hasWhole(before, place))) {
      await partial.discard();
      return { ...before, error };
    }
    const fault = await this.fault(place);
    const told = fault === null ? entry : withoutResult(entry, fault);
    await Promise.all([partial.store(), this.#note(JSON.stringify(told))]);
    if (told.output !== null)
      return (await this.#place(partial, place)) ? told : this.add(entry, partial, job);
    await partial.discard();
    // Of a run before, which did not come to its end, either.
    if (fault === null && this.known.has(place)) await rm(join(this.#path, place), { force: true });
    return told;
  }

  /** Results of inputs that are none of these, as far as they are there; those that were made first come first. */
  async others(named: readonly (ResultEntry | null)[]): Promise<ResultEntry[]> {
    const isNamed = new Set(named);
    const others = this.known.entries().filter((entry) => entry.output !== null && !isNamed.has(entry));
    const files = await Promise.all(others.map(({ output }) => statIfThere(join(this.#path, output!))));
    return others.filter((_, at) => files[at] !== null);
  }

  /** The run is whole. Gives why the summary could not be written, in a sentence; null: it was. */
  async finish(run: string, entries: readonly ResultEntry[], summary: string): Promise<string | null> {
    const sha256 = PartialResult.hash(summary);
    const fault = await this.fault(SUMMARY);
    if (fault === null) {
      await this.#note(JSON.stringify({ summary: sha256 }));
      await this.#replace(SUMMARY, summary);
    }
    await this.#replace(MANIFEST, manifestText(run, sha256, entries));
    await this.#journal?.close();
    await rm(join(this.#path, WORK), { recursive: true, force: true });
    return fault;
  }

  /** Another run may write to it from now on. Where this one did not finish, its journal stays. */
  async close(): Promise<void> {
    await this.#journal?.close();
    await this.#lock.release();
  }

  /** Whether the file of this result is as it was written, and is to stay. */
  async #hasWhole({ whole, output, sha256 }: ResultEntry, place: string): Promise<boolean> {
    if (this.#force || !whole || output !== place) return false;
    return (await PartialResult.hashOf(join(this.#path, place))) === sha256;
  }

  /** Whether nobody put something there meanwhile. */
  async #place(partial: PartialResult, place: string): Promise<boolean> {
    const path = join(this.#path, place);
    const move = () => partial.moveTo(path, this.#force || this.known.has(place));
    return move().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(dirname(path), { recursive: true });
      return move();
    });
  }

  async #note(line: string): Promise<void> {
    await this.#journal?.appendFile(`${line}\n`);
  }

  async #replace(name: string, text: string): Promise<void> {
    const partial = await PartialResult.open(join(this.#path, WORK, name));
    await partial.write(text);
    await partial.end();
    await partial.store();
    await partial.moveTo(join(this.#path, name), true);
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
  const isUsed = (await statIfThere(join(path, MANIFEST))) ?? (await statIfThere(join(path, WORK)));
  if (isUsed && !resume && !force)
    refuse(
      `${path} holds results already: add --resume to go on with them, --force to do all anew, or name another directory.`,
    );
  const known = await KnownResults.read(path, join(path, WORK, 'journal'), force);
  return new ResultDirectory(options, known, lock, isUsed !== null);
}

function refuse(sentence: string | null): void {
  if (sentence !== null) throw new MienError('BAD_INPUT', sentence);
}

function withoutResult(entry: ResultEntry, fault: string): ResultEntry {
  const error = entry.error === null ? fault : `${entry.error} ${fault}`;
  return { ...entry, error, output: null, bytes: null, sha256: null };
}
