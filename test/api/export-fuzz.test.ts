/** Addresses of exports made up from a seed: each is answered, with a table or with a sentence, and never with a failure of the server. */
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { EXPORTED_TABLES } from '../../src/tables/session-tables.ts';
import { seeded } from '../helpers/memory-store.ts';
import { ask } from './harness.ts';
import { openWorld, type World } from './world.ts';

const ADDRESSES = 2_000;
const AT_ONCE = 4;
/** A thread is started for each. */
const PARQUET_SHARE = 0.03;

let world: World;
/** Two sessions, and the stream of the first. */
let ids: [first: string, second: string, stream: string];

beforeAll(async () => {
  world = await openWorld();
  const registered = [];
  for (const name of ['one', 'two']) {
    const { data } = await ask(
      world.url,
      `mutation { registerStream(input: { name: "${name}", purpose: RESEARCH, source: { file: "${name}.mp4" },
        tags: [{ key: "site", value: "${name}" }] }) { stream { id } session { id } } }`,
    );
    registered.push(data.registerStream);
  }
  ids = [registered[0].session.id, registered[1].session.id, registered[0].stream.id];
  await vi.waitUntil(
    async () => {
      const { data } = await ask(world.url, '{ sessions { nodes { state } } }');
      return data.sessions.nodes.every(({ state }: { state: string }) => state === 'ENDED');
    },
    { timeout: 60_000 },
  );
});
afterAll(() => world.close());

