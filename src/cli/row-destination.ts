/** Where rows go: stdout, or a file whose old contents stay until there is something to write. */
import { createWriteStream, fstatSync } from 'node:fs';
import { constants, type FileHandle, open, realpath, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { MienError } from '../errors.ts';
import { statIfThere } from '../stat-if-there.ts';
import { sleep } from '../threads/sleep.ts';
import { identityAt, identityOfStdout } from './file-identity.ts';
import type { Host } from './process-host.ts';

export interface RowDestination {
  name: string;
  stream: Writable;
  /** What comes before the first row is written at once: whoever opened the stream has emptied what was to be emptied. */
  headAtOnce: boolean;
  /** Takes out what was there before. */
  empty(): Promise<void>;
  /** Resolves when the last row has left: whoever reads a pipe may be slower than we are. */
  end(): Promise<void>;
  /** Nothing was written: a file that was made for rows is removed. */
  discard(): Promise<void>;
}

const nothing = async () => {};
/** A reader of a pipe may be started with us, and come a little later: ten seconds. */
const [PIPE_TRIES, PIPE_PAUSE_MS] = [100, 100];

export interface DestinationOptions {
  /** Undefined: stdout. */
  path: string | undefined;
  /** Whether a file that exists may be overwritten. */
  force: boolean;
}

/** @throws MienError BAD_INPUT: it cannot be opened for writing, or exists already */
export async function openDestination({ path, force }: DestinationOptions, host: Pick<Host, 'stdout'>) {
  if (path === undefined || (await isStdout(path, host))) return stdoutTarget(host);
  const fd = descriptorNamed(path);
  return fd === null ? openFileTarget(path, force) : descriptorTarget(path, fd);
}

/** A file that the shell opened for us is written as it was opened: opened anew, `>>` would not append. */
async function isStdout(path: string, { stdout }: Pick<Host, 'stdout'>): Promise<boolean> {
  if (descriptorNamed(path) === 1) return true;
  const identity = identityOfStdout(stdout);
  return identity !== null && identity === (await identityAt(path));
}

/** The number in /dev/fd/3 and its like. */
function descriptorNamed(path: string): number | null {
  if (path === '/dev/stdout') return 1;
  if (path === '/dev/stderr') return 2;
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path)?.[1];
  return number === undefined ? null : Number(number);
}

function stdoutTarget({ stdout: stream }: Pick<Host, 'stdout'>): RowDestination {
  const end = () => finished(stream, (done) => void stream.write('', done));
  return { name: 'stdout', stream, headAtOnce: true, end, empty: nothing, discard: nothing };
}

function descriptorTarget(name: string, fd: number): RowDestination {
  try {
    fstatSync(fd);
  } catch (error) {
    throw cannotWrite(name, error as Error);
  }
  const stream = createWriteStream(name, { fd, autoClose: false });
  const end = () => finished(stream, (done) => void stream.end(done));
  return { name, stream, headAtOnce: true, end, empty: nothing, discard: nothing };
}

async function openFileTarget(name: string, force: boolean): Promise<RowDestination> {
  try {
    const { handle, made } = await openOrMake(name, force);
    const isFile = (await handle.stat()).isFile();
    const path = made ? await realpath(name) : null;
    const stream = handle.createWriteStream();
    return {
      name,
      stream,
      headAtOnce: false,
      empty: () => (isFile ? handle.truncate(0) : nothing()),
      end: () => finished(stream, (done) => void stream.end(done)),
      discard: () => (path === null ? nothing() : rm(path, { force: true })),
    };
  } catch (error) {
    throw error instanceof MienError ? error : cannotWrite(name, error as Error);
  }
}

export function cannotWrite(name: string, { message }: Error): MienError {
  return new MienError('BAD_INPUT', `The rows cannot be written to ${name}: ${message}.`);
}

/** For writing, without emptying it: it is not known yet whether there will be a row. */
async function openOrMake(path: string, force: boolean): Promise<{ handle: FileHandle; made: boolean }> {
  const found = await statIfThere(path);
  if (found === null) return { handle: await make(path), made: true };
  if (found.isDirectory()) throw new Error('it is a directory; name a file in it');
  if (found.isFile() && !force) throw existsAlready('--out', path);
  return { handle: await (found.isFIFO() ? openPipe(path) : open(path, constants.O_WRONLY)), made: false };
}

/** Of two that would write the same file one makes it, and the other is told. */
async function make(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((await statIfThere(path)) !== null) throw existsAlready('--out', path);
    // A link to a file that is not there yet.
    return open(path, constants.O_WRONLY | constants.O_CREAT);
  }
}

/** @param option that names it */
export function existsAlready(option: string, path: string): MienError {
  return new MienError(
    'BAD_INPUT',
    `${option} ${path} exists already: name another file, or add --force to overwrite it.`,
  );
}

/** To open a pipe that nobody reads would wait without end, and hold a thread of Node's. */
async function openPipe(path: string): Promise<FileHandle> {
  for (let tries = 1; ; tries++) {
    try {
      // This fails where there is no reader, but writing to it would fail whenever the pipe is full.
      const probe = await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
      return await open(path, constants.O_WRONLY).finally(() => probe.close());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      if (tries === PIPE_TRIES) throw new Error('it is a pipe, and nobody reads it');
    }
    await sleep(PIPE_PAUSE_MS);
  }
}

/** Resolves when `last` is done, or when the stream failed. */
function finished(stream: Writable, last: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    last(resolve);
  });
}
