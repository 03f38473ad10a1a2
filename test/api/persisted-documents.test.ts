/** A server with a list of documents answers these, however they are asked for, and no others over any transport. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getIntrospectionQuery } from 'graphql';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { readPersistedDocuments } from '../../src/api/index.ts';
import { queryOf } from '../../src/api/persisted/persisted-documents.ts';
import { COMMAND_PRINCIPAL, OPEN_PRINCIPAL, SYSTEM_PRINCIPAL } from '../../src/domain/access.ts';
import { moment, openTestApi, STREAM, type TestApi } from './harness.ts';

const LISTED = 'query Listed { models { id } }';
const WATCHED = 'subscription Watched { frameEmotions { seq } }';
const HASH = createHash('sha256').update(LISTED).digest('hex');
const LIST = { [HASH]: LISTED, watched: WATCHED };

let directory: string;
let closed: TestApi;
let open: TestApi;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mien-persisted-'));
  const services = { prisma: { model: { findMany: async () => [{ id: 'a model' }] } } as never };
  closed = await openTestApi(services, { persistedDocuments: await read(LIST) });
  open = await openTestApi(services);
});
afterAll(async () => {
  await closed.close();
  await open.close();
  await rm(directory, { recursive: true, force: true });
});

async function read(list: unknown) {
  const path = join(directory, `${crypto.randomUUID()}.json`);
  await writeFile(path, typeof list === 'string' ? list : JSON.stringify(list));
  return readPersistedDocuments(path).catch((error: Error) => {
    throw Object.assign(error, { message: error.message.replace(path, 'FILE') });
  });
}

interface Asked {
  query?: string;
  documentId?: string;
  extensions?: Record<string, unknown>;
}
interface Answered {
  data?: unknown;
  errors?: readonly { message: string; extensions: { code: string } }[];
}
type Ask = (api: TestApi, asked: Asked) => Promise<Answered>;

const JSON_TYPE = 'application/json';
const post: Ask = async ({ url }, asked) => {
  const headers = { 'content-type': JSON_TYPE, accept: JSON_TYPE };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify(asked) });
  return (await response.json()) as Answered;
};

const search = ({ extensions, ...texts }: Asked) =>
  new URLSearchParams({ ...texts, ...(extensions && { extensions: JSON.stringify(extensions) }) });

const get: Ask = async ({ url }, asked) => {
  const headers = { accept: JSON_TYPE, 'x-requested-with': 'a test' };
  return (await (await fetch(`${url}/graphql?${search(asked)}`, { headers })).json()) as Answered;
};

/** In a form's encoding, which Yoga reads too. */
const form: Ask = async ({ url }, asked) => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-requested-with': 'a test' };
  const body = String(search(asked));
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
  return (await response.json()) as Answered;
};

/** The text of the document as the whole body. */
const plain: Ask = async ({ url }, { query = '' }) => {
  const headers = { 'content-type': 'application/graphql', 'x-requested-with': 'a test' };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: query });
  return (await response.json()) as Answered;
};

/** The first event. */
const events =
  (byGet: boolean): Ask =>
  async ({ url }, asked) => {
    const leaving = new AbortController();
    const headers = { accept: 'text/event-stream', 'x-requested-with': 'a test', 'content-type': JSON_TYPE };
    const response = await (byGet
      ? fetch(`${url}/graphql?${search(asked)}`, { headers, signal: leaving.signal })
      : fetch(`${url}/graphql`, {
          ...{ method: 'POST', headers, signal: leaving.signal, body: JSON.stringify(asked) },
        }));
    try {
      for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
        const data = /^data: (.*)$/m.exec(text)?.[1];
        if (data) return JSON.parse(data) as Answered;
        if (!text.startsWith(':')) return JSON.parse(text) as Answered;
      }
      throw new Error('nothing came');
    } finally {
      leaving.abort();
    }
  };

