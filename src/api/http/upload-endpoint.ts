/** `POST /uploads`: a video comes in as the raw body or as a form, and goes to disk as it comes. */
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { PassThrough, type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';

/** Begun but not finished, under a name that no token can have. */
const PARTIAL_PREFIX = '.part';
const LINGER_MS = 2_000;
const ABANDONED_MS = 24 * 3_600_000;
const STATUS: Partial<Record<string, number>> = { UPLOAD_TOO_LARGE: 413, BAD_INPUT: 400 };

export interface UploadEndpoint {
  /** Answers one upload with `{"token":"…"}`, or with an error as GraphQL would word it. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Takes up to `maxBytes` a file into `directory`; what an earlier run left unfinished there is deleted. */
export async function openUploadEndpoint(options: {
  directory: string;
  maxBytes: number;
  log: Log;
}): Promise<UploadEndpoint> {
  const { directory, maxBytes, log } = options;
  await mkdir(directory, { recursive: true });
  await deleteAbandoned(directory);

  const store = async (body: Readable): Promise<string> => {
    const token = randomBytes(16).toString('hex');
    const part = join(directory, `${PARTIAL_PREFIX}-${token}`);
    try {
      const size = { bytes: 0 };
      await pipeline(body, limitBytes(maxBytes, size), createWriteStream(part, { flags: 'wx', mode: 0o600 }));
      if (size.bytes === 0)
        throw new MienError(
          'BAD_INPUT',
          'The upload is empty: send a video as the body, or as a file in a form.',
        );
      await rename(part, join(directory, token));
      return token;
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  };

  return {
    async handle(request, response) {
      try {
        assertLength(request, maxBytes);
        const token = isForm(request) ? await storeFromForm(request, store) : await store(bodyOf(request));
        answer(response, 201, { token });
      } catch (error) {
        answerError(request, response, error, log);
      }
    },
  };
}

/** An honest sender hears at once that it is too much. */
function assertLength({ headers }: IncomingMessage, maxBytes: number): void {
  if (Number(headers['content-length'] ?? 0) > maxBytes + FORM_OVERHEAD) throw tooLarge(maxBytes);
}

/** Boundaries and part headers around a file. */
const FORM_OVERHEAD = 64 * 1024;

function isForm({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.toLowerCase().startsWith('multipart/form-data') === true;
}

/** The first file of a form; anything else in it is passed over. */
function storeFromForm(
  request: IncomingMessage,
  store: (body: Readable) => Promise<string>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let stored: Promise<string> | null = null;
    let form: busboy.Busboy;
    try {
      form = busboy({ headers: request.headers, limits: { files: 1, fields: 20, fieldSize: 4096 } });
    } catch (error) {
      reject(new MienError('BAD_INPUT', 'The form cannot be read: it names no boundary.', { cause: error }));
      return;
    }
    form.on('file', (_name, file) => {
      stored = store(file);
      stored.catch((error: unknown) => {
        file.resume();
        reject(error);
      });
    });
    form.on('error', (error) =>
      reject(new MienError('BAD_INPUT', 'The form is malformed or was cut off.', { cause: error })),
    );
    form.on('close', () => {
      if (stored) stored.then(resolve, reject);
      else reject(new MienError('BAD_INPUT', 'The form holds no file.'));
    });
    pipeline(bodyOf(request), form).catch((error: unknown) => {
      form.destroy();
      reject(error);
    });
  });
}

/** The body apart from its request, which an error must not destroy: it carries the answer. */
function bodyOf(request: IncomingMessage): Readable {
  const body = new PassThrough();
  request.once('close', () => {
    if (!request.complete) body.destroy(new MienError('BAD_INPUT', 'The upload was cut off; send it again.'));
  });
  return request.pipe(body);
}

function limitBytes(maxBytes: number, size: { bytes: number }): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      size.bytes += chunk.length;
      if (size.bytes > maxBytes) callback(tooLarge(maxBytes));
      else callback(null, chunk);
    },
  });
}

function answerError(request: IncomingMessage, response: ServerResponse, error: unknown, log: Log): void {
  const known = error instanceof MienError ? error : null;
  if (!known) log.error({ err: error }, 'an upload failed unexpectedly');
  // Someone who is still sending reads the answer only if we go on listening for a while.
  request.unpipe();
  request.resume();
  const patience = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(patience));
  const code = known?.code ?? 'INTERNAL';
  const message = known?.message ?? 'Something went wrong on the server, and was logged.';
  answer(response, STATUS[code] ?? 500, { errors: [{ message, extensions: { code } }] });
}

function answer(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return;
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
    .end(`${JSON.stringify(body)}\n`);
}

function tooLarge(maxBytes: number): MienError {
  return new MienError(
    'UPLOAD_TOO_LARGE',
    `Uploads may have ${maxBytes} bytes at most: cut the video, or have MIEN_MAX_UPLOAD raised.`,
  );
}

async function deleteAbandoned(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(PARTIAL_PREFIX)) continue;
    const path = join(directory, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(path, { force: true });
  }
}
