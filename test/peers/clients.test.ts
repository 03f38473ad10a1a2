/** The clients that people use: each asks, is refused, and watches, with a token, over each of its transports. */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache, Observable } from '@apollo/client/core';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions/index.js';
import { type CombinedError, fetchExchange, subscriptionExchange, Client as Urql } from '@urql/core';
import { print } from 'graphql';
import { ClientError, GraphQLClient } from 'graphql-request';
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { ask, until } from '../api/harness.ts';
import { openWorld, type World } from '../api/world.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
type Data = any;

interface Peer {
  query(document: string, variables?: Record<string, unknown>): Promise<Data>;
  /** Codes of the errors with which a query is answered. */
  codesOf(document: string): Promise<unknown[]>;
  /** Left out: it has no subscriptions. */
  subscribe?(document: string, variables: Record<string, unknown>): AsyncIterableIterator<Data>;
}

let world: World;
let headers: { authorization: string };
let streamId: string;
beforeAll(async () => {
  world = await openWorld({ auth: true });
  headers = await world.token('OPERATOR');
  const input = 'name: "endless", source: { file: "endless.mp4" }, purpose: RESEARCH, realtime: true';
  const { data } = await ask(
    world.url,
    `mutation { registerStream(input: { ${input} }) { stream { id } } }`,
    {},
    headers,
  );
  streamId = data.registerStream.stream.id;
});
afterAll(() => world.close());

const url = () => `${world.url}/graphql`;
const wsClient = () => {
  const options = { url: world.wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 };
  const client = createWs({ ...options, connectionParams: headers });
  onTestFinished(() => void client.dispose());
  return client;
};
const sseClient = () => {
  const client = createSse({ url: url(), headers, retryAttempts: 0 });
  onTestFinished(() => client.dispose());
  return client;
};
const dataOf = async (results: AsyncIterableIterator<{ data?: Data; errors?: unknown }>) => {
  const { value } = await results.next();
  await results.return?.();
  return value;
};

const PEERS: Record<string, () => Peer> = {
  'Apollo Client over HTTP and WebSocket'() {
    const ws = new GraphQLWsLink(wsClient());
    return apollo((http) =>
      ApolloLink.split(({ operationType }) => operationType === 'subscription', ws, http),
    );
  },
  'Apollo Client over HTTP and graphql-sse'() {
    const client = sseClient();
    // As graphql-sse has it in its recipe: the whole operation is sent on.
    const sse = new ApolloLink(
      (operation) =>
        new Observable((sink) =>
          client.subscribe<Data>({ ...operation, query: print(operation.query) } as never, {
            next: sink.next.bind(sink) as never,
            error: sink.error.bind(sink),
            complete: sink.complete.bind(sink),
          }),
        ),
    );
    return apollo((http) =>
      ApolloLink.split(({ operationType }) => operationType === 'subscription', sse, http),
    );
  },
  'urql over HTTP and WebSocket'() {
    const client = wsClient();
    const live = subscriptionExchange({
      forwardSubscription: ({ query = '', ...request }) => ({
        subscribe: (sink) => ({
          unsubscribe: client.subscribe({ ...request, query } as never, sink as never),
        }),
      }),
    });
    return urql(
      new Urql({ url: url(), preferGetMethod: false, exchanges: [fetchExchange, live], ...auth() }),
    );
  },
  'urql over HTTP alone, subscriptions as event streams'() {
    const options = { url: url(), preferGetMethod: false, fetchSubscriptions: true, ...auth() };
    return urql(new Urql({ ...options, exchanges: [fetchExchange] }));
  },
  'graphql-request'() {
    const client = new GraphQLClient(url(), { headers });
    return {
      query: (document, variables = {}) => client.request(document, variables),
      codesOf: (document) =>
        client.request(document).then(
          () => [],
          (error: ClientError) => error.response.errors?.map(({ extensions }) => extensions.code) ?? [error],
        ),
    };
  },
  'graphql-ws'() {
    return iterating(wsClient());
  },
  'graphql-sse'() {
    return iterating(sseClient());
  },
};
const auth = () => ({ fetchOptions: { headers } });

