/**
 * What is asked for by an address: a table of one session (`/export/sessions/{id}/{table}.{format}?…`), or of all that a filter
 * means (`/export/query/{table}.{format}?…`).
 */
import { z } from 'zod';
import { isId } from '../../domain/id-format.ts';
import { PURPOSES, SESSION_STATES } from '../../domain/stream.ts';
import { faultOfTags } from '../../domain/tags.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import { MienError } from '../../errors.ts';
import type { SessionCriteria } from '../../store/read/criteria.ts';
import { EXPORTED_TABLES, type ExportedTable } from '../../tables/session-tables.ts';
import { TABLE_FORMATS, type TableFormat } from '../../tables/table.ts';
import { readRange } from './export-range.ts';
import { type ResumePoint, readResumePoint } from './resume-point.ts';

export interface ExportRequest {
  table: ExportedTable;
  format: TableFormat;
  /** The one session; null: those of the filter. */
  sessionId: string | null;
  filter: SessionCriteria;
  range: TimeRange | undefined;
  /** Only what comes behind it; null: from the start. */
  after: ResumePoint | null;
  /** Seconds of each bucket. */
  bucket: number;
  /** Buckets of this face alone. */
  track: number | null;
  /** Keys of tags that have a column; null: those that the sessions have. */
  tagColumns: readonly string[] | null;
  bom: boolean;
  escapeFormulas: boolean;
}

const flag = z.enum(['true', 'false'], 'is `true` or `false`').transform((text) => text === 'true');
const id = z
  .string()
  .refine(isId, 'is an id, such as `sessions` and `streams` of GraphQL give')
  .transform((text) => text.toLowerCase());
/** From 1 on, as the database holds them. */
const whole = (unit: string, least: string) =>
  z
    .string()
    .regex(/^\d+$/, `must be ${unit}`)
    .transform(Number)
    .pipe(
      z
        .number()
        .min(1, least)
        .max(2 ** 31 - 1, 'is too great'),
    );
const pair = z
  .string()
  .regex(/^[^=]+=./, 'is written `key=value`')
  .transform((text): [string, string] => [
    text.slice(0, text.indexOf('=')),
    text.slice(text.indexOf('=') + 1),
  ]);
const oneOf = <T extends string>(all: readonly [T, ...T[]]) => z.enum(all, `is one of ${all.join(', ')}`);
/** Most of a parameter that can be given several times. */
const MAX_TIMES = 1000;
const times = <T extends z.ZodType>(each: T) =>
  z.array(each).max(MAX_TIMES, `is given ${MAX_TIMES} times at most`);

const One = z.strictObject({
  from: z.string().nullable().default(null),
  to: z.string().nullable().default(null),
  after: z.string().nullable().default(null),
  bucket: whole('whole seconds', 'must be 1 or more seconds').default(1),
  track: whole('a whole number', 'counts from 1').nullable().default(null),
  tagColumns: z
    .string()
    .transform((text) => text.split(',').filter(Boolean))
    .refine((keys) => new Set(keys).size === keys.length, 'names a key twice')
    .refine(
      (keys) => keys.every((key) => faultOfTags([[key, 'any']]) === null),
      'is made of keys of tags, with commas between them',
    )
    .nullable()
    .default(null),
  bom: flag.default(false),
  escapeFormulas: flag.default(true),
});
/** Those that may be given several times: any of them is meant, of tags all. */
const Several = z.strictObject({
  session: times(id).optional(),
  stream: times(id).optional(),
  purpose: times(oneOf(PURPOSES)).optional(),
  state: times(oneOf(SESSION_STATES)).optional(),
  tag: times(pair)
    .transform((tags, { addIssue }) => {
      const fault = faultOfTags(tags);
      if (fault !== null) addIssue(`cannot be looked for: ${fault.slice(0, -1)}`);
      return Object.fromEntries(tags);
    })
    .optional(),
});
type Options = z.output<typeof One> & z.output<typeof Several>;

const OPTIONS_OF_CSV = ['bom', 'escapeFormulas'];
const OPTIONS_OF_BUCKETS = ['bucket', 'track'];

const PATH = /^\/export\/(?:sessions\/([^/]+)|query)\/([a-z]+)\.([a-z]+)$/;

/** @throws MienError NOT_FOUND: there is no such table; BAD_INPUT: an option is none of it */
export function readExportRequest(path: string, query: string): ExportRequest {
  const [found, id, table, format] = PATH.exec(path) ?? [];
  const sessionId = id?.toLowerCase() ?? null;
  const isKnown = found !== undefined && (sessionId === null || isId(sessionId));
  if (!isKnown || !isOneOf(EXPORTED_TABLES, table) || !isOneOf(TABLE_FORMATS, format)) {
    throw new MienError(
      'NOT_FOUND',
      `There is nothing at ${path}: exports are at /export/sessions/{id}/{table}.{format} and /export/query/{table}.{format}, with ${EXPORTED_TABLES.join(', ')} as ${TABLE_FORMATS.join(', ')}.`,
    );
  }
  const options = readOptions(query, { table, format, sessionId });
  const { session, stream, purpose, state, tag, from, to, after, ...rest } = options;
  const range = readRange(from, to);
  return {
    ...{ table, format, sessionId, range, ...rest },
    filter: { ids: session, streamIds: stream, purposes: purpose, states: state, tags: tag, range },
    after: after === null ? null : readResumePoint(after, table, sessionId),
  };
}

function readOptions(query: string, asked: Pick<ExportRequest, 'table' | 'format' | 'sessionId'>): Options {
  const allowed = optionsOf(asked);
  const given = new URLSearchParams(query);
  const names = [...new Set(given.keys())];
  const several = names.filter((name) => Object.hasOwn(Several.shape, name));
  const single = names.filter((name) => !several.includes(name));
  const ones = One.safeParse(Object.fromEntries(single.map((name) => [name, given.get(name)])));
  const lists = Several.safeParse(Object.fromEntries(several.map((name) => [name, given.getAll(name)])));
  const mistakes = [
    ...names
      .filter((name) => !allowed.includes(name))
      .map((name) => `\`${name}\` is no option of ${asked.table}.${asked.format}`),
    ...single.filter((name) => given.getAll(name).length > 1).map((name) => `\`${name}\` is given twice`),
    ...[...(ones.error?.issues ?? []), ...(lists.error?.issues ?? [])]
      .filter(({ path }) => path.length > 0)
      .map(({ path, message }) => `\`${String(path[0])}\` ${message}`),
  ];
  if (ones.success && lists.success && mistakes.length === 0) return { ...ones.data, ...lists.data };
  throw new MienError('BAD_INPUT', `${mistakes.join('; ')} (it takes ${allowed.join(', ')}).`);
}

/** Which options a table takes. */
function optionsOf({
  table,
  format,
  sessionId,
}: Pick<ExportRequest, 'table' | 'format' | 'sessionId'>): string[] {
  return [
    ...(sessionId === null ? Object.keys(Several.shape) : []),
    ...['from', 'to'],
    ...(table === 'summary' && sessionId !== null ? [] : ['after']),
    ...(table === 'buckets' ? OPTIONS_OF_BUCKETS : []),
    'tagColumns',
    ...(format === 'csv' ? OPTIONS_OF_CSV : []),
  ];
}

function isOneOf<T extends string>(all: readonly T[], text: string | undefined): text is T {
  return all.includes(text as T);
}
