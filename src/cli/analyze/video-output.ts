/** `--video`: what was found, drawn into a video that is there when it is whole, and not before. */
import { randomBytes } from 'node:crypto';
import { access, constants, type FileHandle, mkdtemp, open, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { MienError } from '../../errors.ts';
import { containerOf, type Drawing, type Ingest } from '../../ingest/index.ts';
import { statIfThere } from '../../stat-if-there.ts';
import { assFormat } from '../../tables/ass-rows.ts';
import type { PicturedRow } from '../../tables/other-tool-column-helpers.ts';
import type { Host } from '../process-host.ts';
import { existsAlready } from '../row-destination.ts';
import type { AnalysisTask } from './analysis.ts';
import { sourceOf } from './input-prefetch.ts';
import type { Progress } from './progress.ts';
import { refuseOverwritingInputs } from './refuse-overwriting-inputs.ts';
import { renameIntoPlace } from './rename-into-place.ts';

/** The subtitles tell apart frames that are a thousandth of a second apart, not a hundredth. */
const TIME_SCALE = 10;
const SUBTITLES = 'faces.ass';

export interface VideoTarget {
  path: string;
  /** Whether a file that exists may be overwritten. */
  force: boolean;
}

/** @throws MienError BAD_INPUT: it cannot be written there, exists already, or is one of the inputs */
export async function openVideoOutput(
  { path, force }: VideoTarget,
  inputs: readonly string[],
  host: Pick<Host, 'stdin' | 'stdout'>,
): Promise<VideoOutput> {
  await refuseOverwritingInputs(path, inputs, host, '--video');
  const cannot = (why: string) =>
    new MienError('BAD_INPUT', `The video cannot be written to ${path}: ${why}.`);
  const found = await statIfThere(path).catch(({ message }: Error) => {
    throw cannot(message);
  });
  if (found && !found.isFile()) throw cannot('it is no file; name one');
  if (found && !force) throw existsAlready('--video', path);
  // What a link leads to is replaced, and the link stays.
  const target = found ? await realpath(path) : resolve(path);
  await access(dirname(target), constants.W_OK).catch(({ message }: Error) => {
    throw cannot(message);
  });
  return new VideoOutput(target, path, force);
}

interface Opened {
  drawing: Drawing;
  /** Where the subtitles are while it is analysed. */
  directory: string;
  subtitles: FileHandle;
}

export class VideoOutput {
  readonly #target: string;
  readonly #name: string;
  readonly #force: boolean;
  /** Where it grows. */
  readonly #partial: string;
  readonly #format = assFormat(TIME_SCALE);
  /** Null: nothing was written there. */
  #directory: string | null = null;
  #opened: Opened | null = null;

  constructor(target: string, name: string, force: boolean) {
    this.#target = target;
    this.#name = name;
    this.#force = force;
    this.#partial = join(dirname(target), `.mien-video-${randomBytes(8).toString('hex')}.partial`);
  }

  /** Looks at the input before it is analysed. @throws MienError as `Ingest.openDrawing` */
  async begin(input: string, { ingest, options, signal }: AnalysisTask & { ingest: Ingest }): Promise<void> {
    const { track } = options;
    const source = { ...sourceOf(input), ...(track !== undefined && { videoTrack: track }) };
    const drawing = await ingest.openDrawing(source, signal);
    const directory = await mkdtemp(join(tmpdir(), 'mien-video-')).catch(tellCannotWrite);
    this.#directory = directory;
    const subtitles = await open(join(directory, SUBTITLES), 'wx').catch(tellCannotWrite);
    this.#opened = { drawing, directory, subtitles };
    await this.#write(this.#format.begin(input, drawing.size));
  }

  async add(rows: readonly PicturedRow[]): Promise<void> {
    const { size: picture } = this.#opened!.drawing;
    await this.#write(rows.map((row) => this.#format.text({ ...row, picture })).join(''));
  }

  /** All rows are there. @throws MienError as `Drawing.draw`; BAD_INPUT: a file of this name has come meanwhile */
  async draw(progress: Progress): Promise<void> {
    const { drawing, directory, subtitles } = this.#opened!;
    await subtitles.close().catch(tellCannotWrite);
    const path = join(directory, SUBTITLES);
    await access(path).catch(tellCannotWrite);
    await drawing.draw({
      subtitles: path,
      timeScale: TIME_SCALE,
      out: this.#partial,
      container: containerOf(this.#name)!,
      onTime: progress.drawn,
    });
    if (!(await renameIntoPlace(this.#partial, this.#target, this.#force)))
      throw existsAlready('--video', this.#name);
  }

  /** Nothing is left but what is whole. */
  async close(): Promise<void> {
    // An error of what was written was told when it was.
    await this.#opened?.subtitles.close().catch(() => {});
    if (this.#directory !== null) await rm(this.#directory, { recursive: true, force: true });
    await rm(this.#partial, { force: true });
  }

  async #write(text: string): Promise<void> {
    await this.#opened!.subtitles.writeFile(text).catch(tellCannotWrite);
  }
}

/** Where the temporary files of this machine are, which a full disk, or who tidies up there, may take away. */
function tellCannotWrite({ message }: Error): never {
  throw new MienError(
    'BAD_INPUT',
    `What is to be drawn cannot be written to ${tmpdir()}: ${message}. Make room there, or set TMPDIR to another directory.`,
  );
}
