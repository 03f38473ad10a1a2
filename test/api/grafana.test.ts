/**
 * The dashboard of examples/grafana against a server: what its panels ask, as Grafana's Infinity data source puts it (its variables filled
 * in; a GraphQL body as `{ query }`), and whether what they select is there. Grafana itself is no part of it.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ask } from './harness.ts';
import { openWorld, type World } from './world.ts';

interface Target {
  type: 'csv' | 'graphql';
  url: string;
  url_options: { method: string; body_content_type?: string; body_graphql_query?: string };
  root_selector: string;
  columns: { selector: string; type: 'timestamp' | 'number' | 'string' }[];
}
interface Dashboard {
  panels: { title: string; targets: [Target] }[];
  templating: { list: { name: string }[] };
}
const DASHBOARD = JSON.parse(
  readFileSync(new URL('../../examples/grafana/dashboard.json', import.meta.url), 'utf8'),
) as Dashboard;
/** Of the frames of the world's sources. */
const FIRST_FRAME = 1_760_000_000_000;

let world: World;
beforeAll(async () => {
  world = await openWorld();
  const { data } = await ask(
    world.url,
    `mutation { registerStream(input: { name: "clip", purpose: RESEARCH, source: { file: "clip.mp4" },
      tags: [{ key: "site", value: "lab" }] }) { session { id } } }`,
  );
  const state = `{ session(id: "${data.registerStream.session.id}") { state } }`;
  const isOver = async () => (await ask(world.url, state)).data.session.state === 'ENDED';
  await vi.waitUntil(isOver, { timeout: 60_000 });
});
afterAll(() => world.close());

/** As Grafana fills them in, of a time that the frames and the session lie in. */
function filled(text: string, from = FIRST_FRAME - 1000): string {
  const values: Record<string, string> = {
    ...{ mien: world.url, tag: 'site=lab' },
    '__from:date:iso': new Date(from).toISOString(),
    '__to:date:iso': new Date(Date.now() + 60_000).toISOString(),
  };
  return text.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the dashboard takes \${${name}}, which nobody fills in`);
    return value;
  });
}

type Item = Record<string, unknown>;

async function rowsOf({ type, url, url_options, root_selector }: Target, from?: number): Promise<Item[]> {
  const { method, body_content_type, body_graphql_query } = url_options;
  const response = await fetch(filled(url, from), {
    method,
    ...(body_graphql_query && {
      headers: { 'content-type': body_content_type ?? '' },
      body: JSON.stringify({ query: filled(body_graphql_query, from) }),
    }),
  });
  const text = await response.text();
  expect({ status: response.status, text: response.ok ? '' : text }).toEqual({ status: 200, text: '' });
  if (type === 'csv') return parse(text, { columns: true }) as Item[];
  return selected(JSON.parse(text), root_selector) as Item[];
}

function selected(item: unknown, path: string): unknown {
  return path.split('.').reduce((value, name) => (value as Item | undefined)?.[name], item);
}

describe.each(DASHBOARD.panels)('the panel "$title"', ({ targets: [target] }) => {
  test('has rows in which each of its columns has what it says', async () => {
    const rows = await rowsOf(target);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      for (const { selector, type } of target.columns) {
        const cell = target.type === 'csv' ? row[selector] : selected(row, selector);
        expect(cell, selector).toBeDefined();
        if (type === 'number') expect(Number.isFinite(Number(cell)), selector).toBe(true);
        if (type === 'timestamp') expect(Date.parse(String(cell)), selector).toBeGreaterThan(FIRST_FRAME - 1);
      }
    }
  });

  test('has none of a time in which nothing was', async () => {
    expect(await rowsOf(target, Date.now() + 30_000)).toEqual([]);
  });
});

test('what the panels take is offered as a variable of the dashboard, or is the time', () => {
  const taken = new Set(
    [...JSON.stringify(DASHBOARD.panels).matchAll(/\$\{([^}]+)\}/g)].map(([, name]) => name!),
  );
  const offered = [...DASHBOARD.templating.list.map(({ name }) => name), '__from:date:iso', '__to:date:iso'];
  expect([...taken].filter((name) => !offered.includes(name))).toEqual([]);
});
