/** `manifest.json`: by what results were made, so that they can be made again, and told from others. */
import { z } from 'zod';

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const entrySchema = z.strictObject({
  input: z.string(),
  /** Of a file: where it lies, seen from the directory of results; absolute where the input is named so. */
  path: z.string().nullable(),
  /** Below the directory; null: it has no rows. */
  output: z.string().nullable(),
  error: z.string().nullable(),
  warnings: z.array(z.string()),
  /** What tells whether the input is still the same: bytes, when it was changed, and a web server's word for it. Null: not known. */
  size: z.number().nullable(),
  modified: z.string().nullable(),
  etag: z.string().nullable(),
  /** Of the result. */
  bytes: z.number().nullable(),
  sha256: z.string().nullable(),
  /** Whether it has all rows of the input as it was; it stays where the input cannot be read any more, which is its error then. */
  whole: z.boolean(),
  /** In the order of `TALLY_COLUMNS`. */
  tally: z.array(cell),
});
export type ResultEntry = z.infer<typeof entrySchema>;

/** An input, and what tells whether it is still the same. */
export type InputState = Pick<ResultEntry, 'input' | 'path' | 'size' | 'modified' | 'etag'>;

const runSchema = z.record(z.string(), z.unknown());
const manifestSchema = z.strictObject({
  run: runSchema,
  /** SHA-256 of the summary. */
  summary: z.string(),
  inputs: z.array(entrySchema),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** A line of JSON: two runs that are alike have the same. */
export function runText(run: object): string {
  return JSON.stringify({ run });
}

/** A line for each input, its keys in the order of the schema. */
export function manifestText(run: string, summary: string, entries: readonly ResultEntry[]): string {
  const lines = entries.map((entry) => JSON.stringify(entrySchema.parse(entry))).join(',\n');
  return `${run.slice(0, -1)},\n"summary":${JSON.stringify(summary)},\n"inputs":[\n${lines}\n]}\n`;
}

/** Null: it is none. */
export function parseManifest(text: string): Manifest | null {
  return manifestSchema.safeParse(parsed(text)).data ?? null;
}

/** Of a journal: what a run is made by, which all results behind it are, until the next one; a result; or the summary. */
const lineSchema = z.union([
  z.strictObject({ run: runSchema }),
  z.strictObject({ summary: z.string() }),
  entrySchema,
]);
export type JournalLine = z.infer<typeof lineSchema>;

/** Each on a line of its own; one that was cut off, as by a power cut, is left out. */
export function parseJournal(text: string): JournalLine[] {
  return text.split('\n').flatMap((line) => lineSchema.safeParse(parsed(line)).data ?? []);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
