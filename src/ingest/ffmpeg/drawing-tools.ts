import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { MienError } from '../../errors.ts';
import { ENCODERS, type Encoder } from './draw-args.ts';

const execute = promisify(execFile);

/**
 * By which encoder this ffmpeg can write a video that it has drawn subtitles into.
 * @throws MienError FFMPEG_MISSING: it was built without what that needs
 */
export async function findEncoder(ffmpegPath: string): Promise<Encoder> {
  const listed = async (what: '-filters' | '-encoders') => {
    const { stdout } = await execute(ffmpegPath, ['-hide_banner', what], {
      timeout: 20_000,
      maxBuffer: 1 << 24,
    });
    return new Set(stdout.split('\n').map((line) => /^ *\S+ +(\w+) /.exec(line)?.[1]));
  };
  const [filters, encoders] = await Promise.all([listed('-filters'), listed('-encoders')]);
  const encoder = (Object.keys(ENCODERS) as Encoder[]).find((name) => encoders.has(name));
  if (filters.has('ass') && encoder !== undefined) return encoder;
  throw new MienError(
    'FFMPEG_MISSING',
    `This ffmpeg was built without ${filters.has('ass') ? 'an encoder of H.264 or MPEG-4' : 'libass, which draws'} (${ffmpegPath}): ` +
      'install one that has it (Debian, Ubuntu: apt install ffmpeg; Windows: winget install Gyan.FFmpeg), ' +
      'or write the subtitles alone with --format ass.',
  );
}
