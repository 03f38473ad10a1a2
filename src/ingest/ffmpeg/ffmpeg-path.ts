import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { MienError } from '../../errors.ts';

const execute = promisify(execFile);

export interface FfmpegProgram {
  path: string;
  version: string;
  /** From the npm package, of 2018: for local files only. */
  bundled: boolean;
  /** Whether it knows `-fps_mode` (5.1 and later); `-vsync` goes away in newer ones. */
  hasFpsMode: boolean;
  /** Whether it can leave frames at their own size when that changes (4.4 and later). */
  hasNoAutoscale: boolean;
}

/** `configured`, else the one on the PATH, else the npm package's. Throws FFMPEG_MISSING. */
export async function findFfmpeg(configured: string | undefined): Promise<FfmpegProgram> {
  if (configured) {
    const found = await runVersion(configured, false);
    if (found) return found;
    throw new MienError(
      'FFMPEG_MISSING',
      `FFMPEG_PATH does not run as ffmpeg: ${configured}. Correct or unset it.`,
    );
  }
  const found = (await runVersion('ffmpeg', false)) ?? (await findBundled());
  if (found) return found;
  throw new MienError('FFMPEG_MISSING', `No ffmpeg was found. ${HOW_TO_INSTALL}`);
}

const HOW_TO_INSTALL =
  'Install a current one (Debian, Ubuntu: apt install ffmpeg; macOS: brew install ffmpeg; ' +
  'Windows: winget install Gyan.FFmpeg), or set FFMPEG_PATH, then start mien again.';

/** What a program is not fit for, and what to do about it, in sentences; null of one that was installed. */
export function cautionOf({ bundled }: Pick<FfmpegProgram, 'bundled'>): string | null {
  if (!bundled) return null;
  return (
    'Only the ffmpeg that npm brings is here, a build of 2018: network sources are refused, ' +
    `and files from people whom you do not trust, as uploads may be, are not safe with it. ${HOW_TO_INSTALL}`
  );
}

/** Throws FFMPEG_MISSING where only the old bundled build is there and the source comes over a network. */
export function assertFitForNetwork(ffmpeg: FfmpegProgram): void {
  if (!ffmpeg.bundled) return;
  throw new MienError(
    'FFMPEG_MISSING',
    `Network sources need a current ffmpeg, and only the old bundled one is here. ${HOW_TO_INSTALL}`,
  );
}

async function findBundled(): Promise<FfmpegProgram | null> {
  try {
    const { default: installer } = await import('@ffmpeg-installer/ffmpeg');
    return await runVersion(installer.path, true);
  } catch {
    return null; // the package has no build for this platform, or was left out of the installation
  }
}

async function runVersion(path: string, bundled: boolean): Promise<FfmpegProgram | null> {
  try {
    const { stdout } = await execute(path, ['-hide_banner', '-version'], { timeout: 20_000 });
    const version = /^ffmpeg version (\S+)/.exec(stdout)?.[1];
    const hasFpsMode = hasCodecs(stdout, 59, 37);
    return version
      ? { path, version, bundled, hasFpsMode, hasNoAutoscale: hasCodecs(stdout, 58, 134) }
      : null;
  } catch {
    return null;
  }
}

/** Whether it is that recent, judged by its libavcodec, because builds from git carry no version number. */
function hasCodecs(text: string, major: number, minor: number): boolean {
  const [, foundMajor = 0, foundMinor = 0] = /libavcodec\s+(\d+)\.\s*(\d+)/.exec(text)?.map(Number) ?? [];
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}
