/** Text and times that no database keeps as they were given are refused before anything is asked of it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, openTestApi, type TestApi } from './harness.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({});
});
afterAll(() => api.close());

const ID = '00000000-0000-7000-8000-000000000001';
const errorOf = async (query: string, variables: Record<string, unknown> = {}) => {
  const { errors } = await ask(api.url, query, variables);
  return { code: errors?.[0]?.extensions?.code, message: errors?.[0]?.message };
};

it.each(['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+01:00', '9999-12-31T23:59:59-01:00'])(
  'a time outside of the years 1 to 9999 is refused, as a literal and as a variable: %s',
  async (time) => {
    const refused = { code: 'BAD_INPUT', message: expect.stringContaining('the years 1 to 9999') };
    const sessions = (from: string) =>
      `{ sessions(filter: { range: { wall: { from: ${from} } } }) { nodes { id } } }`;
    expect(await errorOf(sessions(JSON.stringify(time)))).toEqual({
      ...refused,
      code: expect.stringMatching(/^(BAD_INPUT|GRAPHQL_VALIDATION_FAILED)$/),
    });
    expect(await errorOf(`query ($t: DateTime) ${sessions('$t')}`, { t: time })).toEqual(refused);
  },
);

it.each([
  ['label', 'a\u2028b', '`label`'],
  ['label', 'a\ud800b', '`label`'],
  ['notes', 'a\ud800b', '`notes`'],
])('%s %j is refused, as it would be kept as something else', async (field, text, named) => {
  const query = `mutation ($text: String) { updateSession(input: { id: "${ID}", ${field}: $text }) { session { id } } }`;
  expect(await errorOf(query, { text })).toEqual({
    code: 'BAD_INPUT',
    message: expect.stringContaining(named),
  });
});

it('a cursor with a time of year 0 is none', async () => {
  const codeAt = async (year: string) => {
    const cursor = Buffer.from(
      JSON.stringify(['endedAt,ordinal', `${year}-01-01T00:00:00.000Z`, 1]),
    ).toString('base64url');
    return (await errorOf(`{ sessions(orderBy: { field: ENDED_AT }, after: "${cursor}") { nodes { id } } }`))
      .code;
  };
  expect(await codeAt('0000')).toBe('CURSOR_INVALID');
  // What is asked then is nothing that this API has.
  expect(await codeAt('0001')).not.toBe('CURSOR_INVALID');
});
