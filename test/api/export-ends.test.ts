/** An export ends where nobody reads it any more, or may: with its reading of the database, and its thread. */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { createAccess } from '../../src/access/access.ts';
import type { RecordingQueries, Services } from '../../src/api/index.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { MemorySignIns } from '../helpers/sign-ins.ts';
import { type MemoryTokens, memoryTokens } from '../helpers/tokens.ts';
import { moment, openTestApi, SESSION, STREAM, type TestApi, until } from './harness.ts';

/** Readings of a session that goes on as long as it is read. */
class Endless {
  /** Pages that were asked for. */
  asked = 0;
  /** Readings that are under way. */
  open = 0;
  /** Before each page. */
  pauseMs = 1;
  /** While set, the next page waits for it. */
  stall: Promise<void> | null = null;

  readonly pages: RecordingQueries['pages'] = (_session, _after, pageSize) => this.#read(pageSize);

  async *#read(pageSize: number): AsyncGenerator<readonly Moment[], undefined> {
    this.open += 1;
    try {
      for (let seq = 0; ; seq += pageSize) {
        this.asked += 1;
        await this.stall;
        await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
        yield Array.from({ length: pageSize }, (_, index) => moment(seq + index));
      }
    } finally {
      this.open -= 1;
    }
  }
}

let endless: Endless;
let tokens: MemoryTokens;
let api: TestApi;

async function open(limits: { connectionsPerAddress?: number } = {}, lastSeq = 1e9): Promise<void> {
  endless = new Endless();
  tokens = memoryTokens();
  const { authenticator } = createAccess({
    ...{ mode: 'required', loopback: true, tokens, signIns: new MemorySignIns(), times: { freshMs: 0 } },
  });
  const session = {
    id: SESSION,
    streamId: STREAM,
    tags: {},
    frameWidth: 6,
    frameHeight: 4,
    lastSeq,
    mediaStart: 0,
    mediaEnd: null,
  };
  const row = { ...session, stream: { name: 'hall', tags: {} }, model: { actionUnits: ['AU1', 'AU12'] } };
  const prisma = { session: { findUnique: async () => row } } as unknown as Services['prisma'];
  const recordings = { pages: endless.pages } as RecordingQueries;
  api = await openTestApi({ prisma, recordings }, { authenticator, watchMs: 20, limits });
}
afterEach(() => api.close());

function get(path: string, secret: string): ClientRequest {
  const headers = { authorization: `Bearer ${secret}` };
  const asked = request(`${api.url}/export/sessions/${SESSION}/${path}`, { headers, agent: false });
  asked.on('error', () => {}).end();
  return asked;
}

test.each(['csv', 'jsonl', 'parquet'])(
  'a client that goes away before the first byte of %s leaves nothing that is read on',
  async (format) => {
    await open({ connectionsPerAddress: 1 });
    const { secret } = await tokens.add();
    let go = (): void => {};
    endless.stall = new Promise((resolve) => {
      go = resolve;
    });
    const asked = get(`readings.${format}`, secret);
    await until(() => endless.open === 1, 'it is read');
    asked.destroy();
    await until(async () => (await health()) === 200, 'the server has seen it go, and takes another');
    go();
    await until(() => endless.open === 0, 'nothing is read on');
  },
);

test.each(['csv', 'parquet'])(
  'a token that is revoked ends its exports of %s in the middle',
  async (format) => {
    await open();
    const { secret, id } = await tokens.add();
    const [answer] = (await once(get(`readings.${format}`, secret), 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    const ended = new Promise<string>((resolve) => {
      answer.once('error', ({ message }) => resolve(message)).once('end', () => resolve('whole'));
    });
    answer.resume();
    await tokens.revoke(id);
    expect(await ended).toBe('aborted');
    await until(() => endless.open === 0, 'nothing is read on');
  },
);

test('an export of a session that goes on ends with what there was when it was asked for', async () => {
  await open({}, 1234);
  const { secret } = await tokens.add();
  const headers = { authorization: `Bearer ${secret}` };
  const answer = await fetch(`${api.url}/export/sessions/${SESSION}/timeline.csv`, { headers });
  const [, ...lines] = (await answer.text()).trimEnd().split('\n');
  expect(lines).toHaveLength(1235);
  expect(lines.at(-1)).toMatch(/^[^,]+,[^,]+,hall,1234,/);
  await until(() => endless.open === 0, 'nothing is read on');
});

test('the fifth export as Parquet at a time is refused, other formats are not, and it goes once one has ended', async () => {
  await open();
  // So that four threads do not encode as fast as they can.
  endless.pauseMs = 250;
  const { secret } = await tokens.add();
  const held = Array.from({ length: 4 }, () => get('readings.parquet', secret));
  await until(() => endless.open === 4, 'four are read');
  const [fifth] = (await once(get('readings.parquet', secret), 'response')) as [IncomingMessage];
  expect(fifth.statusCode).toBe(429);
  expect(fifth.headers['retry-after']).toBe('5');
  const csv = get('readings.csv', secret);
  const [text] = (await once(csv, 'response')) as [IncomingMessage];
  expect(text.statusCode).toBe(200);
  csv.destroy();
  held.pop()?.destroy();
  await until(() => endless.open === 3, 'one has ended');
  // Its place is free once its thread has ended, too.
  await until(async () => {
    const asked = get('readings.parquet', secret);
    held.push(asked);
    return Promise.race([
      once(asked, 'response').then(([{ statusCode }]) => statusCode === 200),
      until(() => endless.open === 4, 'another is read').then(() => true),
    ]);
  }, 'there is a place for another');
  for (const one of held) one.destroy();
  await until(() => endless.open === 0, 'nothing is read on');
});

/** Asked by a connection of its own. */
async function health(): Promise<number | undefined> {
  const asked = request(`${api.url}/health`, { agent: false }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'close');
  return answer.statusCode;
}
