/** GraphQL over HTTP, audited by those who wrote its specification. */
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorld, type World } from '../api/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** Queries by GET must be such as no form of a foreign page can send. */
const MARK = { 'x-requested-with': 'graphql-http' };
const audits = serverAudits({
  url: () => `${world.url}/graphql`,
  fetchFn: (url: string, init: RequestInit = {}) =>
    fetch(url, { ...init, headers: { ...init.headers, ...(init.method === 'POST' ? {} : MARK) } }),
});

it('all audits of graphql-http are known', () => {
  expect(audits).toHaveLength(61);
});

it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))(
  'the server passes audit %s of graphql-http: it %s',
  async (_id, _name, audit) => {
    const result = await audit.fn();
    expect(result).toMatchObject({ status: 'ok' });
  },
);
