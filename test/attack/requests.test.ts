/**
 * 10,000 damaged queries and cursors (MUTATIONS=… others), over HTTP and as subscriptions over SSE: each is answered, by data or with a
 * code; none is INTERNAL, and the server answers afterwards.
 */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, until } from '../api/harness.ts';
import { openWorld, type World } from '../api/world.ts';
import { createRandom, type Random, SEED } from './random.ts';

const MUTATIONS = Number(process.env.MUTATIONS ?? 10_000);
const AT_ONCE = 16;

let world: World;
/** Documents that are right, with cursors that are. */
let documents: string[];
let cursors: string[];
beforeAll(async () => {
  world = await openWorld();
  const input = { name: 'seed', source: { file: 'clip.mp4' }, purpose: 'RESEARCH' };
  const { data } = await ask(
    world.url,
    'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id latestSession { id } } } }',
    { input },
  );
  const { id: streamId, latestSession } = data.registerStream.stream;
  const sessionId = latestSession.id;
  const session = (fields: string) => `{ session(id: "${sessionId}") { ${fields} } }`;
  await until(
    async () => (await ask(world.url, session('state'))).data.session.state === 'ENDED',
    'it ended',
  );
  const page = 'pageInfo { startCursor endCursor hasNextPage }';
  const { data: pages } = await ask(
    world.url,
    `{ session(id: "${sessionId}") { timeline(first: 2) { ${page} } } sessions(first: 1) { ${page} } streams(first: 1) { ${page} } }`,
  );
  cursors = [pages.session.timeline, pages.sessions, pages.streams].map(({ pageInfo }) => pageInfo.endCursor);
  const [moment, ofSessions, ofStreams] = cursors;
  documents = [
    session(
      `timeline(first: 3, after: "${moment}") { edges { cursor node { seq faces { track expression } } } ${page} }`,
    ),
    session('aggregate(bucket: 1, track: 1) { buckets { from to shares { expression share } } }'),
    session(
      'episodes { nodes { index expression onset offset } } tracks(first: 2) { nodes { number } } summary { frames coverage }',
    ),
    `{ sessions(first: 2, after: "${ofSessions}") { nodes { id state } ${page} } }`,
    `{ streams(first: 2, after: "${ofStreams}") { nodes { id name source { kind location } } } }`,
    `{ node(id: "${streamId}") { id ... on Stream { name } } stream(id: "${streamId}") { latestSession { id } } }`,
    `query q($n: Int = 1) { a: streams(first: $n) { ...f } } fragment f on StreamConnection { nodes { id @skip(if: false) } }`,
    `mutation { registerStream(input: { name: "x", source: { url: "rtsp://h/p" }, purpose: RESEARCH, autoStart: false }) { stream { id } } }`,
    `mutation { startStream(input: { id: "${sessionId}" }) { session { id } } }`,
    `subscription { frameEmotions(sessionId: "${sessionId}", after: "${moment}") { cursor seq faces { track } } }`,
    `subscription { streamStatus(streamId: "${streamId}") { state } }`,
    `subscription { expressionEpisodes(sessionId: "${sessionId}") { skippedBefore } }`,
  ];
});
afterAll(() => world.close());

it(`${MUTATIONS} damaged queries and cursors are answered with data or a code, seed ${SEED}`, async () => {
  const random = createRandom(SEED);
  const outcomes = new Map<string, number>();
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next++ < MUTATIONS) {
        const query =
          next % 2 === 0
            ? mutate(random.pick(documents), random)
            : damageCursor(random.pick(documents.filter((document) => CURSOR.test(document))), random);
        const { outcome, code, body } = await send(query);
        if (code === 'INTERNAL' || outcome >= 500)
          throw new Error(`seed ${SEED}: ${query}\n${outcome} ${body}`);
        const key = `${outcome} ${code}`;
        outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
      }
    }),
  );
  console.info(Object.fromEntries([...outcomes].sort()));
  expect(outcomes.size).toBeGreaterThan(3);
  expect((await ask(world.url, '{ __typename }')).data).toEqual({ __typename: 'Query' });
});

/** What a client gets at first: of a subscription the first event, or that it was accepted. */
function send(query: string): Promise<{ outcome: number; code: string; body: string }> {
  const accept = query.includes('subscription') ? 'text/event-stream' : 'application/graphql-response+json';
  const headers = { 'content-type': 'application/json', accept };
  return new Promise((resolve, reject) => {
    const sent = request(`${world.url}/graphql`, { method: 'POST', headers }, (answer) => {
      let body = '';
      const done = () => {
        clearTimeout(waiting);
        const codes = [...body.matchAll(/"code":"(\w+)"/g)].map(([, code]) => code!);
        resolve({
          outcome: answer.statusCode!,
          code: codes.includes('INTERNAL') ? 'INTERNAL' : (codes[0] ?? 'none'),
          body,
        });
        sent.destroy();
      };
      // A subscription that was accepted may have nothing to tell.
      const waiting = setTimeout(done, 20_000);
      if (accept === 'text/event-stream') setTimeout(done, 300);
      answer.on('data', (chunk) => (body += chunk)).on('end', done);
    });
    sent.on('error', reject).end(JSON.stringify({ query }));
  });
}

const CURSOR = /(?<=after: )"[^"]*"/;

/** Its cursor is replaced by a damaged one. */
function damageCursor(document: string, random: Random): string {
  const damaged = () => {
    const bytes = Buffer.from(random.pick(cursors), 'base64url');
    const changes = random.below(3) + 1;
    for (let i = 0; i < changes; i++) bytes[random.below(bytes.length)] = random.below(256);
    const cut = bytes.subarray(0, random.below(4) === 0 ? random.below(bytes.length) : bytes.length);
    return `"${cut.toString(random.pick(['base64', 'base64url', 'hex']))}"`;
  };
  return document.replace(CURSOR, damaged);
}

const TOKENS = [
  '{',
  '}',
  '(',
  ')',
  ':',
  '$',
  '@skip(if: true)',
  '...',
  '"',
  '\\u0000',
  '-1',
  '1e400',
  'null',
  '[]',
  '{}',
  '9'.repeat(20),
  'é',
  '\u{1F600}',
  '# x\n',
  'subscription',
  'first: 2',
  'last: 2',
];

/** Some of its words are taken out, repeated, put elsewhere or replaced. */
function mutate(document: string, random: Random): string {
  const words = document.split(/(?<=[\s{}():"])|(?=[\s{}():"])/);
  for (let change = random.below(3); change >= 0; change--) {
    const at = random.below(words.length);
    random.pick([
      () => words.splice(at, 1),
      () => words.splice(at, 0, words[at]!),
      () => words.splice(at, 1, random.pick(TOKENS)),
      () => words.splice(at, 0, random.pick(TOKENS)),
      () => words.splice(random.below(words.length), 0, ...words.splice(at, 1)),
      () => words.splice(at, 1, random.pick(words)),
    ])();
  }
  return words.join('');
}
