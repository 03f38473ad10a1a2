/** What of a session is asked for by an address: `/export/sessions/{id}/{table}.{format}?…`. */
import { z } from 'zod';
import { isId } from '../../domain/ids.ts';
import { MienError } from '../../errors.ts';
import { TABLE_FORMATS, type TableFormat } from '../../tables/table.ts';

export const EXPORTED_TABLES = ['readings', 'timeline', 'buckets', 'episodes', 'tracks', 'summary'] as const;
export type ExportedTable = (typeof EXPORTED_TABLES)[number];

export interface ExportRequest extends ExportOptions {
  sessionId: string;
  table: ExportedTable;
  format: TableFormat;
}

const seconds = z.coerce.number().nonnegative('must be 0 or more seconds of media time');
const flag = z.enum(['true', 'false'], 'is `true` or `false`').transform((text) => text === 'true');

const Options = z.strictObject({
  /** Readings and timeline: only what comes behind this moment; so a broken export is gone on with. */
  afterSeq: z.coerce.number().int().min(-1, 'is a `seq`, or -1').default(-1),
  from: seconds.nullable().default(null),
  to: seconds.nullable().default(null),
  /** Buckets: milliseconds of each. */
  bucket: z.coerce
    .number()
    .refine((ms) => ms >= 1000 && ms % 1000 === 0, 'must be a multiple of 1000 milliseconds')
    .default(1000),
  /** Buckets: only this face. */
  track: z.coerce.number().int().min(1, 'counts from 1').nullable().default(null),
  bom: flag.default(false),
  escapeFormulas: flag.default(true),
});
type ExportOptions = z.output<typeof Options>;

/** Which options a table takes, beside those of its format. */
const OPTIONS_OF: Record<ExportedTable, readonly string[]> = {
  readings: ['afterSeq', 'from', 'to'],
  timeline: ['afterSeq', 'from', 'to'],
  buckets: ['from', 'to', 'bucket', 'track'],
  episodes: [],
  tracks: [],
  summary: [],
};
const OPTIONS_OF_CSV = ['bom', 'escapeFormulas'];

const PATH = /^\/export\/sessions\/([^/]+)\/([a-z]+)\.([a-z]+)$/;

/** @throws MienError NOT_FOUND: there is no such table; BAD_INPUT: an option is none of it */
export function readExportRequest(path: string, query: string): ExportRequest {
  const [, sessionId = '', table, format] = PATH.exec(path) ?? [];
  if (!isOneOf(EXPORTED_TABLES, table) || !isOneOf(TABLE_FORMATS, format) || !isId(sessionId)) {
    throw new MienError(
      'NOT_FOUND',
      `There is nothing at ${path}: exports are at /export/sessions/{id}/{${EXPORTED_TABLES.join('|')}}.{${TABLE_FORMATS.join('|')}}.`,
    );
  }
  return { sessionId, table, format, ...readOptions(query, table, format) };
}

function readOptions(query: string, table: ExportedTable, format: TableFormat): ExportOptions {
  const given = Object.fromEntries(new URLSearchParams(query));
  const allowed = [...OPTIONS_OF[table], ...(format === 'csv' ? OPTIONS_OF_CSV : [])];
  const unknown = Object.keys(given).filter((name) => !allowed.includes(name));
  const result = Options.safeParse(given);
  const mistakes = [
    ...unknown.map((name) => `\`${name}\` is no option of ${table}.${format}`),
    ...(result.error?.issues ?? [])
      .filter(({ path }) => path.length > 0)
      .map(({ path, message }) => `\`${String(path[0])}\` ${message}`),
  ];
  if (result.success && mistakes.length === 0) return result.data;
  const known = allowed.length === 0 ? 'it takes none' : `it takes ${allowed.join(', ')}`;
  throw new MienError('BAD_INPUT', `${mistakes.join('; ')} (${known}).`);
}

function isOneOf<T extends string>(all: readonly T[], text: string | undefined): text is T {
  return all.includes(text as T);
}
