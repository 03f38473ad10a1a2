/** How many items a request may be answered with. */
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { countItems } from '../../src/api/count-items.ts';
import { createItemLimit, MAX_ITEMS } from '../../src/api/query-limits.ts';
import { schema } from '../../src/api/schema/index.ts';
import { MienError } from '../../src/errors.ts';

const args = (query: string, variableValues: Record<string, unknown> = {}) => ({
  ...{ schema, document: parse(query), variableValues },
});
const count = (query: string, variables?: Record<string, unknown>) => countItems(args(query, variables));

test.each<[string, number, Record<string, unknown>?]>([
  ['{ models { id } __schema { types { name } } }', 0],
  ['{ sessions { nodes { id } } }', 20],
  ['query ($n: Int = 30) { sessions(first: $n) { nodes { id } } }', 30],
  ['query ($n: Int = 30) { sessions(first: $n) { nodes { id } } }', 20, { n: null }],
  ['{ sessions(last: 7, before: "x") { nodes { id } } }', 7],
  ['{ streams(first: 10) { nodes { sessions(first: 5) { nodes { id } } } } }', 60],
  [
    '{ streams(first: 10) { nodes { a: sessions(first: 5) { nodes { id } } sessions(first: 5) { nodes { id } } } } }',
    110,
  ],
  // Merged as GraphQL merges them, through fragments, and what is left out is not counted.
  [
    '{ sessions(first: 9) { nodes { id } } ...F } fragment F on Query { sessions(first: 9) { nodes { state } } }',
    9,
  ],
  ['query ($no: Boolean = false) { sessions(first: 9) @include(if: $no) { nodes { id } } models { id } }', 0],
  [
    '{ node(id: "x") { ... on Stream { sessions(first: 7) { nodes { id } } } ... on Session { timeline(first: 5) { nodes { seq } } } } }',
    7,
  ],
  // A list of nothing has to be looked for as well.
  [
    '{ sessions(first: 10) { nodes { a: timeline(first: 0) { nodes { seq } } b: tracks(last: 0) { nodes { number } } } } }',
    30,
  ],
  ['{ sessions(first: 0) { nodes { timeline(first: 1000) { nodes { seq } } } } }', 1],
  // Lists that are no connections.
  ['{ sessions(first: 10) { nodes { tracks { nodes { number } } } } }', 210],
  [
    '{ sessions(first: 10) { nodes { tracks(first: 3) { nodes { number } } episodes(first: 4) { nodes { index } } } } }',
    80,
  ],
  ['{ sessions(first: 10) { nodes { aggregate(bucket: 1) { start } } } }', 1010],
  [
    'query ($b: Float!) { sessions(first: 10) { nodes { aggregate(bucket: $b, range: { media: { from: 2, to: 12 } }) { start } } } }',
    60,
    { b: 2.5 },
  ],
  // As many streams as may be registered at once.
  [
    'mutation { registerStreams(input: { streams: [] }) { results { registered { stream { sessions(first: 3) { nodes { id } } } } } } }',
    400,
  ],
  ['subscription { streamStatus { session { stream { sessions(first: 11) { nodes { id } } } } } }', 11],
])('%s counts %i', (query, items, variables) => {
  expect(count(query, variables)).toBe(items);
});

test('a page from both ends at once is refused, with the name of its field', () => {
  expect(() => count('{ streams(first: 2, last: 1) { nodes { id } } }')).toThrow(
    new MienError(
      'BAD_INPUT',
      '`streams` takes `first` with `after`, or `last` with `before`: not `first` and `last` together.',
    ),
  );
  expect(count('{ streams(first: 2, last: null) { nodes { id } } }')).toBe(2);
  expect(count('{ streams(first: null, last: 3) { nodes { id } } }')).toBe(3);
});

test('what cannot be executed, or is judged when it is, counts as little as it can', () => {
  expect(count('fragment F on Query { sessions { nodes { id } } }')).toBe(0);
  expect(count('query ($n: Int!) { sessions(first: $n) { nodes { id } } }')).toBe(0);
  expect(count('{ nothing { nodes } sessions(first: 3) { nodes { id } } }')).toBe(3);
  expect(count('{ sessions(first: -3) { nodes { id } } }')).toBe(1);
  expect(count('{ sessions(first: "x") { nodes { id } } }')).toBe(20);
});

test('a request may ask for ten thousand items and no more', () => {
  const { assert } = createItemLimit();
  const pages = (n: number) =>
    args(`{ sessions(first: ${n}) { nodes { timeline(first: 99) { nodes { seq } } } } }`);
  expect(MAX_ITEMS).toBe(10_000);
  expect(() => assert(pages(100))).not.toThrow();
  const refused = expect.objectContaining({
    code: 'QUERY_TOO_LARGE',
    message:
      'This asks for up to 10100 items in one request, and 10000 is the most: ask for smaller pages and lists with `first`.',
  });
  expect(() => assert(pages(101))).toThrow(refused);
});

test.each(['onExecute', 'onSubscribe'] as const)(
  'a request is counted when it is executed, once however often it is asked about, and each time it is refused: %s',
  (hook) => {
    const { assert, plugin } = createItemLimit();
    const ask = (given: object) => plugin[hook]!({ args: given } as never);
    let counted = 0;
    const watched = (query: string) =>
      Object.defineProperty(args(query), 'document', {
        get() {
          counted += 1;
          return parse(query);
        },
      });
    const small = watched('{ sessions { nodes { id } } }');
    void ask(small);
    const once = counted;
    expect(once).toBeGreaterThan(0);
    void ask(small);
    assert(small);
    expect(counted).toBe(once);
    const large = watched('{ sessions(first: 10001) { nodes { id } } }');
    expect(() => ask(large)).toThrow(/10001 items/);
    expect(() => ask(large)).toThrow(/10001 items/);
  },
);
