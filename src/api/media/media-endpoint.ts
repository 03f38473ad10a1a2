/** `/media/sessions/{id}`: the recording that a session is of, where mien has its file, by the ranges that players ask for. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import send from 'send';
import type { Requester } from '../../domain/access.ts';
import type { SourceInput } from '../../domain/frame.ts';
import { isId } from '../../domain/id-format.ts';
import type { RecordedFile } from '../../domain/recorded-file.ts';
import { MienError } from '../../errors.ts';
import { createViewings } from '../audit/dedupe-viewings.ts';
import type { Context, CreateContext } from '../context/context.ts';
import { answerError, type ErrorAnswers } from '../errors/answer-error.ts';
import { answerJson } from '../errors/answer-json.ts';
import { readMediaType } from './media-type.ts';
import { sendFromBucket } from './send-from-bucket.ts';

export type MediaEndpoint = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  requester: Requester,
) => Promise<void>;

interface MediaOptions extends ErrorAnswers {
  createContext: CreateContext;
}

export function createMediaEndpoint(options: MediaOptions): MediaEndpoint {
  const viewings = createViewings();
  return async (request, response, path, requester) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return answerJson(response, 405, { status: 'GET a recording' }, { allow: 'GET, HEAD' });
    }
    try {
      const [, id = ''] = /^\/media\/sessions\/([^/]+)$/.exec(path) ?? [];
      if (!isId(id)) throw new MienError('NOT_FOUND', `There is no session at ${path}.`);
      const context = options.createContext(requester);
      const file = await findFile(id, context);
      const onBegin = (type: string) => {
        if (!viewings.begins(requester.principal.id, id)) return;
        const target = { type: 'SESSION', id: id.toLowerCase(), name: null } as const;
        const detail = { table: 'recording', format: type };
        void context.audit.record({ requester, action: 'EXPORT', target, outcome: 'OK', detail });
      };
      // Nobody but who asks may keep it, and nobody for longer than they look at it.
      response.setHeader('cache-control', 'private, no-store');
      if (typeof file === 'string') await sendFile(request, response, file, onBegin);
      else if (!(await sendFromBucket(request, response, file, onBegin)))
        throw new MienError('NOT_FOUND', GONE);
    } catch (error) {
      answerError(response, error, 'The recording', options);
    }
  };
}

/** @throws MienError NOT_FOUND */
async function findFile(id: string, { prisma, recordedFile }: Context): Promise<RecordedFile> {
  const session = await prisma.session.findUnique({ where: { id }, select: { stream: true } });
  if (session === null) {
    throw new MienError('NOT_FOUND', `There is no session ${id}; ask \`sessions\` for those there are.`);
  }
  const file = await recordedFile(session.stream.source as unknown as SourceInput);
  if (file === null) throw new MienError('NOT_FOUND', GONE);
  return file;
}

const GONE =
  'mien has no file of this recording: it came from a camera or an address, or the file was moved or removed. Open it from your own disk to see it beside the numbers.';

/** It may go between two looks. @throws MienError NOT_FOUND; other errors as they are */
function tellThatItIsGone(error: NodeJS.ErrnoException): never {
  throw error.code === 'ENOENT' ? new MienError('NOT_FOUND', GONE) : error;
}

/** What players ask of a file that has changed, or of a range behind its end: the status says it all. */
const WITHOUT_BODY = [412, 416];

/**
 * All of it, or the ranges that were asked for.
 * @param onBegin called with its type when bytes of it are about to be sent
 * @throws MienError NOT_FOUND: it went meanwhile
 */
async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  onBegin: (type: string) => void,
): Promise<void> {
  const type = await readMediaType(path).catch(tellThatItIsGone);
  response.setHeader('content-type', type);
  const sent = send(request, encodeURI(path).replace(/[?#]/g, encodeURIComponent), {
    ...{ dotfiles: 'allow', index: false, cacheControl: false },
  });
  sent.once('stream', () => onBegin(type));
  await new Promise<void>((resolve, reject) => {
    sent.on('error', (error: Error & { status: number }) => {
      if (!WITHOUT_BODY.includes(error.status))
        return reject(error.status === 404 ? new MienError('NOT_FOUND', GONE) : error);
      response.writeHead(error.status, { 'content-length': 0 }).end();
    });
    response.once('close', resolve);
    // Who asked may have left meanwhile.
    if (response.destroyed) resolve();
    else sent.pipe(response);
  });
}
