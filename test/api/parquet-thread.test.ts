/** The thread that writes Parquet: what it writes, how it waits for whoever reads, and where it is lost. */
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { expect, test, vi } from 'vitest';
import { MOST_WAITING } from '../../src/tables/parquet/parquet-protocol.ts';
import { parquetTable } from '../../src/tables/parquet/parquet-table.ts';
import type { Column } from '../../src/tables/table.ts';
import { spawnBeside } from '../../src/threads/spawn.ts';
import { seeded } from '../helpers/memory-store.ts';

const TABLE = new URL('../../src/tables/parquet/parquet-table.ts', import.meta.url).href;

interface Row {
  at: number;
  score: number | null;
  sum: number | null;
  isCut: boolean | null;
  time: string | null;
  label: string | null;
  name: string;
}

const COLUMNS: Column<Row>[] = [
  { name: 'at', type: 'INT32', value: ({ at }) => at },
  { name: 'score', type: 'FLOAT', value: ({ score }) => score },
  { name: 'label', type: 'STRING', value: ({ label }) => label },
  { name: 'sum', type: 'DOUBLE', value: ({ sum }) => sum },
  { name: 'isCut', type: 'BOOLEAN', value: ({ isCut }) => isCut },
  { name: 'time', type: 'TIMESTAMP', value: ({ time }) => time },
  { name: 'name', type: 'STRING', value: ({ name }) => name },
];

function rowAt(at: number, random: () => number): Row {
  const maybe = <T>(value: T): T | null => (random() < 0.1 ? null : value);
  return {
    ...{ at, score: maybe(Math.fround(random())), sum: maybe(random()), isCut: maybe(random() < 0.5) },
    time: maybe(new Date(1_760_000_000_000 + at * 100).toISOString()),
    ...{ label: maybe(`label ${Math.floor(random() * 8)}`), name: `name ${Math.floor(at / 1000)}` },
  };
}

test('rows of pages of any length come back as they were, in groups of 100,000', {
  timeout: 120_000,
}, async () => {
  const random = seeded(5);
  const rows = Array.from({ length: 230_000 }, (_, at) => rowAt(at, random));
  async function* pages() {
    for (let at = 0; at < rows.length; ) {
      const end = at + Math.floor(random() * 1700);
      yield rows.slice(at, end);
      at = end;
    }
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of parquetTable(COLUMNS, pages())) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  expect(parquetMetadata(file).row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([
    100_000, 100_000, 30_000,
  ]);
  const element = parquetMetadata(file).schema.find(({ name }) => name === 'time');
  expect(element?.logical_type).toEqual({ type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' });
  const read = await parquetReadObjects({ file });
  expect(read).toHaveLength(rows.length);
  for (const at of [...rows.keys()].filter((row) => row % 97 === 0 || row % 100_000 < 3)) {
    const { time, ...row } = rows[at]!;
    expect(read[at]).toEqual({ ...row, time: time === null ? null : new Date(time) });
  }
});

test('whoever reads slowly has the thread wait, and whoever leaves then ends it', {
  timeout: 60_000,
}, async () => {
  let sent = 0;
  let hasEnded = false;
  const columns = Array.from(
    { length: 40 },
    (_, at): Column<number> => ({ name: `c${at}`, type: 'FLOAT', value: (row) => Math.sin(row * (at + 1)) }),
  );
  async function* pages() {
    for (let at = 0; ; at += 5000) yield Array.from({ length: 5000 }, (_, row) => at + row);
  }
  const table = parquetTable(columns, pages(), {
    spawn: (workerData) => {
      const thread = spawnBeside(TABLE, 'parquet.worker', { workerData });
      thread.on('message', (message) => {
        if ('chunk' in message) sent += 1;
      });
      thread.once('exit', () => {
        hasEnded = true;
      });
      return thread;
    },
  });
  // A group has 16 MB, which are 64 chunks.
  for await (const chunk of table) {
    if (chunk.byteLength === 0) continue;
    await sleep(1000);
    expect(sent).toBe(MOST_WAITING);
    break;
  }
  await vi.waitUntil(() => hasEnded, { timeout: 10_000 });
});

class LostThread extends EventEmitter {
  postMessage(): void {}
  async terminate(): Promise<number> {
    return 1;
  }
}

test('a thread that is lost while rows are read fails the table, which does not wait for it', async () => {
  const thread = new LostThread();
  async function* pages() {
    thread.emit('error', new Error('out of memory'));
    yield [1, 2];
  }
  const columns = [{ name: 'row', type: 'INT32', value: (row: number) => row }] as const;
  const table = parquetTable(columns, pages(), { spawn: () => thread });
  await expect(table.next()).rejects.toThrow('The thread that writes Parquet failed: out of memory');
});

test('a thread that is lost while it is waited for fails the table', async () => {
  const thread = new LostThread();
  async function* pages() {
    yield [1, 2];
    setTimeout(() => thread.emit('exit'), 10);
  }
  const columns = [{ name: 'row', type: 'INT32', value: (row: number) => row }] as const;
  const table = parquetTable(columns, pages(), { spawn: () => thread });
  await table.next();
  await expect(table.next()).rejects.toThrow('The thread that writes Parquet ended');
});
