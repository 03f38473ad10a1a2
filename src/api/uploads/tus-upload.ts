/** Uploads that can be gone on with after a break, by the tus protocol 1.0.0; finished ones are uploads like any other. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { Server } from '@tus/server';
import { isUploadToken } from '../../domain/id-format.ts';
import { MienError } from '../../errors.ts';
import { bodyOf, limitBytes, lingerWith, tooLarge } from './upload-body.ts';
import { newToken, type UploadFiles } from './upload-files.ts';
import type { UploadSpace } from './upload-space.ts';

/**
 * @param token of the upload that the address names, null at the address where uploads begin
 * @param onWhole told when this request brought the last of an upload, and how large it is
 */
export type TusUpload = (
  request: IncomingMessage,
  response: ServerResponse,
  token: string | null,
  onWhole: (bytes: number) => Promise<void>,
) => Promise<void>;

export function createTusUpload(files: UploadFiles, space: UploadSpace, maxBytes: number): TusUpload {
  const whole = new Map<string, number>();
  const server = openServer({ files, space, maxBytes, whole });
  return async (request, response, token, onWhole) => {
    const done = token === null ? null : await files.size(token);
    // The last answer may have been lost: whoever asks again learns that all is here.
    if (done !== null && request.method === 'HEAD') return answerDone(response, done);
    // Whoever cancels may not know that all was here.
    if (done !== null && token !== null && request.method === 'DELETE')
      return answerRemoved(response, await files.discard(token));
    await space.look();
    const body = limitBytes(maxBytes, space);
    let failure: Error | null = null;
    body.once('error', (error) => {
      failure = error;
    });
    const source = bodyOf(request).once('error', (error) => body.destroy(error));
    const answer = await server.handleWeb(toWeb(request, source.pipe(body)));
    await tellWhole(whole, token ?? answer.headers.get('location')?.split('/').at(-1), onWhole);
    if (failure !== null) throw failure;
    if (!request.complete) lingerWith(request);
    // All of it came, and the server ended before it was given its name.
    if (request.method === 'HEAD' && token !== null && isWhole(answer)) {
      await files.resumable.finish(token);
      await onWhole(Number(answer.headers.get('upload-length')));
    }
    await send(answer, response);
  };
}

/** @param whole sizes of uploads whose last part came, by their tokens, until that is told */
async function tellWhole(
  whole: Map<string, number>,
  token: string | undefined,
  onWhole: (bytes: number) => Promise<void>,
): Promise<void> {
  const bytes = token === undefined ? undefined : whole.get(token);
  if (token === undefined || bytes === undefined) return;
  whole.delete(token);
  await onWhole(bytes);
}

interface TusServer {
  files: UploadFiles;
  space: UploadSpace;
  maxBytes: number;
  whole: Map<string, number>;
}

function openServer({ files, space, maxBytes, whole }: TusServer): Server {
  return new Server({
    path: PATH,
    datastore: files.resumable.store,
    maxSize: maxBytes,
    namingFunction: () => files.resumable.idOf(newToken()),
    getFileIdFromRequest: ({ url }) => files.resumable.idOf(new URL(url).pathname.slice(PATH.length + 1)),
    // Seen from where uploads begin, whatever a proxy puts before it.
    generateUrl: (_request, { id }) => `uploads/${tokenOf(id)}`,
    async onUploadCreate(_request, { size }) {
      if (size === 0) throw new MienError('BAD_INPUT', 'The file is empty; choose another.');
      if (size === undefined)
        throw new MienError('BAD_INPUT', 'Say how large the upload will be, with `upload-length`.');
      space.assertRoom(size);
      return {};
    },
    async onUploadFinish(_request, { id, size = 0 }) {
      await files.resumable.finish(tokenOf(id));
      whole.set(tokenOf(id), size);
      return {};
    },
    async onResponseError(_request, error) {
      if (!('status_code' in error) || error.status_code >= 500) throw error;
      if (error.status_code === 413) throw tooLarge(maxBytes);
      return undefined;
    },
  });
}

const PATH = '/uploads';

function isWhole({ ok, headers }: Response): boolean {
  return ok && headers.get('upload-offset') === headers.get('upload-length');
}

function tokenOf(id: string): string {
  const token = id.slice(-32);
  if (!isUploadToken(token)) throw new Error('an upload has a name without a token');
  return token;
}

function toWeb({ method = 'GET', url = '/', headers }: IncomingMessage, body: Readable): Request {
  const hasBody = method === 'PATCH' || method === 'POST';
  return new Request(new URL(url, 'http://localhost'), {
    method,
    headers: Object.entries(headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, one]),
    ),
    ...(hasBody && { body: Readable.toWeb(body) as ReadableStream, duplex: 'half' as const }),
  });
}

/** All but what it says of origins, which were judged before; its sentences as GraphQL would word them. */
async function send(answer: Response, response: ServerResponse): Promise<void> {
  if (response.destroyed || response.headersSent) return;
  for (const [name, value] of answer.headers)
    if (!/^(?:access-control-|content-)/.test(name)) response.setHeader(name, value);
  const text = await answer.text();
  response.writeHead(answer.status, text === '' ? {} : { 'content-type': 'application/json; charset=utf-8' });
  response.end(text === '' ? '' : inWords(text.trim()));
}

function inWords(message: string): string {
  return `${JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_INPUT' } }] })}\n`;
}

function answerDone(response: ServerResponse, size: number): void {
  const headers = { 'upload-offset': size, 'upload-length': size };
  response.writeHead(200, { 'tus-resumable': '1.0.0', 'cache-control': 'no-store', ...headers }).end();
}

function answerRemoved(response: ServerResponse, isRemoved: boolean): void {
  if (!isRemoved) throw new MienError('CONFLICT', 'A stream uses this upload: remove the stream.');
  response.writeHead(204, { 'tus-resumable': '1.0.0', 'cache-control': 'no-store' }).end();
}
