/** Cursors that nobody was given: those of other lists, torn ones, and many that a generator makes. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { STREAM as STREAM_INPUT } from '../helpers/database.ts';
import { seeded } from '../helpers/memory-store.ts';
import { ask } from './harness.ts';
import { openWorld, type World } from './world.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const REFUSED = ['CURSOR_INVALID', 'CURSOR_EXPIRED', 'BAD_INPUT'];
const CASES = 150;

let world: World;
let ids: { stream: string; session: string };
beforeAll(async () => {
  world = await openWorld();
  const stream = await world.store.streams.create(STREAM_INPUT);
  const session = await world.store.sessions.create({ streamId: stream.id, modelId: 'test@1' });
  ids = { stream: stream.id, session: session.id };
});
afterAll(() => world.close());

const LISTS = [
  'streams(first: 1, after: $c) { nodes { id } }',
  'streams(last: 1, before: $c) { nodes { id } }',
  'streams(first: 1, after: $c, orderBy: { field: NAME }) { nodes { id } }',
  'sessions(first: 1, after: $c) { nodes { id } }',
  'sessions(first: 1, after: $c, orderBy: { field: ENDED_AT }) { nodes { id } }',
  'stream(id: $stream) { sessions(first: 1, after: $c) { nodes { id } } }',
  'session(id: $session) { timeline(first: 1, after: $c) { nodes { seq } } }',
];

/** What each list that takes a cursor answers: nothing, or the code of its refusal. */
async function codesOf(cursor: string): Promise<(string | undefined)[]> {
  const answers = LISTS.map((list) => {
    const declared = [
      '$c: String',
      ...['stream', 'session'].filter((name) => list.includes(`$${name}`)).map((name) => `$${name}: ID!`),
    ];
    return ask(world.url, `query (${declared}) { ${list} }`, { c: cursor, ...ids });
  });
  return (await Promise.all(answers)).map(({ errors }) => errors && String(errors[0]?.extensions?.code));
}
const base64 = (text: string) => Buffer.from(text).toString('base64');

it.each([
  ...['', 'x', 'null', '{}', '[]', '["ordinal"]', '["ordinal",1,2]', '["ordinal","1"]', '["ordinal",null]'],
  ...['["ordinal",1.5]', '["ordinal",1e99]', '["ordinal",99999999999]', '[["ordinal"],1]', '["id","x"]'],
  ...[
    '["name,ordinal",1,1]',
    '["name,ordinal","\\u0000",1]',
    '["name,ordinal","x"]',
    '["name,ordinal","x",null]',
  ],
  ...[
    '["endedAt,ordinal","x",1]',
    '["endedAt,ordinal",0,1]',
    '["endedAt,ordinal","-000001-01-01T00:00:00.000Z",1]',
  ],
  'GPC:N:1',
])('the cursor %s is refused by every list', async (text) => {
  for (const code of await codesOf(base64(text))) expect(REFUSED).toContain(code);
});

it('a generated cursor is either understood or refused with a code, by every list', async () => {
  const random = seeded(20261128);
  const below = (limit: number) => Math.floor(random() * limit);
  const bytes = () => Buffer.from(Array.from({ length: below(40) }, () => below(256)));
  const value = () =>
    [below(2 ** 33) - 2 ** 32, null, bytes().toString('latin1'), new Date(below(2 ** 42)).toISOString(), {}][
      below(5)
    ];
  const values = () => Array.from({ length: 1 + below(3) }, value);
  const forms = [
    () => base64(JSON.stringify([['ordinal', 'name,ordinal', 'endedAt,ordinal'][below(3)], ...values()])),
    () =>
      Buffer.from(`s1 ${ids.session} ${below(2) ? below(2 ** 33) - 2 ** 32 : bytes()}`).toString('base64url'),
    () => Buffer.from(`a1 ${below(2 ** 40)} ${ids.session}:${below(2 ** 33)}`).toString('base64url'),
    () => bytes().toString('base64'),
    () => bytes().toString('latin1'),
  ];
  const bad: unknown[] = [];
  for (let at = 0; at < CASES; at++) {
    const cursor = forms[at % forms.length]!();
    const codes = await codesOf(cursor);
    if (!codes.every((code) => code === undefined || REFUSED.includes(code))) bad.push({ cursor, codes });
  }
  expect(bad).toEqual([]);
});
