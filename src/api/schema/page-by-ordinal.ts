/** Pages by position rather than by row, so that a page goes on where it was even when its last row is deleted. */

/**
 * The condition on `ordinal` that a relay page of a query asks for.
 * @param cursor the row that the page begins behind, or none
 * @param take how many, negative when counted from the end
 */
export function afterOrdinal(
  cursor: { ordinal?: unknown } | undefined,
  take: number | undefined,
  order: 'asc' | 'desc',
) {
  const at = cursor?.ordinal;
  if (typeof at !== 'number') return {};
  const forwards = (take ?? 0) >= 0;
  return { ordinal: forwards === (order === 'asc') ? { gt: at } : { lt: at } };
}
