/** Pages by `ordinal` rather than by row, so that the next page is right even when the last row was deleted. */

/**
 * The `where` on `ordinal` of one relay page.
 * @param cursor the row before the page; undefined for the first page
 * @param take length of the page, negative when it is counted from the end
 */
export function whereOrdinalAfter(
  cursor: { ordinal?: unknown } | undefined,
  take: number | undefined,
  order: 'asc' | 'desc',
) {
  const ordinal = cursor?.ordinal;
  if (typeof ordinal !== 'number') return {};
  const forwards = (take ?? 0) >= 0;
  return { ordinal: forwards === (order === 'asc') ? { gt: ordinal } : { lt: ordinal } };
}
