/** Lists that are mostly short, and therefore come whole; whoever has a long one asks for it in parts. */
import { z } from 'zod';
import { MienError } from '../../errors.ts';
import { type builder, MAX_PAGE } from './builder.ts';

/** Of a list that is not asked for in parts. */
export const MAX_LIST = 10_000;

type Arg = Parameters<NonNullable<Parameters<(typeof builder)['queryField']>[1]>>[0]['arg'];

export function listArgs(arg: Arg, after: string) {
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

/** One more than may come, to notice when that is too many. */
export function listLimit(first: number | null | undefined): number {
  return first ?? MAX_LIST + 1;
}

/** Never cut short without saying so. @throws MienError BAD_INPUT */
export function assertWhole<Item>(name: string, items: Item[], first: number | null | undefined): Item[] {
  if (first != null || items.length <= MAX_LIST) return items;
  throw new MienError(
    'BAD_INPUT',
    `There are more than ${MAX_LIST} ${name}: ask for them in parts, with \`first\` and \`after\`.`,
  );
}