function apollo(linkOf: (http: ApolloLink) => ApolloLink): Peer {
  const client = new ApolloClient({
    link: linkOf(new HttpLink({ uri: url(), headers })),
    cache: new InMemoryCache(),
  });
  onTestFinished(() => client.stop());
  const query = (document: string, variables = {}) => client.query({ query: gql(document), variables });
  return {
    query: async (document, variables) => (await query(document, variables)).data,
    codesOf: (document) =>
      query(document).then(
        () => [],
        (error) =>
          CombinedGraphQLErrors.is(error) ? error.errors.map(({ extensions }) => extensions?.code) : [error],
      ),
    subscribe: (document, variables) =>
      iterate((sink) => {
        const subscribed = client.subscribe<Data>({ query: gql(document), variables });
        const subscription = subscribed.subscribe({ next: sink });
        return () => subscription.unsubscribe();
      }),
  };
}

function urql(client: Urql): Peer {
  return {
    query: async (document, variables = {}) => {
      const { data, error } = await client.query(document, variables).toPromise();
      if (error) throw error;
      return data;
    },
    codesOf: async (document) => {
      const { error } = (await client.query(document, {}).toPromise()) as { error?: CombinedError };
      return error?.graphQLErrors.map(({ extensions }) => extensions.code) ?? [error];
    },
    subscribe: (document, variables) =>
      iterate((sink) => client.subscription(document, variables).subscribe(sink).unsubscribe),
  };
}

interface Iterating {
  iterate(payload: { query: string; variables?: Record<string, unknown> }): AsyncIterableIterator<Data>;
}

function iterating(client: Iterating): Peer {
  return {
    query: async (query, variables = {}) => (await dataOf(client.iterate({ query, variables }))).data,
    codesOf: async (query) =>
      dataOf(client.iterate({ query })).then(
        ({ errors }) => errors?.map(({ extensions }: Data) => extensions.code) ?? [],
        (errors) => errors.map(({ extensions }: Data) => extensions.code),
      ),
    subscribe: (query, variables) => client.iterate({ query, variables }),
  };
}

/** What a callback is given, as it comes. */
function iterate(subscribe: (sink: (result: Data) => void) => () => void): AsyncIterableIterator<Data> {
  const arrived: Data[] = [];
  let wake = () => {};
  const stop = subscribe((result) => {
    arrived.push(result);
    wake();
  });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      while (arrived.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return { done: false, value: arrived.shift() };
    },
    async return() {
      stop();
      return { done: true, value: undefined };
    },
  };
}

const STREAM = `query Watched($id: ID!) {
  stream(id: $id) { __typename id name latestSession { __typename id state startedAt } }
}`;
const LIVE = `subscription Live($streamId: ID) {
  frameEmotions(streamId: $streamId) { __typename cursor seq mediaTime faces { __typename track expression confidence } }
}`;

describe.each(Object.entries(PEERS))('%s', (name, open) => {
  test(`${name} asks with variables, and is answered`, async () => {
    const { stream } = await open().query(STREAM, { id: streamId });
    expect(stream).toMatchObject({ id: streamId, name: 'endless', latestSession: { state: 'RUNNING' } });
  });

  test(`${name} is told the code of what is wrong`, async () => {
    const peer = open();
    expect(await peer.codesOf('query { streams(first: -1) { nodes { id } } }')).toEqual(['BAD_INPUT']);
    expect(await peer.codesOf('query { nothing }')).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  });

  if (name === 'graphql-request') return; // it has no subscriptions
  test(`${name} watches a stream, and leaves no subscription behind`, async () => {
    const moments = open().subscribe!(LIVE, { streamId });
    const seqs: number[] = [];
    while (seqs.length < 5) {
      const { value } = await moments.next();
      expect(value.errors ?? value.error).toBeUndefined();
      const { seq, faces } = value.data.frameEmotions;
      expect(faces.map(({ track }: Data) => track)).toEqual([1, 2]);
      seqs.push(seq);
    }
    expect(seqs).toEqual(seqs.map((_, at) => seqs[0]! + at));
    expect(world.bus.subscribers).toBe(1);
    await moments.return?.();
    await until(() => world.bus.subscribers === 0, 'the subscription is over');
  });
});

test('none of them is let in without a token', async () => {
  const strangers = new GraphQLClient(url());
  await expect(strangers.request('{ models { id } }')).rejects.toThrow(ClientError);
});
