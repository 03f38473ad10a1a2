/** The command line: `mien serve`, `mien analyze`, `mien models` and others. Each loads only what it needs. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { readConfig } from '../config.ts';
import { FORMATS } from '../tables/row-format.ts';
import type { ExportOptions } from './admin/audit.ts';
import { describeErase } from './admin/describe-erase.ts';
import { describeToken } from './admin/describe-token.ts';
import { describeAnalyze } from './analyze/describe-analyze.ts';
import { sentenceOf } from './failure-sentence.ts';
import type { Host } from './process-host.ts';

const FAILED = 1;

/** Runs one command; gives the exit code. */
export async function run(argv: string[], version: string, host: Host): Promise<number> {
  let code = 0;
  const program = describe(version, host, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    host.stderr.write(`mien: ${sentenceOf(error)}\n`);
    return FAILED;
  }
}

/** @param done told the exit code of the command */
function describe(version: string, host: Host, done: (code: number) => void): Command {
  const program = new Command('mien')
    .description('Apparent facial expressions in live and recorded video.')
    .version(version)
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
    })
    .exitOverride();
  describeServe(program, host, done);
  describeRoles(program, host, done);
  describeAnalyze(program, host, done);
  describeModels(program, host, done);
  describeSecrets(program, host, done);
  describeToken(program, host, done);
  describeErase(program, host, done);
  describeAudit(program, host, done);
  return program;
}

function describeServe(program: Command, host: Host, done: (code: number) => void): void {
  program
    .command('serve', { isDefault: true })
    .description('run the server; its settings are environment variables, see the README')
    .action(async () => {
      const { serve } = await import('./serve/serve.ts');
      done(await serve(readConfig(host.env), host));
    });
}

/** Parts of a server, each several times, on one PostgreSQL. */
function describeRoles(program: Command, host: Host, done: (code: number) => void): void {
  const describeRole = (name: string, role: 'API' | 'WORKER', what: string) =>
    program
      .command(name)
      .description(what)
      .action(async () => {
        const { serve } = await import('./serve/serve.ts');
        done(await serve(readConfig(host.env), host, role));
      });
  describeRole(
    'api',
    'API',
    'one of several servers: answers clients, and has workers run the streams; see docs/scaling.md',
  );
  describeRole('worker', 'WORKER', 'one of several servers: runs streams, and has no API');
}

function describeModels(program: Command, host: Host, done: (code: number) => void): void {
  program
    .command('models')
    .description('list the models, and where they run')
    .action(async () => {
      const { listModels } = await import('./models.ts');
      done(await listModels(readConfig(host.env), host));
    });
}

function describeSecrets(program: Command, host: Host, done: (code: number) => void): void {
  program
    .command('secrets')
    .description('the key that seals the passwords of sources in the database')
    .command('rotate')
    .description('seal them with a new key (or with the first of MIEN_SECRET_KEY); stop the servers first')
    .action(async () => {
      const { rotateSecrets } = await import('./serve/rotate-secrets.ts');
      done(await rotateSecrets(readConfig(host.env), host));
    });
}

function describeAudit(program: Command, host: Host, done: (code: number) => void): void {
  program
    .command('audit')
    .description('who did what on this server')
    .command('export')
    .description('write the entries of the audit, the oldest first; also while the server runs')
    .option(
      '--from <time>',
      'those stored at this time or later: 2026-11-28 or 2026-11-28T09:30:00Z',
      parseTime,
    )
    .option('--to <time>', 'those stored before this time', parseTime)
    .addOption(new Option('--format <format>', 'how they are written').choices(FORMATS).default('jsonl'))
    .option('--out <file>', 'write them there instead of to stdout')
    .option('--force', 'overwrite that file if it exists', false)
    .option('--bom', 'begin CSV with a byte order mark, by which spreadsheets know UTF-8', false)
    .option('--no-escape-formulas', 'leave text in CSV as it is that a spreadsheet would take for a formula')
    .action(async (options: ExportOptions) => {
      const { exportAudit } = await import('./admin/audit.ts');
      done(await exportAudit(options, readConfig(host.env), host));
    });
}

/** A day begins in UTC; a time says its zone. */
function parseTime(text: string): Date {
  const time = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text)
    ? new Date(text)
    : new Date(Number.NaN);
  if (!Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError('It must be a day or a time, such as 2026-11-28 or 2026-11-28T09:30:00Z.');
}
