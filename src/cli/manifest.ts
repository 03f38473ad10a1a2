/** `manifest.json`: by what results were made, so that they can be made again, and told from others. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const entrySchema = z.object({
  input: z.string(),
  /** Below the directory; null: it has no rows. */
  output: z.string().nullable(),
  error: z.string().nullable(),
  warnings: z.array(z.string()),
  /** Of a file that was read: bytes, and when it was changed. */
  size: z.number().nullable(),
  modified: z.string().nullable(),
  /** Of the result; null: not known, so that it is never trusted. */
  bytes: z.number().nullable(),
  sha256: z.string().nullable(),
  /** In the order of `TALLY_COLUMNS`. */
  tally: z.array(cell),
});
export type ResultEntry = z.infer<typeof entrySchema>;

export interface KnownResults {
  /** Results by what they were made by, as `runText` gives it, and by input. */
  runs: Map<string, Map<string, ResultEntry>>;
  /** Places of all of them. */
  outputs: Set<string>;
}

export const NOTHING_KNOWN: KnownResults = { runs: new Map(), outputs: new Set() };

/** A line of JSON: two runs that are alike have the same. */
export function runText(run: object): string {
  return JSON.stringify({ run });
}

/** A line for each input, its keys in the order of the schema. */
export function manifestText(run: string, entries: readonly ResultEntry[]): string {
  const lines = entries.map((entry) => JSON.stringify(entrySchema.parse(entry))).join(',\n');
  return `${run.slice(0, -1)},\n"inputs":[\n${lines}\n]}\n`;
}

/** Of manifests and journals, those that are there; a line that was cut off, or is none of ours, is left out. */
export async function readKnown(files: readonly string[]): Promise<KnownResults> {
  const known: KnownResults = { runs: new Map(), outputs: new Set() };
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    addLines(known, text.split('\n'));
  }
  return known;
}

/** A journal has the same lines as a manifest, without the list around them. */
function addLines({ runs, outputs }: KnownResults, lines: readonly string[]): void {
  let entries = new Map<string, ResultEntry>();
  for (const line of lines) {
    if (line.startsWith('{"run":')) {
      const run = line.replace(/,$/, '}');
      entries = runs.get(run) ?? new Map<string, ResultEntry>();
      runs.set(run, entries);
      continue;
    }
    const entry = entryOf(line);
    if (entry === null) continue;
    entries.set(entry.input, entry);
    if (entry.output !== null) outputs.add(entry.output);
  }
}

function entryOf(line: string): ResultEntry | null {
  if (!line.startsWith('{')) return null;
  try {
    return entrySchema.safeParse(JSON.parse(line.replace(/,$/, ''))).data ?? null;
  } catch {
    return null;
  }
}
