/** The table of error codes is whole, is what docs/errors.md says, and its codes are the same over every transport. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { DELIBERATE, ERROR_CODES } from '../../src/errors.ts';
import { ask, openTestApi, type TestApi } from './harness.ts';

/** Those that Yoga and graphql-js give, which stand nowhere in src; each is provoked below. */
const OF_LIBRARIES = [
  ...['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'OPERATION_RESOLUTION_FAILURE'],
  ...['BAD_REQUEST', 'REQUEST_ENTITY_TOO_LARGE'],
];

const CODE = /^[A-Z][A-Z_]+$/;

/** What src gives as a code: the first argument of an error that is thrown, or a property `code`; and all texts that look like one. */
function codesInSource() {
  const source = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.includes('generated') && path !== 'errors.ts')
    .map((path) => readFileSync(resolve('src', path), 'utf8'))
    .join('\n');
  const all = (pattern: RegExp) => [...source.matchAll(pattern)].map(([, text]) => text!);
  const given = [/\bcode: '([A-Z][A-Z_]+)'/g, /\bnew (?!Error\b)[\w.]+\(\s*'([A-Z][A-Z_]+)'/g].flatMap(all);
  return { given: new Set(given), texts: new Set(all(/'([A-Z][A-Z_]+)'/g)) };
}

describe('the table of codes', () => {
  test('has every code that src gives', () => {
    const { given } = codesInSource();
    expect(given.size).toBeGreaterThan(30);
    expect([...given].filter((code) => !(code in ERROR_CODES))).toEqual([]);
  });

  test('has none that nobody gives', () => {
    const { texts } = codesInSource();
    expect(
      Object.keys(ERROR_CODES).filter((code) => !texts.has(code) && !OF_LIBRARIES.includes(code)),
    ).toEqual([]);
  });

  test('is what docs/errors.md shows, row by row', () => {
    const rows = [
      ...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([A-Z_]+)` \| (.*) \| (.*) \|$/gm),
    ];
    expect(rows.map(([, code, when, then]) => [code, when, then])).toEqual(
      Object.entries(ERROR_CODES).map(([code, [when, then]]) => [code, when, then]),
    );
    expect(Object.keys(DELIBERATE).every((code) => CODE.test(code))).toBe(true);
  });
});

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

async function codeOverEvents(
  query: string,
  variables: Record<string, unknown>,
): Promise<string | undefined> {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query, variables }),
  });
  return /"code":"([A-Z_]+)"/.exec(await response.text())?.[1];
}

async function codeOverSocket(query: string, variables: Record<string, unknown>): Promise<unknown> {
  const client = createClient({ url: api.wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  onTestFinished(() => void client.dispose());
  const results = client.iterate({ query, variables });
  const errors = await results.next().then(
    ({ value }) => value?.errors,
    (reason: unknown) => reason as { extensions: { code: string } }[],
  );
  return errors?.[0]?.extensions?.code;
}

const NOWHERE = '00000000-0000-7000-8000-000000000000';
const DEEP = `{ node(id: "x") { id ... on Session { stream { latestSession { stream { latestSession { stream { latestSession { stream { latestSession { stream { latestSession { id } } } } } } } } } } } } }`;

test.each<[code: string, query: string, variables?: Record<string, unknown>]>([
  ['GRAPHQL_PARSE_FAILED', '{ streams { nodes '],
  ['GRAPHQL_VALIDATION_FAILED', '{ streams { nodes { nothing } } }'],
  ['GRAPHQL_VALIDATION_FAILED', 'subscription { nothing }'],
  ['BAD_INPUT', 'query ($n: Int!) { streams(first: $n) { nodes { id } } }', { n: 'x' }],
  ['BAD_INPUT', 'query ($n: Int!) { streams(first: $n) { nodes { id } } }', {}],
  ['BAD_INPUT', '{ streams(first: 5000) { nodes { id } } }'],
  ['BAD_INPUT', '{ streams(first: 1, last: 1) { nodes { id } } }'],
  ['BAD_INPUT', `subscription { frameEmotions(streamId: "${NOWHERE}", sessionId: "${NOWHERE}") { seq } }`],
  ['CURSOR_INVALID', '{ sessions(after: "x") { nodes { id } } }'],
  ['NOT_FOUND', 'subscription { expressionEpisodes(sessionId: "zzz") { kind } }'],
  ['QUERY_TOO_LARGE', '{ streams(first: 1000) { nodes { sessions(first: 1000) { nodes { id } } } } }'],
  ['QUERY_TOO_LARGE', DEEP],
])(
  '%s of %s is the same over HTTP, server-sent events and WebSocket',
  async (code, query, variables = {}) => {
    if (!query.startsWith('subscription')) {
      const { errors } = await ask(api.url, query, variables);
      expect(errors?.[0]?.extensions?.code).toBe(code);
    }
    expect(await codeOverEvents(query, variables)).toBe(code);
    expect(await codeOverSocket(query, variables)).toBe(code);
  },
);

test.each<[code: string, body: string]>([
  ['BAD_REQUEST', '[{ "query": "{ models { id } }" }]'],
  ['BAD_REQUEST', 'no JSON'],
  ['OPERATION_RESOLUTION_FAILURE', '{ "query": "query A { models { id } } query B { models { id } }" }'],
  [
    'PERSISTED_QUERY_NOT_SUPPORTED',
    '{ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "x" } } }',
  ],
  [
    'REQUEST_ENTITY_TOO_LARGE',
    JSON.stringify({ query: '{ models { id } }', variables: { x: 'x'.repeat(3_000_000) } }),
  ],
])('%s is said of what is no request that can be executed', async (code, body) => {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  expect(errors[0]?.extensions.code).toBe(code);
});