test(`of ${ADDRESSES} made-up addresses none fails, and each refusal is a sentence`, {
  timeout: 600_000,
}, async () => {
  const random = seeded(7);
  const addresses = Array.from({ length: ADDRESSES }, () => makeAddress(random));
  const answers = new Map<number, number>();
  const faults: string[] = [];
  const remaining = addresses.values();
  const askInTurn = async () => {
    for (const address of remaining) {
      const { status, fault } = await tryOut(address);
      answers.set(status, (answers.get(status) ?? 0) + 1);
      if (fault !== null) faults.push(`${address}: ${status} ${fault}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, askInTurn));
  expect(faults).toEqual([]);
  // Or what is made up tells nothing.
  expect(answers.get(200)).toBeGreaterThan(ADDRESSES / 10);
  expect(answers.get(400)).toBeGreaterThan(ADDRESSES / 10);
  expect((await fetch(`${world.url}/health`)).status).toBe(200);
});

async function tryOut(address: string): Promise<{ status: number; fault: string | null }> {
  const response = await fetch(`${world.url}${address}`, { signal: AbortSignal.timeout(60_000) });
  const { status } = response;
  const body = await response.text();
  if (status === 200) {
    if (address.includes('.csv')) parse(body, { columns: true });
    return { status, fault: null };
  }
  const { errors } = JSON.parse(body) as { errors: { message: string; extensions: { code: string } }[] };
  const [error] = errors;
  const isSentence = /^.{10,}\.$/s.test(error?.message ?? '') && error?.extensions.code !== 'INTERNAL';
  return { status, fault: [400, 404, 410].includes(status) && isSentence ? null : body.slice(0, 300) };
}

function makeAddress(random: () => number): string {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  const table =
    random() < 0.02 ? pick(['nothing', 'constructor', '__proto__', '', '%00']) : pick(EXPORTED_TABLES);
  const format =
    random() < PARQUET_SHARE
      ? 'parquet'
      : pick(['csv', 'csv', 'csv', 'jsonl', random() < 0.1 ? 'toString' : 'jsonl']);
  const id = random() < 0.1 ? pick([...odd(pick), ids[2]]) : pick([ids[0], ids[1], ids[0].toUpperCase()]);
  const path = random() < 0.5 ? `query/${table}` : `sessions/${encodeURIComponent(id)}/${table}`;
  const parameters = Array.from({ length: Math.floor(random() ** 2 * 5) }, () => {
    const name = random() < 0.03 ? pick(odd(pick)) : pick(NAMES);
    const value = random() < 0.6 ? pick(usual(name, random, pick)) : pick(odd(pick));
    const isRaw = random() < 0.05;
    return isRaw ? `${name}=${pick(RAW)}` : `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
  });
  return `/export/${path}.${format}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`;
}

const NAMES = [
  'from',
  'to',
  'after',
  'bucket',
  'track',
  'tagColumns',
  'bom',
  'escapeFormulas',
  'session',
  'stream',
  'purpose',
  'state',
  'tag',
];
/** As no client encodes them. */
const RAW = [
  '%00',
  '%',
  '%zz',
  '%ff%fe',
  '%ed%a0%80',
  'a=b=c',
  '+',
  '%2B',
  '&',
  ';',
  '#',
  '=',
  '%E2%80%A8',
  'site=%00',
  'site=a%0Ab',
];

/** What is asked for, or nearly. */
function usual(name: string, random: () => number, pick: <T>(list: readonly T[]) => T): string[] {
  const seconds = String(Math.round(random() * 30) / 10);
  const whole = String(Math.floor(random() * 25));
  const time = new Date(1_760_000_000_000 + random() * 3000).toISOString();
  const place = [
    whole,
    `${whole}:${Math.floor(random() * 3)}`,
    `${pick(ids)}:${whole}`,
    `${pick(ids)}:${whole}:1`,
    pick(ids),
    pick(ids).toUpperCase(),
  ];
  return (
    {
      ...{ from: [seconds, time], to: [seconds, time], after: place },
      ...{ bucket: ['1', '2', whole, '3600'], track: ['1', '2', '3'] },
      tagColumns: ['site', 'site,room', '', 'room,constructor', 'site,site', 'toString', '__proto__'],
      ...{ bom: ['true', 'false'], escapeFormulas: ['true', 'false'] },
      ...{ session: [pick(ids), pick(ids).toUpperCase()], stream: [ids[2], ids[2].toUpperCase()] },
      purpose: ['RESEARCH', 'MEDIA_ANALYTICS', 'research'],
      state: ['ENDED', 'FAILED', 'RUNNING'],
      tag: [
        'site=one',
        'site=two',
        'constructor=x',
        '__proto__=x',
        'room=',
        '=x',
        'site=a\u0000b',
        'a.b=c',
        `k=${'v'.repeat(300)}`,
      ],
    }[name] ?? ['x']
  );
}

/** Numbers, times, ids and texts at which something might break. */
function odd(pick: <T>(list: readonly T[]) => T): string[] {
  return [
    ...[
      '',
      ' ',
      '0',
      '-0',
      '-1',
      '1.5',
      '1e3',
      '1e300',
      '1e-300',
      '0x10',
      '0b1',
      '1_000',
      'NaN',
      'Infinity',
      '-Infinity',
      'null',
      'undefined',
    ],
    ...[
      '2147483647',
      '2147483648',
      '4294967296',
      '9007199254740991',
      '9007199254740993',
      '99999999999999999999',
      '1,5',
      '١٢',
    ],
    ...[
      '2026-11-28',
      '2026-02-31',
      '2026-13-01',
      '0000-01-01',
      '0001-01-01T00:00:00Z',
      '9999-12-31T23:59:59.999Z',
      '+275760-09-13T00:00:00Z',
      '2026-11-28T25:00:00Z',
      '2026-11-28T09:30:00+99:99',
      '2026-11-28T09:30:00.123456789Z',
      '-271821-04-20',
    ],
    ...[
      'constructor',
      '__proto__',
      'toString',
      'hasOwnProperty',
      '../..',
      'a\u0000b',
      '\u0000',
      '\ufffe',
      '\u202e',
      "'; DROP TABLE session; --",
      '%',
      '%25',
      '{}',
      '[]',
    ],
    ...[
      ':',
      '::',
      ':::',
      '1:',
      ':1',
      '1:2:3',
      `${pick(ids)}:`,
      `${pick(ids)}::`,
      `${pick(ids)}:1e300`,
      `${pick(ids)}:-1:9`,
      `${pick(ids)}:1.5:1`,
      '4:1.5',
      '2147483648:1',
      '1:99999999999',
    ],
    ...[
      'x'.repeat(3000),
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
      '{00000000-0000-0000-0000-000000000000}',
      '00000000000000000000000000000000',
    ],
  ];
}
