/** `/uploads`: videos come in, in one request or in several that go on from one another, and are known by their token. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Requester } from '../../domain/access.ts';
import type { Audit, AuditOutcome } from '../../domain/audit.ts';
import { isUploadToken } from '../../domain/id-format.ts';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import { repeat } from '../../threads/repeat.ts';
import { answerJson, errorBody } from '../errors/answer-json.ts';
import { createPlainUpload } from './plain-upload.ts';
import { createTusUpload } from './tus-upload.ts';
import { lingerWith } from './upload-body.ts';
import type { UploadFiles } from './upload-files.ts';
import { createUploadSpace } from './upload-space.ts';

const SWEEP_MS = 10 * 60_000;
const STATUS: Partial<Record<string, number>> = {
  ...{ BAD_INPUT: 400, NOT_FOUND: 404, CONFLICT: 409, UPLOAD_TOO_LARGE: 413, UPLOADS_FULL: 507 },
  UPLOADS_UNAVAILABLE: 503,
};

export interface UploadEndpoint {
  /** Answers one upload with `{"token":"…"}`, or as tus says, or with an error as GraphQL would word it. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    requester: Requester | null,
  ): Promise<void>;
  close(): Promise<void>;
}

export interface UploadOptions {
  files: UploadFiles;
  /** Of one upload. */
  maxBytes: number;
  /** Of all uploads together. */
  maxDisk: number;
  onRefused: (code: string) => void;
  audit: Audit;
  log: Log;
}

/** Takes uploads; what is left unfinished is deleted, at once and every ten minutes. */
export function openUploadEndpoint(options: UploadOptions): UploadEndpoint {
  const { files, maxBytes, maxDisk } = options;
  const space = createUploadSpace(files, maxDisk);
  const plain = createPlainUpload(files, space, maxBytes);
  const tus = createTusUpload(files, space, maxBytes);
  const sweeping = sweepRegularly(files, options.log);
  return {
    async handle(request, response, path, requester) {
      const record = recorder(options.audit, requester);
      const { method, headers } = request;
      try {
        const token = tokenIn(path);
        const byTus = headers['tus-resumable'] !== undefined || method === 'OPTIONS';
        if (byTus) await tus(request, response, token, (bytes) => record('OK', null, bytes));
        else if (method === 'POST' && token === null) {
          const upload = await plain(request);
          await record('OK', null, upload.bytes);
          answerJson(response, 201, { token: upload.token });
        } else answerJson(response, 405, { status: 'POST a video here' }, { allow: 'POST' });
      } catch (error) {
        void record('FAILED', answerError(request, response, error, options), null);
      }
    },
    close: sweeping,
  };
}

type RecordUpload = (outcome: AuditOutcome, code: string | null, bytes: number | null) => Promise<void>;

/** Without the upload's token, which is a secret, and its name, which may name who is filmed. */
function recorder(audit: Audit, requester: Requester | null): RecordUpload {
  return async (outcome, code, bytes) => {
    if (requester === null) return;
    const target = { type: 'UPLOAD', id: null, name: null } as const;
    const detail = bytes === null ? {} : { bytes };
    await audit.record({ requester, action: 'UPLOAD', target, outcome, code, detail });
  };
}

/** @returns what stops it */
function sweepRegularly(files: UploadFiles, log: Log): () => Promise<void> {
  const sweep = () =>
    files.sweep().then(
      (deleted) => {
        if (deleted > 0) log.info({ uploads: deleted }, 'deleted uploads that nobody went on with');
      },
      (error: unknown) =>
        log.warn(
          error instanceof MienError ? { reason: error.message } : { err: error },
          'could not look for unfinished uploads; it will be tried again',
        ),
    );
  return repeat(SWEEP_MS, sweep);
}

/** @throws MienError NOT_FOUND */
function tokenIn(path: string): string | null {
  const token = path.split('/')[2];
  if (token === undefined) return null;
  if (isUploadToken(token) && path === `/uploads/${token}`) return token;
  throw new MienError('NOT_FOUND', 'There is no such upload.');
}

function answerError(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  { log, onRefused }: UploadOptions,
): string {
  const known = error instanceof MienError ? error : null;
  if (!known) log.error({ err: error }, 'an upload failed unexpectedly');
  else if (known.code === 'UPLOADS_UNAVAILABLE') log.warn({ reason: known.message }, 'an upload failed');
  const code = known?.code ?? 'INTERNAL';
  if (code === 'UPLOADS_FULL' || code === 'UPLOAD_TOO_LARGE') onRefused(code);
  lingerWith(request);
  const message = known?.message ?? 'Something went wrong on the server, and was logged.';
  answerJson(response, STATUS[code] ?? 500, errorBody({ code, message }));
  return code;
}
