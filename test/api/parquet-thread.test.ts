/** The thread that writes Parquet, where it is lost. */
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { parquetTable } from '../../src/tables/parquet/parquet-table.ts';

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
  const table = parquetTable(columns, pages(), () => thread);
  await expect(table.next()).rejects.toThrow('The thread that writes Parquet failed: out of memory');
});
