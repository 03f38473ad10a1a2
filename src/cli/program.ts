/** The command line: `mien serve`, `mien analyze`, `mien models` and others. Each loads only what it needs. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { readConfig } from '../config.ts';
import { DETECT_SIZES } from '../domain/detect-size.ts';
import { MAX_VIDEO_TRACK } from '../domain/frame.ts';
import { DEFAULT_SMOOTHING, MAX_SMOOTHING } from '../domain/stream.ts';
import { COLUMN_SETS } from '../tables/analysis-format.ts';
import { FORMATS } from '../tables/row-format.ts';
import type { AnalyzeOptions } from './analyze.ts';
import type { ExportOptions } from './audit.ts';
import { describeErase } from './describe-erase.ts';
import { describeToken } from './describe-token.ts';
import { sentenceOf } from './failure-sentence.ts';
import type { Host } from './host.ts';

const FAILED = 1;
const MAX_RATE = 240;

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
      const { serve } = await import('./serve.ts');
      done(await serve(readConfig(host.env), host));
    });
}

const SMOOTHING_HELP =
  'time constant of the smoothing along a track, in milliseconds of video; 0 scores each frame by itself';

function describeAnalyze(program: Command, host: Host, done: (code: number) => void): void {
  program
    .command('analyze')
    .description(
      'score videos and pictures without a server: a row for each face and frame, and for a frame without a face',
    )
    .argument('[input...]', 'files (video, JPEG, PNG) or addresses')
    .option('--files-from <list>', 'also the inputs that this file names, one per line; - reads stdin')
    .addOption(
      new Option(
        '--format <format>',
        'how rows are written (default: jsonl; csv with --columns of others)',
      ).choices(FORMATS),
    )
    .addOption(
      new Option('--columns <set>', 'whose names and units the columns have; see docs/columns.md')
        .choices(COLUMN_SETS)
        .default('mien'),
    )
    .option('--faces-only', 'no row for a frame without a face', false)
    .option('--out <file>', 'write rows there instead of to stdout')
    .option('--force', 'overwrite that file if it exists', false)
    .option('--bom', 'begin CSV with a byte order mark, by which spreadsheets know UTF-8', false)
    .option('--no-escape-formulas', 'leave text in CSV as it is that a spreadsheet would take for a formula')
    .option(
      '--track <number>',
      'which of its video tracks is read, from 1; without it the default one',
      parseTrack,
    )
    .option('--rate <number>', 'frames scored per second of video', parseRate, 10)
    .addOption(
      new Option(
        '--detect-size <size>',
        'how large the pictures are in which faces are looked for: 640 px, 1280 px, or as they are',
      )
        .choices(DETECT_SIZES)
        .default('STANDARD'),
    )
    .option('--fast', 'decode only frames that others refer to, where enough remain for that rate', false)
    .option('--smoothing <ms>', SMOOTHING_HELP, parseSmoothing, DEFAULT_SMOOTHING)
    .option('--no-smoothing', 'the same as --smoothing 0')
    .action(async (named: string[], options: AnalyzeOptions) => {
      const config = readConfig(host.env);
      const { allInputs } = await import('./inputs.ts');
      const inputs = await allInputs(named, options.filesFrom, host);
      const { analyze } = await import('./analyze.ts');
      done(await analyze(inputs, options, config, host));
    });
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
      const { rotateSecrets } = await import('./secrets.ts');
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
      const { exportAudit } = await import('./audit.ts');
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

function parseRate(text: string): number {
  const rate = Number(text);
  if (rate > 0 && rate <= MAX_RATE) return rate;
  throw new InvalidArgumentError(`It must be above 0 and at most ${MAX_RATE}.`);
}

function parseTrack(text: string): number {
  const track = Number(text);
  if (Number.isInteger(track) && track >= 1 && track <= MAX_VIDEO_TRACK) return track;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_VIDEO_TRACK}.`);
}

function parseSmoothing(text: string): number {
  const milliseconds = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isInteger(milliseconds) && milliseconds >= 0 && milliseconds <= MAX_SMOOTHING)
    return milliseconds;
  throw new InvalidArgumentError(`It must be a whole number of milliseconds from 0 to ${MAX_SMOOTHING}.`);
}
