/** How many items a list has that can grow and is no connection, so that what a request asks for can be counted. */

/** Set as the extensions of the field. */
export interface Sized {
  /** How many items the field gives, with these arguments, as they were given. */
  items(args: Record<string, unknown>): number;
}

/** What a list counts for whose length nobody knows before it is read: most are shorter. */
const WHOLE_LIST = 100;

export const buckets: Sized = {
  items: ({ bucket, range }) => {
    const { from, to } =
      (range as { media?: { from?: unknown; to?: unknown } } | null | undefined)?.media ?? {};
    const seconds = typeof to === 'number' ? to - (typeof from === 'number' ? from : 0) : Infinity;
    const most = Math.ceil(seconds / Number(bucket)) + 1;
    return most > 0 ? Math.min(most, WHOLE_LIST) : WHOLE_LIST;
  },
};

/** Groups of sessions, and the buckets of each: what they come to is known, and bounded, once sessions are. */
export const groups: Sized = {
  items: ({ groupBy }) => (Array.isArray(groupBy) && groupBy.length > 0 ? WHOLE_LIST : 1),
};
export const groupBuckets: Sized = { items: () => WHOLE_LIST / 2 };

/** Markers as they were asked for: what a request names is no argument of the field. */
export const someMarkers: Sized = { items: () => WHOLE_LIST };

/** As many as are named by an argument. */
export const asMany = (argument: string): Sized => ({
  items: ({ [argument]: named }) => (Array.isArray(named) ? named.length : 1),
});
