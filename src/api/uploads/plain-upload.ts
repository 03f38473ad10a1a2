/** An upload in one request: a video as the body, or as a file in a form. It is stored as it comes. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';
import { MienError } from '../../errors.ts';
import { bodyOf, limitBytes, tooLarge } from './upload-body.ts';
import { newToken, type StagedUpload, type UploadFiles } from './upload-files.ts';
import type { UploadSpace } from './upload-space.ts';

/** @throws MienError BAD_INPUT, UPLOAD_TOO_LARGE, UPLOADS_FULL, UPLOADS_UNAVAILABLE, and nothing is left behind */
export type PlainUpload = (request: IncomingMessage) => Promise<{ token: string; bytes: number }>;

interface Staged extends Pick<StagedUpload, 'finish' | 'discard'> {
  token: string;
  bytes: number;
}

type Stage = (body: Readable) => Promise<Staged>;

export function createPlainUpload(files: UploadFiles, space: UploadSpace, maxBytes: number): PlainUpload {
  const stage: Stage = async (body) => {
    const token = newToken();
    const { write, finish, discard } = files.stage(token, maxBytes);
    try {
      const size = { bytes: 0 };
      await write(body, limitBytes(maxBytes, space, size));
      if (size.bytes > 0) return { token, bytes: size.bytes, finish, discard };
      throw new MienError(
        'BAD_INPUT',
        'The upload is empty: send a video as the body, or as a file in a form.',
      );
    } catch (error) {
      await discard();
      throw error;
    }
  };

  return async (request) => {
    await space.look();
    assertLength(request, maxBytes, space);
    const { token, bytes, finish, discard } = await (isForm(request)
      ? stageForm(request, stage)
      : stage(bodyOf(request)));
    await finish().catch(async (error: unknown) => {
      await discard();
      throw error;
    });
    return { token, bytes };
  };
}

/** An honest sender hears at once that it is too much. */
function assertLength({ headers }: IncomingMessage, maxBytes: number, space: UploadSpace): void {
  const length = Number(headers['content-length'] ?? 0);
  if (length > maxBytes + FORM_OVERHEAD) throw tooLarge(maxBytes);
  space.assertRoom(Math.max(0, length - FORM_OVERHEAD));
}

/** Boundaries and part headers around a file. */
const FORM_OVERHEAD = 64 * 1024;

function isForm({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.toLowerCase().startsWith('multipart/form-data') === true;
}

/** The first file of a form; anything else in it is passed over, and has to be whole all the same. */
async function stageForm(request: IncomingMessage, stage: Stage): Promise<Staged> {
  const form = openForm(request);
  const staging: Promise<Staged>[] = [];
  const failed = new Promise<never>((_resolve, reject) => {
    form.on('file', (_name, file) => {
      const staged = stage(file);
      staging.push(staged);
      staged.catch((error: unknown) => {
        file.resume();
        reject(error);
      });
    });
  });
  try {
    await Promise.race([pipeline(bodyOf(request), form), failed]);
    const [staged] = staging;
    if (staged) return await staged;
    throw new MienError('BAD_INPUT', 'The form holds no file.');
  } catch (error) {
    form.destroy();
    for (const staged of await Promise.allSettled(staging))
      if (staged.status === 'fulfilled') await staged.value.discard();
    if (error instanceof MienError || !isFormError(error)) throw error;
    throw new MienError('BAD_INPUT', 'The form is malformed or was cut off.', { cause: error });
  }
}

function openForm({ headers }: IncomingMessage): busboy.Busboy {
  try {
    return busboy({ headers, limits: { files: 1, fields: 20, fieldSize: 4096 } });
  } catch (error) {
    throw new MienError('BAD_INPUT', 'The form cannot be read: it names no boundary.', { cause: error });
  }
}

/** What busboy says has no code; what the disk says has one. */
function isFormError(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === undefined;
}
