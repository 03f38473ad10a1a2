/** Turns results into bench/RESULTS.md and bench/results.json. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { meets, type Result, type Spread } from './harness.ts';

const JSON_FILE = new URL('./results.json', import.meta.url);
const TABLE_FILE = new URL('./RESULTS.md', import.meta.url);

interface Report {
  machine: Record<string, string>;
  results: (Result & { date: string })[];
}

/** Replaces the rows that were run and keeps the others, each with the date of its own run. */
export function writeReport(results: readonly Result[], ran: readonly string[]): void {
  const date = new Date().toISOString().slice(0, 10);
  const kept = readReport().results.filter((result) => !ran.includes(result.row));
  const report: Report = {
    machine: machine(),
    results: [...kept, ...results.map((result) => ({ ...result, date }))],
  };
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
    '',
    ...about,
    '',
    '| row | case | unit | mien | against | ratio | asked | holds | date |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...report.results.map(line),
    '',
    ...report.results
      .filter((result) => result.note)
      .map((result) => `- ${result.row}, ${result.case}: ${result.note}`),
    '',
  ].join('\n');
}

export function line(result: Result & { date?: string }): string {
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
