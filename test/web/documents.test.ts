/** What the page asks is what the server understands, and what it asks while watching is shared. */
import { getIntrospectionQuery, type IntrospectionQuery, parse, validate } from 'graphql';
import { afterAll, beforeAll, expect, it, test } from 'vitest';
import { planSubscription } from '../../src/api/fanout/operation.ts';
import { schema } from '../../src/api/schema/index.ts';
import * as documents from '../../src/web/documents.js';
import { EXPRESSIONS } from '../../src/web/format.js';
import { ask, openTestApi, type TestApi } from '../api/harness.ts';
import { ANYBODY } from '../helpers/access.ts';

const texts = Object.entries(documents).flatMap(([name, text]): [string, string][] =>
  typeof text === 'string' ? [[name, text]] : [],
);

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({ refusedPurposes: ['EDUCATION'] });
});
afterAll(() => api.close());

it('the documents of the dashboard are found', () => {
  expect(texts.length).toBeGreaterThan(9);
});

it.each(texts)('the dashboard’s document %s is valid against the schema', (_name, text) => {
  expect(validate(schema, parse(text))).toEqual([]);
});

it('the dashboard asks for recorded moments by stretches and pages alone, and never for raw probabilities', () => {
  expect(texts.filter(([, text]) => text.includes('rawProbabilities'))).toEqual([]);
  const asking = texts.filter(([, text]) => /\btimeline\b/.test(text));
  expect(asking.map(([name]) => name).sort()).toEqual(['SINGLE_MOMENTS', 'STAGE']);
  for (const [, text] of asking) expect(text).toMatch(/timeline\(range: \$range, first: \d{3}\)/);
});

test('one execution serves all dashboards that watch a stream, also those that resumed and have caught up', () => {
  const streamId = '0190b0f0-0000-7000-8000-000000000001';
  const planOf = (text: string, variableValues: Record<string, unknown>) =>
    planSubscription({ schema, document: parse(text), variableValues, contextValue: { requester: ANYBODY } });
  const { key } = planOf(documents.MOMENTS, { streamId });
  expect(key).not.toBeNull();
  expect(planOf(documents.MOMENTS, { streamId }).key).toEqual(key);
  const resumed = planOf(documents.MOMENTS, { streamId, after: 'a cursor' });
  expect([resumed.key, resumed.live?.key]).toEqual([null, key]);
});

test('the dashboard lists the expressions of the schema, in its order', async () => {
  const { data } = await ask(api.url, getIntrospectionQuery());
  const type = (data as IntrospectionQuery).__schema.types.find(({ name }) => name === 'Expression');
  expect(type).toMatchObject({ enumValues: EXPRESSIONS.map((name) => ({ name })) });
});

test('the register dialog gets the purposes and their descriptions from the server', async () => {
  const { data } = await ask(api.url, documents.PURPOSES);
  const names = data.__type.enumValues.map(({ name }: { name: string }) => name);
  expect(names).toContain('RESEARCH');
  expect(names).toContain('EDUCATION');
  expect(data.refusedPurposes).toEqual(['EDUCATION']);
  for (const { description } of data.__type.enumValues) expect(description).toMatch(/\.$/);
});
