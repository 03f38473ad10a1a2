/** `summary.csv`: a row for each input, and for one that failed its error. */
import { type CsvOptions, csvTable } from '../../tables/table.ts';
import { TALLY_COLUMNS } from './input-tally.ts';
import type { ResultEntry } from './manifest.ts';

export function summaryOf(entries: readonly ResultEntry[], options: CsvOptions): string {
  const { head, text } = csvTable<ResultEntry>(
    [
      { name: 'input', type: 'STRING', value: ({ input }) => input },
      { name: 'output', type: 'STRING', value: ({ output }) => output },
      { name: 'error', type: 'STRING', value: ({ error }) => error },
      { name: 'warnings', type: 'STRING', value: ({ warnings }) => warnings.join('; ') || null },
      ...TALLY_COLUMNS.map((name, at) => ({
        ...{ name, type: 'DOUBLE' as const },
        value: ({ tally }: ResultEntry) => tally[at] ?? null,
      })),
    ],
    options,
  );
  return head + text(entries);
}
