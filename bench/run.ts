/** `npm run bench [-- NAME…] [--quick]`: runs the rows in turn, prints the table and writes it down. */
import '../src/no-telemetry.ts';

import { readdirSync } from 'node:fs';
import type { Result, Row } from './harness.ts';
import { line, load, writeReport } from './report.ts';

const ROWS = new URL('./rows/', import.meta.url);

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const names = args.filter((arg) => !arg.startsWith('--'));
const rows = await loadRows();
const chosen = choose(rows, names);
const all = rows.map(({ name }) => name);

const missing: string[] = [];

for (const row of chosen) {
  console.error(`# ${row.name}: ${row.measures}`);
  const results: Result[] = [];
  const loads: number[] = [];
  const log = (text: string) => console.error(`  ${text}`);
  const leftOut = (what: string) => {
    log(`left out: ${what}`);
    missing.push(`${row.name}: ${what}`);
  };
  for await (const result of row.run({ quick, log, leftOut })) {
    results.push(result);
    loads.push(load());
    console.log(line(result));
    // At once, so that what was measured is kept when a later case fails.
    if (!quick) writeReport(results, row.name, all, loads);
  }
}
for (const what of missing) console.error(`Not measured: ${what}`);
process.exit(missing.length > 0 ? 1 : 0);

async function loadRows(): Promise<Row[]> {
  const files = readdirSync(ROWS)
    .filter((file) => file.endsWith('.ts'))
    .sort();
  return Promise.all(files.map(async (file) => (await import(new URL(file, ROWS).href)).row as Row));
}

function choose(all: Row[], names: string[]): Row[] {
  const unknown = names.filter((name) => !all.some((row) => row.name === name));
  if (unknown.length > 0) {
    console.error(
      `No row is called ${unknown.join(', ')}. There are: ${all.map((row) => row.name).join(', ')}.`,
    );
    process.exit(2);
  }
  return names.length === 0 ? all : all.filter((row) => names.includes(row.name));
}
