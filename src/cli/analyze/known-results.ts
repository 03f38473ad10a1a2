/** What a directory of results says of itself: its manifest, and the journal of runs that did not end. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MienError } from '../../errors.ts';
import { statIfThere } from '../../stat-if-there.ts';
import {
  type InputState,
  type JournalLine,
  parseJournal,
  parseManifest,
  type ResultEntry,
  runText,
} from './manifest.ts';
import { PartialResult } from './partial-result.ts';
import { MANIFEST, SUMMARY } from './result-paths.ts';

export class KnownResults {
  readonly #directory: string;
  #run: string | null = null;
  /** Of that run, by what names their input from wherever it is asked. */
  readonly #entries = new Map<string, ResultEntry>();
  /** Of all that was ever written down, by its place: the hashes that it may have. */
  readonly #hashes = new Map<string, Set<string>>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws MienError BAD_INPUT: the manifest is not mien's, unless it may be overwritten */
  static async read(directory: string, journal: string, mayOverwrite: boolean): Promise<KnownResults> {
    const known = new KnownResults(directory);
    const text = await textOf(join(directory, MANIFEST));
    const manifest = text === null ? null : parseManifest(text);
    if (text !== null && manifest === null && !mayOverwrite) throw notOurs(join(directory, MANIFEST));
    if (manifest !== null) {
      const { run, summary, inputs } = manifest;
      for (const line of [{ run }, { summary }, ...inputs]) known.#add(line);
    }
    for (const line of parseJournal((await textOf(journal)) ?? '')) known.#add(line);
    return known;
  }

  /** By what its results were made, as `runText` gives it; null: there is none. */
  get run(): string | null {
    return [...this.#entries.values()].some(({ output }) => output !== null) ? this.#run : null;
  }

  /** Results of another run count as such no more; their files may still be replaced. */
  begin(run: string): void {
    if (run !== this.#run) this.#entries.clear();
    this.#run = run;
  }

  /** The newest of an input: of its file, or where the directory was taken elsewhere, of one with its name, size and date. */
  find(state: InputState): ResultEntry | null {
    const entry = this.#entries.get(this.keyOf(state));
    if (entry) return entry;
    const hasItsName = (one: ResultEntry) => one.input === state.input && isSameState(one, state);
    return [...this.#entries.values()].find(hasItsName) ?? null;
  }

  /** What names an input, whatever directory it is named from. */
  keyOf({ input, path }: Pick<InputState, 'input' | 'path'>): string {
    return path === null ? input : resolve(this.#directory, path);
  }

  entries(): ResultEntry[] {
    return [...this.#entries.values()];
  }

  /** Whether something was ever written down to be there. */
  has(place: string): boolean {
    return this.#hashes.has(place);
  }

  /** What keeps a file of ours from this place: one that mien did not write, or that was changed since; null: nothing does. */
  async fault(place: string): Promise<string | null> {
    const path = join(this.#directory, place);
    if ((await statIfThere(path)) === null) return null;
    const hash = await PartialResult.hashOf(path);
    if (hash !== null && this.#hashes.get(place)?.has(hash)) return null;
    const what = this.has(place) ? 'was changed since mien wrote it' : 'is none that mien wrote';
    return `${path} ${what}, and is kept: move it away, and --resume makes it anew.`;
  }

  #add(line: JournalLine): void {
    if ('run' in line) this.begin(runText(line.run));
    else if ('summary' in line) this.#note(SUMMARY, line.summary);
    else {
      this.#entries.set(this.keyOf(line), line);
      if (line.output !== null && line.sha256 !== null) this.#note(line.output, line.sha256);
    }
  }

  #note(place: string, hash: string): void {
    this.#hashes.set(place, (this.#hashes.get(place) ?? new Set()).add(hash));
  }
}

/** Whether it is known to be what it was. */
export function isSameState(before: InputState, now: InputState): boolean {
  if (now.modified === null && now.etag === null) return false;
  return before.size === now.size && before.modified === now.modified && before.etag === now.etag;
}

async function textOf(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

function notOurs(path: string): MienError {
  return new MienError(
    'BAD_INPUT',
    `${path} was not written by mien, or was changed since: name another directory, or add --force to overwrite it.`,
  );
}
