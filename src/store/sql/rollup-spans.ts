/** Lengths of rollups in seconds, each a multiple of the one before: a bucket of any usual length adds up a few. */
export const ROLLUP_SPANS = [1, 10, 60, 600, 3600] as const;
