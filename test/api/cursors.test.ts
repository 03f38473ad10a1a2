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

/** What each place that takes a cursor answers: nothing, or the code of its refusal. */
async function codesOf(cursor: string): Promise<(string | null)[]> {
  const query = `query ($c: String, $stream: ID!, $session: ID!) {
    streamsAfter: streams(first: 1, after: $c) { nodes { id } }
    streamsBefore: streams(last: 1, before: $c) { nodes { id } }
    sessions(first: 1, after: $c) { nodes { id } }
    stream(id: $stream) { sessions(first: 1, after: $c) { nodes { id } } }
    session(id: $session) { timeline(first: 1, after: $c) { nodes { seq } } }
  }`;
  const { errors = [] } = await ask(world.url, query, { c: cursor, ...ids });
  return errors.map(({ extensions }) => String(extensions?.code));
}
const base64 = (text: string) => Buffer.from(text).toString('base64');

it.each([
  'N:q',
  'N:',
  'N:NaN',
  'N:Infinity',
  'N:1e99',
  'N:-1',
  'N:1.5',
  'N:99999999999',
  'D:x',
  'I:1',
  'O:true',
  'Z:',
  'T:[1]',
  'J:["1"]',
  'S:1',
])('the cursor GPC:%s is refused by every list', async (chunk) => {
  const codes = await codesOf(base64(`GPC:${chunk}`));
  expect(codes).toHaveLength(5);
  for (const code of codes) expect(REFUSED).toContain(code);
});

it('a generated cursor is either understood or refused with a code, by every list', async () => {
  const random = seeded(20261128);
  const below = (limit: number) => Math.floor(random() * limit);
  const bytes = () => Buffer.from(Array.from({ length: below(40) }, () => below(256)));
  const forms = [
    () =>
      base64(
        `GPC:${String.fromCharCode(65 + below(26))}:${below(2) ? below(2 ** 32) : bytes().toString('latin1')}`,
      ),
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
    if (!codes.every((code) => REFUSED.includes(String(code)))) bad.push({ cursor, codes });
  }
  expect(bad).toEqual([]);
});
