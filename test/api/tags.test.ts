/** Tags of streams: given at registration, kept as they are, and had by each session from its stream. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from './harness.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const REGISTER = `mutation ($input: RegisterStreamInput!) {
  registerStream(input: $input) { stream { id tags { key value } latestSession { id tags { key value } } } }
}`;

function register(name: string, tags?: object[]) {
  const source = { file: 'silent.mp4' };
  return ask(world.url, REGISTER, { input: { name, source, purpose: 'RESEARCH', tags } });
}

test('a stream shows the tags that it was registered with, in the order of their keys, and so do its sessions', async () => {
  const given = [
    { key: 'site', value: 'lab' },
    { key: 'participant.id', value: 'P-07 ü "quoted" {}' },
    { key: 'A', value: '1' },
  ];
  const shown = [given[2], given[1], given[0]];
  const { data, errors } = await register('tagged', given);
  expect(errors).toBeUndefined();
  const { id, tags, latestSession } = data.registerStream.stream;
  expect(tags).toEqual(shown);
  expect(latestSession.tags).toEqual(shown);
  const again = `mutation ($id: ID!) { stopStream(input: { id: $id }) { session { id } } startStream(input: { id: $id }) { session { id tags { key value } } } }`;
  expect((await ask(world.url, again, { id })).data.startStream.session.tags).toEqual(shown);
  const nodes = `query ($id: ID!) { node(id: $id) { ... on Stream { tags { key } } } sessions { nodes { tags { value } } } }`;
  const read = (await ask(world.url, nodes, { id })).data;
  expect(read.node.tags).toEqual(shown.map((tag) => ({ key: tag?.key })));
  expect(read.sessions.nodes[0].tags).toEqual(shown.map((tag) => ({ value: tag?.value })));
});

test('a stream without tags shows none', async () => {
  const { data } = await register('plain');
  expect(data.registerStream.stream).toMatchObject({ tags: [], latestSession: { tags: [] } });
});

test('twenty tags with the longest keys and values are kept', async () => {
  const tags = Array.from({ length: 20 }, (_, at) => ({
    key: String(at + 10).padEnd(64, 'k'),
    value: String(at).padEnd(256, 'v'),
  }));
  expect((await register('full', tags)).data.registerStream.stream.tags).toEqual(tags);
});

test.each([
  [
    'too many',
    Array.from({ length: 21 }, (_, at) => ({ key: `k${at}`, value: 'v' })),
    'There may be 20 tags at most.',
  ],
  [
    'an empty key',
    [{ key: '', value: 'v' }],
    'The key of a tag has 1 to 64 letters, digits and `_`, `.` or `-`.',
  ],
  [
    'a key with a space',
    [{ key: 'a b', value: 'v' }],
    'The key of a tag has 1 to 64 letters, digits and `_`, `.` or `-`.',
  ],
  [
    'a long key',
    [{ key: 'k'.repeat(65), value: 'v' }],
    'The key of a tag has 1 to 64 letters, digits and `_`, `.` or `-`.',
  ],
  [
    'a key that objects have',
    [{ key: '__proto__', value: 'v' }],
    'The key of a tag has 1 to 64 letters, digits and `_`, `.` or `-`.',
  ],
  [
    'a key twice',
    [
      { key: 'a', value: '1' },
      { key: 'a', value: '2' },
    ],
    'The tag `a` is given twice; give it once.',
  ],
  [
    'an empty value',
    [{ key: 'a', value: '' }],
    'The value of the tag `a` must have 1 to 256 characters, without line breaks.',
  ],
  [
    'a long value',
    [{ key: 'a', value: 'v'.repeat(257) }],
    'The value of the tag `a` must have 1 to 256 characters, without line breaks.',
  ],
  [
    'NUL',
    [{ key: 'a', value: 'v\0' }],
    'The value of the tag `a` must have 1 to 256 characters, without line breaks.',
  ],
  [
    'half a character',
    [{ key: 'a', value: 'v\ud800' }],
    'The value of the tag `a` must have 1 to 256 characters, without line breaks.',
  ],
])('tags with %s are refused with a sentence', async (_what, tags, message) => {
  const { errors } = await register('refused', tags);
  expect(errors).toMatchObject([{ message, extensions: { code: 'BAD_INPUT' } }]);
});
