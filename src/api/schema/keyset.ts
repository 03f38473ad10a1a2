/**
 * Pages by the values of a list's order rather than by rows, so that the next page is right even when the last row was deleted.
 * A cursor holds the values of one row, the last of which is unique.
 */
import { MienError } from '../../errors.ts';
import { DEFAULT_PAGE } from './builder.ts';
import { hasNul } from './has-nul.ts';

export type Direction = 'asc' | 'desc';

/** A column by which a list is ordered. A time may be null, which is then later than all others. */
export interface Key {
  column: string;
  kind: 'integer' | 'number' | 'text' | 'time';
  direction: Direction;
}

export interface PageArgs {
  first?: number | null | undefined;
  last?: number | null | undefined;
  after?: string | null | undefined;
  before?: string | null | undefined;
}

/** What is asked of the database for one page, and made of the rows that come. */
export interface KeysetPage {
  query: { where: { AND: object[] }; orderBy: object[]; take: number };
  toConnection<Row extends object>(rows: readonly Row[]): Connection<Row>;
}

interface Connection<Row> {
  edges: { cursor: string; node: Row }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

type Value = number | string | null;

/** @throws MienError CURSOR_INVALID */
export function keysetPage(keys: readonly Key[], { first, last, after, before }: PageArgs): KeysetPage {
  const backwards = first == null && (last != null || before != null);
  const length = first ?? last ?? DEFAULT_PAGE;
  const bounds = [
    ...(after == null ? [] : [beyond(keys, decode(keys, after))]),
    ...(before == null ? [] : [beyond(keys.map(turned), decode(keys, before))]),
  ];
  const order = backwards ? keys.map(turned) : keys;
  return {
    // One more than the page has tells whether others follow.
    query: { where: { AND: bounds }, orderBy: order.map(orderOf), take: length + 1 },
    toConnection(rows) {
      const more = rows.length > length;
      const page = rows.slice(0, length);
      if (backwards) page.reverse();
      const edges = page.map((node) => ({ cursor: encode(keys, node), node }));
      return {
        edges,
        pageInfo: {
          hasNextPage: backwards ? before != null : more,
          hasPreviousPage: backwards ? more : after != null,
          startCursor: edges[0]?.cursor ?? null,
          endCursor: edges.at(-1)?.cursor ?? null,
        },
      };
    },
  };
}

function turned(key: Key): Key {
  return { ...key, direction: key.direction === 'asc' ? 'desc' : 'asc' };
}

/** PostgreSQL puts nulls where the greatest values are; it is said, for Prisma. */
function orderOf({ column, kind, direction }: Key): object {
  if (kind !== 'time') return { [column]: direction };
  return { [column]: { sort: direction, nulls: direction === 'asc' ? 'last' : 'first' } };
}

/** Rows that come behind these values: equal in the first keys, and behind in the next one. */
function beyond(keys: readonly Key[], values: readonly Value[]): object {
  const equal = (until: number) => keys.slice(0, until).map(({ column }, at) => ({ [column]: values[at] }));
  return { OR: keys.map((key, at) => ({ AND: [...equal(at), behind(key, values[at] as Value)] })) };
}

function behind({ column, kind, direction }: Key, value: Value): object {
  if (direction === 'desc') return { [column]: value === null ? { not: null } : { lt: value } };
  // Behind null there is nothing.
  if (value === null) return { OR: [] };
  return kind === 'time'
    ? { OR: [{ [column]: { gt: value } }, { [column]: null }] }
    : { [column]: { gt: value } };
}

const nameOf = (keys: readonly Key[]) => keys.map(({ column }) => column).join();

function encode(keys: readonly Key[], row: object): string {
  const values = keys.map(({ column }) => (row as Record<string, unknown>)[column]);
  return Buffer.from(JSON.stringify([nameOf(keys), ...values])).toString('base64url');
}

/** @throws MienError CURSOR_INVALID */
function decode(keys: readonly Key[], cursor: string): Value[] {
  const [name, ...values] = parse(cursor);
  if (
    name !== nameOf(keys) ||
    values.length !== keys.length ||
    !keys.every((key, at) => isOf(key, values[at]))
  )
    throw new MienError(
      'CURSOR_INVALID',
      'This is no cursor of this list in this order: pass an `endCursor` unchanged, or leave it out.',
    );
  return values as Value[];
}

function parse(cursor: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

/** Whether a column can hold it: what is not refused here reaches the database. */
function isOf({ kind }: Key, value: unknown): boolean {
  if (kind === 'integer') return typeof value === 'number' && (value | 0) === value;
  if (kind === 'number') return typeof value === 'number';
  if (kind === 'text') return typeof value === 'string' && !hasNul(value);
  return value === null || (typeof value === 'string' && isTime(value));
}

function isTime(text: string): boolean {
  const time = new Date(text);
  return /^(?!0000)\d{4}-/.test(text) && !Number.isNaN(time.getTime()) && time.toISOString() === text;
}
