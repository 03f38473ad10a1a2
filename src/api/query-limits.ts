/** What one request may ask for. Rules on the text come from graphql-armor; what pages and lists come to, whose sizes may be variables, is counted by ours. */
import { EnvelopArmor } from '@escape.tech/graphql-armor';
import type { ExecutionArgs, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { MienError } from '../errors.ts';
import { countItems } from './count-items.ts';

/** Items of all pages and lists of one request together. */
export const MAX_ITEMS = 10_000;

/** Code generators introspect with thirty directives. */
export const LIMITS = { depth: 12, tokens: 1000, aliases: 15, directives: 50 } as const;

/** Depth, aliases, directives and tokens. Introspection stays, for GraphiQL and code generators. */
export function documentLimits(): Plugin[] {
  const armor = new EnvelopArmor({
    maxDepth: { n: LIMITS.depth, onReject },
    maxTokens: { n: LIMITS.tokens, onReject },
    maxAliases: { n: LIMITS.aliases, onReject },
    maxDirectives: { n: LIMITS.directives, onReject },
    // It multiplies by sizes that stand in the text, and knows none that a variable gives.
    costLimit: { enabled: false },
    blockFieldSuggestion: { enabled: false },
  });
  return armor.protect().plugins as unknown as Plugin[];
}

/** The armour calls what is too large a syntax error, and gives it no code. */
const onReject = [
  (_context: unknown, error: GraphQLError): void => {
    error.message = `${error.message.replace(/^Syntax Error: /, '').replace(/\.$/, '')}: ask for less at a time.`;
    error.extensions.code = 'QUERY_TOO_LARGE';
  },
];

/** One for every transport. */
export interface ItemLimit {
  /** Each request is counted once, however often it is asked about. @throws MienError QUERY_TOO_LARGE, BAD_INPUT; GraphQLError */
  assert(args: ExecutionArgs): void;
  /** Asks before a request is executed over HTTP or as server-sent events; WebSockets have asked when they prepared it. */
  plugin: Plugin;
}

/** Refuses what would be answered with too much. Sizes given by variables are counted too. */
export function createItemLimit(): ItemLimit {
  const counted = new WeakSet<ExecutionArgs>();
  const assert = (args: ExecutionArgs) => {
    if (counted.has(args)) return;
    assertFewItems(countItems(args));
    counted.add(args);
  };
  return {
    assert,
    plugin: { onExecute: ({ args }) => assert(args), onSubscribe: ({ args }) => assert(args) },
  };
}

function assertFewItems(items: number): void {
  if (items <= MAX_ITEMS) return;
  throw new MienError(
    'QUERY_TOO_LARGE',
    `This asks for up to ${items} items in one request, and ${MAX_ITEMS} is the most: ask for smaller pages and lists with \`first\`.`,
  );
}
