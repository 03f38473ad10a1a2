/** Turns results into bench/RESULTS.md and bench/results.json. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { meets, type Result, type Spread } from './harness.ts';

const JSON_FILE = new URL('./results.json', import.meta.url);
const TABLE_FILE = new URL('./RESULTS.md', import.meta.url);

/** When a case was measured, and how busy the machine was: its load of the last minute, per core. */
interface Circumstances {
  date: string;
  load: number;
}

interface Report {
  machine: Record<string, string>;
  results: (Result & Circumstances)[];
}

/** Replaces one row and keeps the others, each with the date of its own run, in the order of `rows`. */
export function writeReport(
  results: readonly Result[],
  row: string,
  rows: readonly string[],
  loads: readonly number[],
): void {
  const date = new Date().toISOString().slice(0, 10);
  const kept = readReport().results.filter((result) => result.row !== row);
  const all = [...kept, ...results.map((result, i) => ({ ...result, date, load: loads[i]! }))];
  all.sort((a, b) => rows.indexOf(a.row) - rows.indexOf(b.row));
  const report: Report = { machine: machine(), results: all };
  writeFileSync(JSON_FILE, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(TABLE_FILE, table(report));
}

function readReport(): Report {
  try {
    return JSON.parse(readFileSync(JSON_FILE, 'utf8')) as Report;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { machine: {}, results: [] };
    throw error;
  }
}

export function table(report: Report): string {
  const about = Object.entries(report.machine).map(([key, value]) => `- ${key}: ${value}`);
  return [
    '# What mien costs',
    '',
    'Written by `npm run bench`; one row: `npm run bench -- NAME`. Every ratio is taken pair by pair within one run:',
    'absolute figures move with the machine. Cells are the median, with the least and the greatest of the rounds.',
    'Load: of the last minute, per core; the bench alone makes 1 to 2, and with more than that other programs had their part.',
    'Machine and commit are those of the newest run: rows of other dates, and of other runs of that day, may come from others.',
    '',
    ...about,
    '',
    '| row | case | unit | mien | against | ratio | asked | holds | load | date |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...report.results.map(line),
    '',
    ...report.results
      .filter((result) => result.note)
      .map((result) => `- ${result.row}, ${result.case}: ${result.note}`),
    '',
  ].join('\n');
}

export function line(result: Result & Partial<Circumstances>): string {
  const holds = meets(result);
  const against = result.against ? `${result.against.name}: ${cell(result.against.spread)}` : '';
  const cells = [
    result.row,
    result.case,
    result.unit,
    cell(result.mien),
    against,
    result.ratio ? cell(result.ratio) : '',
    asked(result),
    holds === null ? '' : holds ? 'yes' : '**no**',
    result.load === undefined ? '' : result.load.toFixed(1),
    result.date ?? '',
  ];
  return `| ${cells.join(' | ')} |`;
}

function asked({ target }: Result): string {
  if (target === null) return '';
  return [
    target.atLeast === undefined ? '' : `≥ ${target.atLeast}`,
    target.atMost === undefined ? '' : `≤ ${target.atMost}`,
  ]
    .join(' ')
    .trim();
}

function cell({ median, min, max }: Spread): string {
  return `${number(median)} (${number(min)} to ${number(max)})`;
}

function number(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** Of the last minute, per core. */
export function load(): number {
  return loadavg()[0]! / cpus().length;
}

function machine(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return {
    processor: `${cpus()[0]?.model.trim()}, ${cpus().length} cores`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    node: process.version,
    'onnxruntime-node': dependencies['onnxruntime-node'],
    'graphql-yoga': dependencies['graphql-yoga'],
    prisma: dependencies['@prisma/client'],
    pglite: dependencies['@electric-sql/pglite'],
    ffmpeg: execFileSync('ffmpeg', ['-version'], { encoding: 'utf8' }).split('\n')[0] ?? 'none',
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
  };
}
