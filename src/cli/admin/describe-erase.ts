/** The command `mien erase`, with a command below it for each kind of thing that can be erased. */
import { type Command, InvalidArgumentError } from 'commander';
import { readConfig } from '../../config.ts';
import type { ErasureRequest } from '../../domain/erasure.ts';
import { isId } from '../../domain/id-format.ts';
import { faultOfTags } from '../../domain/tags.ts';
import { parseWallTime } from '../../domain/time-range.ts';
import { MienError } from '../../errors.ts';
import type { Host } from '../process-host.ts';

interface RangeOptions {
  reason: string;
  session?: string;
  stream?: string;
  from?: number;
  to?: number;
  mediaFrom?: number;
  mediaTo?: number;
}

export function describeErase(program: Command, host: Host, done: (code: number) => void): void {
  const command = program
    .command('erase')
    .description('erase what was recorded, for good; the record that it was is shown by `erasures`');
  const run = async (request: ErasureRequest, { reason }: { reason: string }) => {
    if (reason.trim() === '') throw new MienError('BAD_INPUT', 'Say why, by --reason.');
    const config = readConfig(host.env);
    const { erase } = await import('./erase.ts');
    done(await erase(request, reason.trim(), config, host));
  };
  const add = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      .requiredOption('--reason <words>', 'why, for the record; nothing that names who was filmed');
  add('session', 'a session, with its upload where no other session has used it')
    .argument('<id>', 'id of the session', parseId)
    .action((sessionId: string, options) => run({ type: 'SESSION', sessionId }, options));
  add('track', 'one face of a session')
    .argument('<session>', 'id of the session', parseId)
    .argument('<track>', 'number of the face', parseTrack)
    .action((sessionId: string, track: number, options) => run({ type: 'TRACK', sessionId, track }, options));
  add('tag', 'all streams with a tag, and all sessions with it')
    .argument('<key=value>', 'the tag', parseTag)
    .action(([key, value]: [string, string], options) => run({ type: 'TAG', key, value }, options));
  add('range', 'a stretch of time of a session, or of all sessions of a stream')
    .option('--session <id>', 'id of the session', parseId)
    .option('--stream <id>', 'id of the stream', parseId)
    .option('--from <time>', 'where it begins, such as 2026-11-28T09:30:00Z', parseTime)
    .option('--to <time>', 'where it ends', parseTime)
    .option('--media-from <seconds>', 'where it begins, in seconds of media time', parseSeconds)
    .option('--media-to <seconds>', 'where it ends, in seconds of media time', parseSeconds)
    .action((options: RangeOptions) => run(toRange(options), options));
}

function toRange({ session, stream, from, to, mediaFrom, mediaTo }: RangeOptions): ErasureRequest {
  const ids = { sessionId: session ?? null, streamId: stream ?? null };
  const isWall = from !== undefined && to !== undefined && mediaFrom === undefined && mediaTo === undefined;
  const isMedia = mediaFrom !== undefined && mediaTo !== undefined && from === undefined && to === undefined;
  if ((session === undefined) === (stream === undefined) || !(isWall || (isMedia && session !== undefined))) {
    throw new MienError(
      'BAD_INPUT',
      'A range is of --session or --stream, from --from to --to; of a session it may be from --media-from to --media-to instead.',
    );
  }
  const [start, end] = isWall ? [from, to] : [mediaFrom!, mediaTo!];
  if (!(end > start)) throw new MienError('BAD_INPUT', 'A range must end behind its beginning.');
  return { type: 'RANGE', ...ids, clock: isWall ? 'WALL' : 'MEDIA', from: start, to: end };
}

function parseId(text: string): string {
  if (isId(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It must be an id.');
}

function parseTrack(text: string): number {
  const track = Number(text);
  if (Number.isInteger(track) && track >= 1 && track < 2 ** 31) return track;
  throw new InvalidArgumentError('It must be a number of a face, from 1.');
}

function parseTag(text: string): [string, string] {
  const at = text.indexOf('=');
  const tag: [string, string] = [text.slice(0, at), text.slice(at + 1)];
  const fault = at < 0 ? 'It must be key=value.' : faultOfTags([tag]);
  if (fault === null) return tag;
  throw new InvalidArgumentError(fault);
}

/** Not a day alone: it would be another one elsewhere. */
function parseTime(text: string): number {
  const time = text.includes('T') ? parseWallTime(text) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new InvalidArgumentError('It must be a time with its zone, such as 2026-11-28T09:30:00Z.');
}

function parseSeconds(text: string): number {
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(seconds)) return seconds;
  throw new InvalidArgumentError('It must be a number of seconds.');
}
