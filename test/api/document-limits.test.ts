/** How deep, wide and long the text of a request may be, to the last one that is let through. */
import { createSchema, createYoga } from 'graphql-yoga';
import { describe, expect, it } from 'vitest';
import { documentLimits, LIMITS } from '../../src/api/query-limits.ts';

const schema = createSchema({
  typeDefs: 'type Query { item(first: Int, ids: [Int!]): Item } type Item { id: ID, item(first: Int): Item }',
  resolvers: { Query: { item: () => null } },
});
const yoga = createYoga({ schema, plugins: documentLimits(), logging: false, graphiql: false });

interface Told {
  message: string;
  extensions: Record<string, unknown>;
}

/** What a request is refused with; undefined where it is answered. */
async function refusal(query: string): Promise<Told | undefined> {
  const response = await yoga.fetch('http://localhost/graphql', {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ query }),
  });
  const { errors } = (await response.json()) as { errors?: Told[] };
  return errors?.[0];
}

const many = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const deep = (depth: number) => `{ ${'item { '.repeat(depth - 1)}id ${'} '.repeat(depth - 1)}}`;

describe.each<[string, number, (count: number) => string, RegExp]>([
  ['depth', LIMITS.depth, deep, /^Query depth limit of 12 exceeded, found 13: ask for less at a time\.$/],
  [
    'aliases',
    LIMITS.aliases,
    (count) => `{ ${many(count, (index) => `a${index}: item { id }`)} }`,
    /^Aliases limit of 15 exceeded, found 16: ask for less at a time\.$/,
  ],
  [
    'directives',
    LIMITS.directives,
    (count) => `{ item { ${'id @include(if: true) '.repeat(count)} } }`,
    /^Directives limit of 50 exceeded, found 51: ask for less at a time\.$/,
  ],
  [
    'tokens',
    LIMITS.tokens,
    (count) => `{ item(ids: [${'1 '.repeat(count - 12)}]) { id } }`,
    /^Token limit of 1000 exceeded: ask for less at a time\.$/,
  ],
])('of its %s', (_, most, query, message) => {
  it('a request may have as many as are allowed', async () => {
    expect(await refusal(query(most))).toBeUndefined();
  });

  it('one more is refused with a code, and what to do', async () => {
    expect(await refusal(query(most + 1))).toMatchObject({
      message: expect.stringMatching(message),
      extensions: { code: 'QUERY_TOO_LARGE' },
    });
  });
});

it('how large its pages are is not judged by its text, and a field that is misspelt is told with the right one', async () => {
  expect(await refusal(`{ ${'item(first: 1000) { '.repeat(10)}id ${'} '.repeat(10)}}`)).toBeUndefined();
  expect((await refusal('{ items { id } }'))?.message).toMatch(/Did you mean "item"\?/);
});
