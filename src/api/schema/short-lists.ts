/** Lists that are mostly short, and answered whole unless the client pages them with `first` and `after`. */
import { z } from 'zod';
import { MienError } from '../../errors.ts';
import { type builder, MAX_PAGE } from './builder.ts';

/** Most items of a list that is not paged. */
export const MAX_LIST = 10_000;

type Arg = Parameters<NonNullable<Parameters<(typeof builder)['queryField']>[1]>>[0]['arg'];

export function listPageArgs(arg: Arg, after: string) {
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
