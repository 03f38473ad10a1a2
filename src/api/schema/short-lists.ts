/** Lists that are mostly short, and answered whole unless the client pages them with `first` and `after`. */
import { z } from 'zod';
import { MienError } from '../../errors.ts';
import { type ArgBuilder, MAX_PAGE } from './builder.ts';

/** Most items of a list that is not paged. */
export const MAX_LIST = 10_000;

/** What a list counts for that is asked for whole: most are shorter. */
const WHOLE_LIST = 100;

/** Set as the extensions of a field whose list can grow and is no connection, so that what a request asks for can be counted. */
export interface Sized {
  /** How many items the field gives, with these arguments, as they were given. */
  items(args: Record<string, unknown>): number;
}

export const shortList: Sized = {
  items: ({ first }) => (typeof first === 'number' ? Math.max(0, first) : WHOLE_LIST),
};

export const buckets: Sized = {
  items: ({ bucket, range }) => {
    const { from, to } =
      (range as { media?: { from?: unknown; to?: unknown } } | null | undefined)?.media ?? {};
    const seconds = typeof to === 'number' ? to - (typeof from === 'number' ? from : 0) : Infinity;
    const most = Math.ceil((seconds * 1000) / Number(bucket)) + 1;
    return most > 0 ? Math.min(most, WHOLE_LIST) : WHOLE_LIST;
  },
};

/** Groups of sessions, and the buckets of each: what they come to is known, and bounded, once sessions are. */
export const groups: Sized = {
  items: ({ groupBy }) => (Array.isArray(groupBy) && groupBy.length > 0 ? WHOLE_LIST : 1),
};
export const groupBuckets: Sized = { items: () => WHOLE_LIST / 2 };

export function listPageArgs(arg: ArgBuilder, after: string) {
  return {
    first: arg.int({
      description: `How many, at most ${MAX_PAGE}; all of them when left out.`,
      validate: z
        .number()
        .min(0, '`first` must be 0 or more.')
        .max(MAX_PAGE, `\`first\` must be at most ${MAX_PAGE}.`)
        .nullish(),
    }),
    after: arg.int({ description: after }),
  };
}

/** The `take` of the query: one more than may be answered, so that too many are noticed. */
export function listTake(first: number | null | undefined): number {
  return first ?? MAX_LIST + 1;
}

/** @throws MienError BAD_INPUT when the list is too long to be answered whole */
export function assertNotTooLong<Item>(
  name: string,
  items: Item[],
  first: number | null | undefined,
): Item[] {
  if (first != null || items.length <= MAX_LIST) return items;
  throw new MienError(
    'BAD_INPUT',
    `There are more than ${MAX_LIST} ${name}: ask for them in parts, with \`first\` and \`after\`.`,
  );
}
