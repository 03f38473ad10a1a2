/** Where `mien analyze` writes its rows: stdout, or a file whose old contents stay until there is something to write. */
import { type BigIntStats, fstatSync } from 'node:fs';
import { constants, type FileHandle, open, realpath, rm, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { MienError } from '../errors.ts';
import type { Host } from './host.ts';
import { sourceOf } from './inputs.ts';

export interface Out {
  /** What comes before the first row: at once on stdout, in a file when it is emptied. */
  begin(head: string): Promise<void>;
  /** Resolves when there is room for more. */
  write(text: string): Promise<void>;
  /** The rows are all there, be it none: a file is emptied now if it was not before. */
  finish(): Promise<void>;
  /** A file that was made for rows and got none is removed. @throws MienError BAD_INPUT: not all could be written */
  close(): Promise<void>;
  /** Whether whoever read the output has gone, as `head` does when it has enough. */
  readonly gone: boolean;
}

/**
 * @param path undefined: stdout
 * @param onEnd called when nothing more can be written
 * @throws MienError BAD_INPUT: it cannot be opened for writing, or it is one of the inputs
 */
export async function openOut(
  path: string | undefined,
  inputs: readonly string[],
  host: Pick<Host, 'stdout'>,
  onEnd: () => void,
): Promise<Out> {
  await refuseInputs(path, inputs, host);
  const target = path === undefined ? stdoutOf(host) : await openFile(path);
  let failure: Error | null = null;
  let gone = false;
  /** Null: written. */
  let head: string | null = '';
  const fail = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') gone = true;
    else failure ??= cannotWrite(target.name, error);
    onEnd();
  };
  target.stream.on('error', fail);
  const put = async (text: string) => {
    if (failure) throw failure;
    if (gone || text === '' || target.stream.write(text)) return;
    await drained(target.stream);
  };
  const putHead = async () => {
    if (head === null) return;
    const text = head;
    head = null;
    await target.empty().catch(fail);
    await put(text);
  };
  return {
    get gone() {
      return gone;
    },
    async begin(text) {
      head = text;
      if (path === undefined) await putHead();
    },
    async write(text) {
      await putHead();
      await put(text);
    },
    finish: putHead,
    async close() {
      if (!target.stream.destroyed && !gone) await target.end();
      if (head !== null) await target.forget();
      if (failure) throw failure;
    },
  };
}

interface Target {
  name: string;
  stream: Writable;
  /** Takes out what was there before. */
  empty(): Promise<void>;
  /** Resolves when the last row has left: whoever reads a pipe may be slower than we are. */
  end(): Promise<void>;
  /** Nothing was written: leaves everything as it was. */
  forget(): Promise<void>;
}

const nothing = async () => {};

function stdoutOf({ stdout: stream }: Pick<Host, 'stdout'>): Target {
  const end = () => settled(stream, (done) => void stream.write('', done));
  return { name: 'stdout', stream, end, empty: nothing, forget: nothing };
}

async function openFile(name: string): Promise<Target> {
  try {
    const { handle, made } = await openOrMake(name);
    const isFile = (await handle.stat()).isFile();
    const place = made ? await realpath(name) : null;
    const stream = handle.createWriteStream();
    return {
      name,
      stream,
      empty: () => (isFile ? handle.truncate(0) : nothing()),
      end: () => settled(stream, (done) => void stream.end(done)),
      forget: () => (place === null ? nothing() : rm(place, { force: true })),
    };
  } catch (error) {
    throw cannotWrite(name, error as Error);
  }
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

function settled(stream: Writable, last: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    last(resolve);
  });
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ['drain', 'error', 'close']) stream.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'error', 'close']) stream.on(event, done);
  });
}

/** A file is known by its device and inode: a link, another spelling or another mount of it has the same. */
async function refuseInputs(
  path: string | undefined,
  inputs: readonly string[],
  { stdout }: Pick<Host, 'stdout'>,
): Promise<void> {
  const out = path === undefined ? identityOfStdout(stdout) : await identityAt(path);
  if (out === null) return;
  for (const input of inputs) {
    const source = sourceOf(input);
    if (source.type !== 'file' || (await identityAt(source.path)) !== out) continue;
    const name = path === undefined ? 'The file that stdout goes to' : `--out ${path}`;
    const sentence = `${name} is the input ${input}, which rows would destroy. Name another file.`;
    throw new MienError('BAD_INPUT', sentence);
  }
}

/** Null: there is none yet. */
async function identityAt(path: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found && identityOf(found);
}

function identityOfStdout(stdout: Writable & { fd?: number }): string | null {
  return stdout.fd === undefined ? null : identityOf(fstatSync(stdout.fd, { bigint: true }));
}

/** Null: a terminal or another device, which keeps nothing that could be destroyed. */
function identityOf(found: BigIntStats): string | null {
  return found.isCharacterDevice() ? null : `${found.dev} ${found.ino}`;
}

function cannotWrite(name: string, { message }: Error): MienError {
  return new MienError('BAD_INPUT', `The rows cannot be written to ${name}: ${message}.`);
}
