/** The command line: `mien serve`, `mien analyze`, `mien models`. Each loads only what it needs. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { readConfig } from '../config.ts';
import { MienError } from '../errors.ts';
import type { AnalyzeOptions } from './analyze.ts';
import type { Host } from './host.ts';
import { FORMATS } from './row-format.ts';

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
    host.stderr.write(`mien: ${sentence(error)}\n`);
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

function describeAnalyze(program: Command, host: Host, done: (code: number) => void): void {
  program
    .command('analyze')
    .description('score videos and pictures without a server: one row per face and frame')
    .argument('[input...]', 'files (video, JPEG, PNG) or addresses')
    .option('--files-from <list>', 'also the inputs that this file names, one per line; - reads stdin')
    .addOption(new Option('--format <format>', 'how rows are written').choices(FORMATS).default('jsonl'))
    .option('--out <file>', 'write rows there instead of to stdout')
    .option('--rate <number>', 'frames scored per second of video', parseRate, 10)
    .option('--no-smoothing', 'score each frame by itself')
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

function parseRate(text: string): number {
  const rate = Number(text);
  if (rate > 0 && rate <= MAX_RATE) return rate;
  throw new InvalidArgumentError(`It must be above 0 and at most ${MAX_RATE}.`);
}

/** Deliberate errors are sentences already; of others the person gets what there is. */
function sentence(error: unknown): string {
  if (error instanceof MienError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `port ${port} is taken by another program; set PORT to another one.`;
  if (code === 'EACCES') return `port ${port} may not be opened by this user; set PORT to 1024 or more.`;
  return error.stack ?? error.message;
}
