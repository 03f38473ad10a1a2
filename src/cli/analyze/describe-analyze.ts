/** `mien analyze` on the command line. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readConfig } from '../../config.ts';
import { DETECT_SIZES } from '../../domain/detect-size.ts';
import { MAX_VIDEO_TRACK } from '../../domain/frame.ts';
import { DEFAULT_SMOOTHING, MAX_SMOOTHING } from '../../domain/stream.ts';
import { ANALYSIS_FORMATS, COLUMN_SETS } from '../../tables/analysis-format.ts';
import type { Host } from '../process-host.ts';
import type { AnalyzeOptions } from './analyze-options.ts';

const MAX_RATE = 240;
const MAX_JOBS = 64;
const INPUT_HELP =
  "files (video, JPEG, PNG), addresses, or directories, with patterns behind them: clips '**/*.mp4'";
const FORMAT_HELP =
  'how rows are written (default: jsonl, csv with the columns of others); ass: as subtitles that draw faces over the video';
const VIDEO_HELP =
  'draw faces, labels and probabilities into this video (.mp4, .mov, .mkv); no rows, unless --out, --format or --columns is given';
const SMOOTHING_HELP =
  'time constant of the smoothing along a track, in milliseconds of video; 0 scores each frame by itself';
const DETECT_SIZE_HELP =
  'how large the pictures are in which faces are looked for: 640 px, 1280 px, or as they are';

/** @param done told the exit code */
export function describeAnalyze(program: Command, host: Host, done: (code: number) => void): void {
  const command = program
    .command('analyze')
    .description(
      'score videos and pictures without a server: a row for each face and frame, and for a frame without a face',
    )
    .argument('[input...]', INPUT_HELP)
    .option('--files-from <list>', 'also the inputs that this file names, one per line; - reads stdin');
  describeScoring(describeRows(command)).action(async (named: string[], options: AnalyzeOptions) => {
    const config = readConfig(host.env);
    const { allInputs } = await import('./all-inputs.ts');
    const inputs = await allInputs(named, options, host);
    const { analyze } = await import('./analyze.ts');
    done(await analyze(inputs, options, { config, host, version: program.version() ?? '' }));
  });
}

function describeRows(command: Command): Command {
  return command
    .addOption(new Option('--format <format>', FORMAT_HELP).choices(ANALYSIS_FORMATS))
    .addOption(
      new Option('--columns <set>', 'whose names and units the columns have; see docs/columns.md')
        .choices(COLUMN_SETS)
        .default('mien'),
    )
    .option('--faces-only', 'no row for a frame without a face', false)
    .option('--out <file>', 'write rows there instead of to stdout')
    .option('--video <file>', VIDEO_HELP)
    .option(
      '--out-dir <directory>',
      'write a file for each input there, a summary of all, and what they were made by',
    )
    .option(
      '--resume',
      'go on there: whole results of inputs that did not change are kept (of addresses, where their server tells), and what others wrote or edited is not overwritten',
      false,
    )
    .option('--jobs <number>', 'inputs analysed at a time, into that directory', parseJobs, 1)
    .option('--force', 'overwrite what exists', false)
    .option('--bom', 'begin CSV with a byte order mark, by which spreadsheets know UTF-8', false)
    .option('--no-escape-formulas', 'leave text in CSV as it is that a spreadsheet would take for a formula');
}

function describeScoring(command: Command): Command {
  return command
    .option(
      '--track <number>',
      'which of its video tracks is read, from 1; without it the default one',
      parseTrack,
    )
    .option('--rate <number>', 'frames scored per second of video', parseRate, 10)
    .addOption(new Option('--detect-size <size>', DETECT_SIZE_HELP).choices(DETECT_SIZES).default('STANDARD'))
    .option('--fast', 'decode only frames that others refer to, where enough remain for that rate', false)
    .option('--smoothing <ms>', SMOOTHING_HELP, parseSmoothing, DEFAULT_SMOOTHING)
    .option('--no-smoothing', 'the same as --smoothing 0');
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (rate > 0 && rate <= MAX_RATE) return rate;
  throw new InvalidArgumentError(`It must be above 0 and at most ${MAX_RATE}.`);
}

function parseJobs(text: string): number {
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= MAX_JOBS) return jobs;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_JOBS}.`);
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
