import type { SourceKind } from '../../domain/frame.ts';
import { MienError, type MienErrorCode } from '../../errors.ts';
import { type VideoTrack, videoTracks } from './ffmpeg-log.ts';
import { blamesHardware, type Hardware, HardwareFailed } from './hardware.ts';
import type { Redact } from './redact.ts';
import { isNetwork } from './source-kinds.ts';

/** What an error about a source is made of. */
export interface NamedSource {
  /** The source's name in messages, without credentials. */
  displayName: string;
  /** What went wrong on the network, when something did. */
  networkError(): MienError | undefined;
  redact: Redact;
  /** What to say where this ffmpeg cannot read it, if its kind of file is one that not every ffmpeg reads. */
  unreadable?: MienError | undefined;
}

/** A run of ffmpeg that ended without a single frame. */
export interface RunWithoutFrame {
  kind: SourceKind;
  source: NamedSource;
  /** The last lines that ffmpeg wrote. */
  lines: readonly string[];
  maxPixels: number;
  /** What it decodes by; null: software. */
  hardware: Hardware | null;
  /** Which of the video tracks was asked for, from 0. */
  track: number;
}

/** Why there was no frame, in one sentence: what our proxy or relay knows comes first, then what ffmpeg said. */
export function noFrameError(run: RunWithoutFrame): MienError {
  const { source, lines } = run;
  const networkError = source.networkError();
  if (networkError) return networkError;
  if (run.hardware && blamesHardware(lines)) return hardwareFailed(run, run.hardware);
  const tracks = videoTracks(lines);
  if (tracks.length > 0 && tracks.length <= run.track) return noSuchTrack(run, tracks);
  const cause = CAUSES.find(({ matches }) => lines.some(matches)) ?? unknownCause(run);
  if (source.unreadable && cause.code === 'SOURCE_NOT_VIDEO') return source.unreadable;
  return new MienError(cause.code, `${source.displayName} ${cause.say(run)}.`, {
    cause: lastLines(source, lines),
  });
}

function hardwareFailed({ source, lines }: RunWithoutFrame, hardware: Hardware): HardwareFailed {
  const sentence = `${source.displayName} could not be decoded by ${hardware}; unset MIEN_HWACCEL.`;
  return new HardwareFailed('SOURCE_FAILED', sentence, { cause: lastLines(source, lines) });
}

function noSuchTrack({ source, track }: RunWithoutFrame, tracks: readonly VideoTrack[]): MienError {
  const listed = tracks.map(({ name }, i) => `${i + 1} (${name})`).join(', ');
  const has = tracks.length === 1 ? 'has one video track' : `has ${tracks.length} video tracks`;
  return new MienError(
    'BAD_INPUT',
    `${source.displayName} ${has} and no number ${track + 1}; choose one of: ${listed}.`,
  );
}

interface Cause {
  /** Whether a line tells of this cause. A source can make ffmpeg say any line, and then only lies about itself. */
  matches(line: string): boolean;
  code: MienErrorCode;
  say(run: RunWithoutFrame): string;
}

const cause = (code: MienErrorCode, on: RegExp | Cause['matches'], say: string | Cause['say']): Cause => ({
  code,
  matches: typeof on === 'function' ? on : (line) => on.test(line),
  say: typeof say === 'string' ? () => say : say,
});

/** Of what is sent to mien in another sentence: it is read as it comes, and nobody has chosen a file. */
const unlessPushed =
  (say: string): Cause['say'] =>
  ({ kind }) =>
    kind === 'push'
      ? 'is no video that can be read while it comes; send WebM, fragmented MP4, MPEG-TS or FLV'
      : say;

const NO_VIDEO = unlessPushed('is not a video or picture, or too damaged to read; choose another file');

