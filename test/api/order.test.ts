/** What an answer holds comes in the order in which it was asked for ("Response Map Ordering" in the GraphQL specification), whatever is read first. */
import { type FieldNode, type OperationDefinitionNode, parse, type SelectionSetNode } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, until } from './harness.ts';
import { get, post, webSocket } from './matrix-transports.ts';
import { openWorld, type World } from './world.ts';

const QUERY = `{
  streams(first: 1) { nodes { latestSession { summary { frames tracks } state aggregate(bucket: 1) { start faces } id timeline(first: 1) { edges { node { seq } cursor } } } name id } }
  models { name id }
  sessions(first: 1) { pageInfo { hasNextPage } nodes { id } }
}`;

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await ask(
    world.url,
    'mutation { registerStream(input: { name: "a", source: { file: "a.mp4" }, purpose: RESEARCH }) { stream { id } } }',
  );
  const states = '{ sessions(first: 1) { nodes { state } } }';
  await until(
    async () => (await ask(world.url, states)).data.sessions.nodes[0]?.state === 'ENDED',
    'it ended',
  );
});
afterAll(() => world.close());

test.each(Object.entries({ post, get, webSocket }))('over %s', async (_name, transport) => {
  const { data } = await transport({ url: world.url, token: null, query: QUERY, variables: {} });
  const [operation] = parse(QUERY).definitions as OperationDefinitionNode[];
  expect(keysOf(data)).toEqual(namesIn(operation!.selectionSet));
});

type Keys = [string, Keys | null][];

function namesIn({ selections }: SelectionSetNode): Keys {
  return (selections as FieldNode[]).map(({ name, selectionSet }) => [
    name.value,
    selectionSet ? namesIn(selectionSet) : null,
  ]);
}

/** Of the first where there are several. */
function keysOf(value: unknown): Keys | null {
  if (Array.isArray(value)) return keysOf(value[0]);
  if (typeof value !== 'object' || value === null) return null;
  return Object.entries(value).map(([key, below]) => [key, keysOf(below)]);
}
