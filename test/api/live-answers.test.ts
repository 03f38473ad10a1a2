/** What is told as it happens, over the real server, is what is asked for afterwards: faces of a filter, buckets, episodes. */
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { EXPRESSIONS } from '../../src/domain/face.ts';
import { ask, face, until } from './harness.ts';
import { openWorld, type World } from './world.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
type Data = any;

let world: World;
beforeAll(async () => {
  world = await openWorld({ openAnalyser: twoWhoChange });
});
afterAll(() => world.close());

/** The first looks happy, then surprised; the second at rest, and more certainly so with each frame. */
function twoWhoChange() {
  let frame = -1;
  const raw = (track: number, expression: (typeof EXPRESSIONS)[number], probability: number) => {
    const { expression: _, confidence: __, rawProbabilities: ___, ...rest } = face(track);
    const others = (1 - probability) / (EXPRESSIONS.length - 1);
    const probabilities = EXPRESSIONS.map((one) => (one === expression ? probability : others));
    return { ...rest, probabilities };
  };
  return {
    async analyse() {
      frame += 1;
      const first = raw(1, frame < 10 ? 'HAPPINESS' : 'SURPRISE', 0.9);
      return { faces: [first, raw(2, 'NEUTRAL', 0.4 + frame / 50)], cut: false };
    },
    smallestFace: () => 1.25,
    close: async () => {},
  };
}

const TRANSPORTS = {
  WebSocket() {
    const client = createWs({ url: world.wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
    onTestFinished(() => void client.dispose());
    return client;
  },
  'server-sent events'() {
    const client = createSse({ url: `${world.url}/graphql`, retryAttempts: 0 });
    onTestFinished(() => client.dispose());
    return client;
  },
};

/** Twenty frames in two seconds; it begins when it is started. */
async function register(name: string): Promise<string> {
  const input = `name: "${name}", source: { file: "${name}.mp4" }, purpose: RESEARCH, smoothing: 0, autoStart: false`;
  const { data } = await ask(world.url, `mutation { registerStream(input: { ${input} }) { stream { id } } }`);
  return data.registerStream.stream.id;
}

/** Whoever begins now misses nothing of what is started then. */
const subscribed = () => until(() => world.bus.subscribers === 1, 'it is subscribed');
const alone = () => until(() => world.bus.subscribers === 0, 'nobody is subscribed');

async function start(stream: string): Promise<string> {
  const query = 'mutation ($id: ID!) { startStream(input: { id: $id }) { session { id } } }';
  const { data } = await ask(world.url, query, { id: stream });
  return data.startStream.session.id;
}

const ended = (id: string) =>
  until(async () => {
    const { data } = await ask(world.url, 'query ($id: ID!) { session(id: $id) { state } }', { id });
    return data.session.state === 'ENDED';
  }, 'it has ended');

describe.each(Object.entries(TRANSPORTS))('over %s', (transport, open) => {
  /** What comes until enough has, or all of it where it ends by itself. */
  async function collect(query: string, variables: object, enough = Infinity): Promise<Data[]> {
    const told: Data[] = [];
    for await (const { data, errors } of open().iterate({ query, variables: { ...variables } })) {
      expect(errors).toBeUndefined();
      told.push(Object.values(data as object)[0]);
      if (told.length >= enough) break;
    }
    return told;
  }

  test(`moments of a filter over ${transport} are those of \`timeline\` with it, live and from the beginning`, async () => {
    await alone();
    const stream = await register(`filtered over ${transport}`);
    const fields = 'seq faces { track expression confidence }';
    const filter = { track: 2, expression: 'NEUTRAL', minConfidence: 0.51 };
    const live = collect(
      `subscription ($stream: ID, $filter: FaceFilter) { frameEmotions(streamId: $stream, filter: $filter) { ${fields} } }`,
      { stream, filter },
      3,
    );
    await subscribed();
    const session = await start(stream);
    const heard = await live;
    await ended(session);
    const { data } = await ask(
      world.url,
      `query ($session: ID!, $filter: FaceFilter) { session(id: $session) {
        first: timeline(first: 1) { nodes { cursor } }
        timeline(first: 100, filter: $filter) { nodes { ${fields} } } } }`,
      { session, filter },
    );
    const { nodes } = data.session.timeline;
    // Of twenty the seventh is the first that is sure enough.
    expect(nodes.map(({ seq }: Data) => seq)).toEqual(Array.from({ length: 14 }, (_, at) => 6 + at));
    expect(nodes.every(({ faces }: Data) => faces.length === 1 && faces[0].track === 2)).toBe(true);
    expect(heard).toEqual(nodes.slice(0, 3));
    const again = await collect(
      `subscription ($session: ID, $after: String, $filter: FaceFilter) {
        frameEmotions(sessionId: $session, after: $after, filter: $filter) { ${fields} } }`,
      { session, filter, after: data.session.first.nodes[0].cursor },
    );
    expect(again).toEqual(nodes);
  });

  test(`buckets over ${transport} are those that \`aggregate\` tells afterwards`, async () => {
    await alone();
    const stream = await register(`summed up over ${transport}`);
    const fields =
      'start end seconds frames faces coverage valence dropped { reason frames } expressions { expression share seconds }';
    const live = collect(
      `subscription ($stream: ID) { aggregateUpdates(streamId: $stream, bucket: 1) { streamId sessionId bucket { ${fields} } } }`,
      { stream },
      2,
    );
    await subscribed();
    const session = await start(stream);
    const told = await live;
    const { data } = await ask(
      world.url,
      `query ($session: ID!) { session(id: $session) { aggregate(bucket: 1) { ${fields} } } }`,
      { session },
    );
    expect(told).toEqual(
      data.session.aggregate.map((bucket: Data) => ({ streamId: stream, sessionId: session, bucket })),
    );
    expect(told.map(({ bucket }) => [bucket.start, bucket.end, bucket.frames])).toEqual([
      [0, 1, 10],
      [1, 2, 10],
    ]);
  });

  test(`episodes of all streams over ${transport} go on behind their cursor, and end as \`episodes\` has them`, async () => {
    await alone();
    const stream = await register(`episodes over ${transport}`);
    const fields = 'cursor kind sessionId episode { id index expression onset offset peak trackNumber }';
    const query = `subscription ($after: String) { expressionEpisodes(after: $after) { ${fields} } }`;
    const live = collect(query, {}, 6);
    await subscribed();
    const session = await start(stream);
    const heard = await live;
    expect(heard.map(({ kind, episode }) => `${kind} ${episode.expression}`)).toEqual([
      'ONSET HAPPINESS',
      'APEX HAPPINESS',
      'OFFSET HAPPINESS',
      'ONSET SURPRISE',
      'APEX SURPRISE',
      'OFFSET SURPRISE',
    ]);
    const { data } = await ask(
      world.url,
      'query ($session: ID!) { session(id: $session) { episodes(first: 10) { nodes { id index expression onset offset peak trackNumber } } } }',
      { session },
    );
    const over = heard.filter(({ kind }) => kind === 'OFFSET').map(({ episode }) => episode);
    expect(over).toEqual(data.session.episodes.nodes);
    const rest = await collect(query, { after: heard[3].cursor }, 2);
    expect(rest.map(({ kind, sessionId, episode }) => [kind, sessionId, episode.id])).toEqual([
      ['APEX', session, over[1].id],
      ['OFFSET', session, over[1].id],
    ]);
  });
});