/** The first cause that matches any line is told. */
const CAUSES: Cause[] = [
  cause(
    'SOURCE_REFUSED',
    /exceeds specified max pixel count|Picture size \d+x\d+ is invalid/i,
    ({ maxPixels }) => `has more than ${maxPixels} pixels a picture, which is the limit; scale it down`,
  ),
  cause(
    'SOURCE_NOT_VIDEO',
    demuxerRefused('hls', 'concat', 'dash', 'sdp'),
    'is a playlist or a script, which would lead to other files; name the video itself',
  ),
  cause(
    'SOURCE_NOT_VIDEO',
    demuxerRefused('tty', 'srt', 'webvtt', 'ass'),
    'is text, not a video or picture; choose another',
  ),
  cause(
    'SOURCE_NOT_VIDEO',
    demuxerRefused('wav', 'mp3', 'flac', 'aac', 'ac3', 'eac3', 'aiff'),
    'is sound, not a video or picture; choose another',
  ),
  // By the ending of its name, since its bytes are those of no picture that ffmpeg knows; they may be anything else.
  cause(
    'SOURCE_NOT_VIDEO',
    demuxerRefused('image2'),
    'is named like a picture, and is none that mien reads; choose another file, or save it as JPEG or PNG',
  ),
  cause(
    'SOURCE_NOT_VIDEO',
    demuxerRefused(),
    unlessPushed('is in a format that mien does not read from there; convert it to MP4, WebM or MKV'),
  ),
  cause(
    'SOURCE_REFUSED',
    /Protocol '\S+' not on whitelist/,
    'points to something else, which mien does not follow from there; register that itself',
  ),
  cause(
    'SOURCE_NOT_VIDEO',
    /matches no streams|does not contain any stream/,
    'has no video track; choose another',
  ),
  cause(
    'SOURCE_NOT_VIDEO',
    /moov atom not found/,
    unlessPushed('is not a video, or was cut off before its index was written; copy or record it again'),
  ),
  cause(
    'SOURCE_NOT_VIDEO',
    /decoder \S+ not found|no decoder found|Unknown decoder|could not find codec parameters/i,
    'holds video in a codec that this ffmpeg cannot decode, or is damaged; convert it to H.264',
  ),
  cause(
    'SOURCE_UNREACHABLE',
    /401 Unauthorized|403 Forbidden/,
    'needs a login that was not given, or was wrong; put the user and password into the URL',
  ),
  cause(
    'SOURCE_UNREACHABLE',
    /404 (Stream )?Not Found/i,
    'is not there: the server answered 404; check the URL',
  ),
  cause('SOURCE_UNREACHABLE', /Device or resource busy/, 'is used by another program; close that'),
  cause('SOURCE_UNREACHABLE', /Permission denied/, 'may not be read by mien; change its permissions'),
  cause('SOURCE_UNREACHABLE', /No such file or directory|No such device/, 'is not there; check the name'),
  cause(
    'FFMPEG_MISSING',
    /Unrecognized option|Option \S+ not found|No such filter|Unknown input format/,
    'cannot be read by this ffmpeg, which is too old or built without what that needs; install a current one',
  ),
  cause('SOURCE_NOT_VIDEO', /Invalid data found when processing input/, (run) =>
    isNetwork(run.kind) && run.kind !== 'push'
      ? 'answers with something that is not video; check the URL'
      : NO_VIDEO(run),
  ),
];

/** Matches where ffmpeg refused a demuxer that is not on the whitelist: one of these, or any. One may have several names. */
function demuxerRefused(...demuxers: string[]): Cause['matches'] {
  return (line) => {
    if (!line.includes('Format not on whitelist')) return false;
    const names = /^\[([^ \]]+) /.exec(line)?.[1]?.split(',') ?? [];
    return demuxers.length === 0 || demuxers.some((demuxer) => names.includes(demuxer));
  };
}

function unknownCause({ kind }: RunWithoutFrame): Cause {
  if (isNetwork(kind) && kind !== 'push') {
    return cause('SOURCE_UNREACHABLE', /^/, 'gave no video; check that it is up, and the URL');
  }
  if (kind === 'device')
    return cause('SOURCE_UNREACHABLE', /^/, 'gave no picture; check that it is a camera');
  return cause('SOURCE_NOT_VIDEO', /^/, NO_VIDEO);
}

/** The error for a live source that stopped, or for any source that broke off. */
export function sourceFailed(source: NamedSource, why: string, lines: readonly string[]): MienError {
  return new MienError('SOURCE_FAILED', `${source.displayName} ${why}.`, { cause: lastLines(source, lines) });
}

function lastLines({ redact }: NamedSource, lines: readonly string[]): Error {
  return new Error(lines.slice(-100).map(redact).join('\n'));
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new Error('Something that is no error was thrown.', { cause: thrown });
}