/** graphql-ws demands a query of its clients: those that ask by an id send an empty one. */
const socket: Ask = async ({ wsUrl }, { query = '', ...asked }) => {
  const client = createClient({ url: wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  try {
    const { value } = await client.iterate({ query, ...asked }).next();
    return value as Answered;
  } catch (errors) {
    if (Array.isArray(errors)) return { errors };
    throw errors;
  } finally {
    await client.dispose();
  }
};

const QUERIES: Record<string, Ask> = { post, get, socket };
const SUBSCRIPTIONS: Record<string, Ask> = { events: events(false), 'events by GET': events(true), socket };
const ALL: Record<string, Ask> = { ...QUERIES, ...SUBSCRIPTIONS };

const codeOf = ({ errors }: Answered) => errors?.[0]?.extensions.code ?? null;
const hashed = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } });

describe.each(Object.entries(QUERIES))('%s', (name, ask) => {
  test.each<[string, Asked]>([
    ['its id', { documentId: HASH }],
    ['its id with the method of its hash', { documentId: `sha256:${HASH}` }],
    ['its hash as Apollo’s clients give it', { extensions: hashed(HASH) }],
    ['its exact text', { query: LISTED }],
    ['its id, whatever text comes beside it', { documentId: HASH, query: '{ capacity { rate } }' }],
  ])(`over ${name} a listed document is answered by %s`, async (_, asked) => {
    expect(await ask(closed, asked)).toMatchObject({ data: { models: [{ id: 'a model' }] } });
  });

  test(`over ${name} who asks a server without a list by an id is told in the words that clients know`, async () => {
    const refused = { message: 'PersistedQueryNotSupported' };
    for (const asked of [{ documentId: HASH }, { extensions: hashed(HASH) }]) {
      const answer = await ask(open, asked);
      expect([answer.errors?.[0], codeOf(answer)]).toMatchObject([refused, 'PERSISTED_QUERY_NOT_SUPPORTED']);
    }
    expect(await ask(open, { query: LISTED, documentId: HASH, extensions: hashed(HASH) })).toMatchObject({
      data: { models: [{ id: 'a model' }] },
    });
  });
});

test.each(Object.entries(SUBSCRIPTIONS))('over %s a listed subscription begins', async (_name, ask) => {
  let seq = 0;
  const publishing = setInterval(() => closed.bus.moment(STREAM, moment(seq, 1, 0), seq++), 20);
  onTestFinished(() => clearInterval(publishing));
  for (const asked of [{ documentId: 'watched' }, { query: WATCHED }])
    expect(await ask(closed, asked)).toMatchObject({ data: { frameEmotions: { seq: expect.any(Number) } } });
});

describe.each(Object.entries(ALL))('%s', (name, ask) => {
  test.each<[string, Asked, string]>([
    ['another document', { query: '{ models { id name } }' }, 'PERSISTED_DOCUMENTS_ONLY'],
    ['a listed one with a blank more', { query: `${LISTED} ` }, 'PERSISTED_DOCUMENTS_ONLY'],
    ['another subscription', { query: 'subscription { frameEmotions { seq } }' }, 'PERSISTED_DOCUMENTS_ONLY'],
    [
      'a mutation',
      { query: 'mutation { startStream(input: { id: "a" }) { session { id } } }' },
      'PERSISTED_DOCUMENTS_ONLY',
    ],
    ['introspection', { query: getIntrospectionQuery() }, 'PERSISTED_DOCUMENTS_ONLY'],
    ['what is no GraphQL', { query: '{' }, 'PERSISTED_DOCUMENTS_ONLY'],
    ['nothing', {}, 'PERSISTED_DOCUMENTS_ONLY'],
    ['an unknown id', { documentId: 'nobody' }, 'PERSISTED_DOCUMENT_NOT_FOUND'],
    ['what every object has', { documentId: 'constructor' }, 'PERSISTED_DOCUMENT_NOT_FOUND'],
    [
      'an unknown hash with the text that it is of',
      {
        query: '{ models { name } }',
        extensions: hashed(createHash('sha256').update('{ models { name } }').digest('hex')),
      },
      'PERSISTED_DOCUMENT_NOT_FOUND',
    ],
  ])(`over ${name} %s is refused`, async (_, asked, code) => {
    const answer = await ask(closed, asked);
    expect([codeOf(answer), answer.data ?? null]).toEqual([code, null]);
  });
});

