/** Pages by `ordinal` rather than by row, so that the next page is right even when the last row was deleted. */
import { MienError } from '../../errors.ts';

type Order = 'asc' | 'desc';

/** The query of one relay page by its row, as Pothos makes it. */
interface RowPage {
  /** The row before the page; undefined for the first page. */
  cursor?: { ordinal?: unknown };
  skip?: number;
  /** Length of the page, negative when it is counted from the end. */
  take?: number;
}

/** The same page by ordinal. */
export function byOrdinal<Page extends RowPage>({ cursor, skip: _, ...page }: Page, order: Order) {
  return { ...page, where: whereOrdinalAfter(cursor, page.take, order), orderBy: { ordinal: order } };
}

/** @throws MienError CURSOR_INVALID */
function whereOrdinalAfter(cursor: RowPage['cursor'], take: number | undefined, order: Order) {
  if (cursor === undefined) return {};
  const { ordinal } = cursor;
  if (!isOrdinal(ordinal))
    throw new MienError('CURSOR_INVALID', 'This is no cursor of this list: pass an `endCursor` unchanged.');
  const forwards = (take ?? 0) >= 0;
  return { ordinal: forwards === (order === 'asc') ? { gt: ordinal } : { lt: ordinal } };
}

/** As the database's column holds it: from 1 to the greatest 32-bit integer. */
function isOrdinal(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value && value > 0;
}
