/** Where rows go: stdout, or a file whose old contents stay until there is something to write. */
import { constants, type FileHandle, open, realpath, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { MienError } from '../errors.ts';
import type { Host } from './host.ts';

export interface OutputTarget {
  name: string;
  stream: Writable;
  /** Takes out what was there before. */
  empty(): Promise<void>;
  /** Resolves when the last row has left: whoever reads a pipe may be slower than we are. */
  end(): Promise<void>;
  /** Nothing was written: a file that was made for rows is removed. */
  discard(): Promise<void>;
}

const nothing = async () => {};

export function stdoutTarget({ stdout: stream }: Pick<Host, 'stdout'>): OutputTarget {
  const end = () => finished(stream, (done) => void stream.write('', done));
  return { name: 'stdout', stream, end, empty: nothing, discard: nothing };
}

/** @throws MienError BAD_INPUT: it cannot be opened for writing */
export async function openFileTarget(name: string): Promise<OutputTarget> {
  try {
    const { handle, made } = await openOrMake(name);
    const isFile = (await handle.stat()).isFile();
    const path = made ? await realpath(name) : null;
    const stream = handle.createWriteStream();
    return {
      name,
      stream,
      empty: () => (isFile ? handle.truncate(0) : nothing()),
      end: () => finished(stream, (done) => void stream.end(done)),
      discard: () => (path === null ? nothing() : rm(path, { force: true })),
    };
  } catch (error) {
    throw cannotWrite(name, error as Error);
  }
}

export function cannotWrite(name: string, { message }: Error): MienError {
  return new MienError('BAD_INPUT', `The rows cannot be written to ${name}: ${message}.`);
}

/** For writing, without emptying it: it is not known yet whether there will be a row. */
async function openOrMake(path: string): Promise<{ handle: FileHandle; made: boolean }> {
  try {
    return { handle: await open(path, constants.O_WRONLY), made: false };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { handle: await open(path, constants.O_WRONLY | constants.O_CREAT), made: true };
  }
}

/** Resolves when `last` is done, or when the stream failed. */
function finished(stream: Writable, last: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    last(resolve);
  });
}