test.each([
  ['a form', form, 'UNSUPPORTED_MEDIA_TYPE'],
  ['the text alone', plain, 'PERSISTED_DOCUMENTS_ONLY'],
])('nor does %s lead around the list', async (_name, ask, code) => {
  expect(codeOf(await ask(closed, { query: '{ models { id name } }' }))).toBe(code);
});

test('several requests in one lead nowhere', async () => {
  const headers = { 'content-type': JSON_TYPE };
  const body = JSON.stringify([{ query: '{ models { id name } }' }]);
  const response = await fetch(`${closed.url}/graphql`, { method: 'POST', headers, body });
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
});

test('the dashboard’s documents are answered, without being listed', async () => {
  const documents: Record<string, unknown> = await import(join(process.cwd(), 'src/web/documents.js'));
  const texts = Object.values(documents).filter((text) => typeof text === 'string');
  expect(texts.length).toBeGreaterThan(9);
  // A subscription then is not acceptable, which is told behind the list.
  const headers = { 'content-type': JSON_TYPE, accept: JSON_TYPE };
  for (const query of texts) {
    const response = await fetch(`${closed.url}/graphql`, {
      ...{ method: 'POST', headers, body: JSON.stringify({ query }) },
    });
    expect(await response.text()).not.toContain('PERSISTED');
  }
});

test('GraphiQL is refused with a sentence, and is there without a list', async () => {
  const page = (api: TestApi) =>
    fetch(`${api.url}/graphql`, { headers: { accept: 'text/html', 'accept-encoding': 'identity' } });
  const refused = await page(closed);
  expect([refused.status, codeOf((await refused.json()) as Answered)]).toEqual([
    403,
    'PERSISTED_DOCUMENTS_ONLY',
  ]);
  const { status, headers } = await page(open);
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
});

test('what mien asks itself, and its commands, is not held to the list', async () => {
  const documents = await read(LIST);
  const asked = { query: '{ models { name } }' };
  for (const principal of [SYSTEM_PRINCIPAL, COMMAND_PRINCIPAL])
    expect(queryOf(asked, { principal, address: null }, documents)).toBe(asked.query);
  expect(() => queryOf(asked, { principal: OPEN_PRINCIPAL, address: null }, documents)).toThrow('lists');
});

describe('the list', () => {
  test('is read as Relay’s compiler and GraphQL Code Generator write it, and as Apollo’s manifest', async () => {
    const operations = [
      { id: HASH, name: 'Listed', type: 'query', body: LISTED },
      { id: 'watched', name: 'Watched', type: 'subscription', body: WATCHED },
    ];
    const manifest = { format: 'apollo-persisted-query-manifest', version: 1, operations };
    const expected = new Map(Object.entries(LIST));
    expect((await read(LIST))?.byId).toEqual(expected);
    expect((await read(manifest))?.byId).toEqual(expected);
    expect((await read({ [`sha256:${HASH}`]: LISTED }))?.byId.get(HASH)).toBe(LISTED);
  });

  test.each<[string, unknown, RegExp]>([
    ['is no JSON', '{ "a": ', /MIEN_PERSISTED_DOCUMENTS: FILE is no JSON: /],
    ['is a list', [LISTED], /FILE must hold texts of documents by their ids/],
    ['holds something else', { a: { text: LISTED } }, /FILE must hold texts of documents by their ids/],
    [
      'names a field that is not there',
      { good: LISTED, bad: '{ nothing }' },
      /documents that this server cannot answer:\n {2}"bad": Cannot query field "nothing" on type "Query"\.$/,
    ],
    ['holds what is no GraphQL', { bad: 'models' }, /\n {2}"bad": Syntax Error: Unexpected Name "models"\.$/],
    [
      'has two for one id',
      {
        operations: [
          { id: 'a', body: LISTED },
          { id: 'a', body: WATCHED },
        ],
      },
      /\n {2}"a": it is there twice$/,
    ],
  ])('that %s is refused with a sentence', async (_, list, sentence) => {
    await expect(read(list)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(sentence),
    });
  });

  test('that is not there is refused with a sentence', async () => {
    const path = join(directory, 'nowhere.json');
    await expect(readPersistedDocuments(path)).rejects.toThrow(`there is no file ${path}; check the name.`);
    await expect(readPersistedDocuments(directory)).rejects.toThrow(`${directory} cannot be read (EISDIR).`);
  });
});
