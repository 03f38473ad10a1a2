/** A recording that lies in a bucket, sent on by the ranges that players ask for: the bucket's own address is told to nobody. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { StoredRecording } from '../../domain/recorded-file.ts';
import { HEAD_BYTES, mediaTypeOf } from './media-type.ts';

/**
 * @param onBegin called with its type when bytes of it are about to be sent
 * @returns false: it went, or changed, meanwhile, and nothing was answered
 * @throws MienError UPLOADS_UNAVAILABLE
 */
export async function sendFromBucket(
  request: IncomingMessage,
  response: ServerResponse,
  file: StoredRecording,
  onBegin: (type: string) => void,
): Promise<boolean> {
  const { size, etag, modified } = file;
  const head = await file.read(0, Math.min(HEAD_BYTES, size) - 1);
  if (head === null) return false;
  const type = mediaTypeOf(await buffer(head));
  const state = { 'accept-ranges': 'bytes', etag, 'last-modified': modified.toUTCString() };
  if (!isMeant(request.headers['if-match'], etag)) return answerWithoutBody(response, 412, state);
  const range = rangeIn(request, file);
  if (range === 'outside')
    return answerWithoutBody(response, 416, { ...state, 'content-range': `bytes */${size}` });
  const { first, last } = range ?? { first: 0, last: size - 1 };
  const isSent = request.method !== 'HEAD';
  const body = isSent ? await file.read(first, last) : null;
  if (isSent && body === null) return false;
  if (isSent) onBegin(type);
  response.writeHead(range === null ? 200 : 206, {
    ...{ ...state, 'content-type': type, 'content-length': last - first + 1 },
    ...(range && { 'content-range': `bytes ${first}-${last}/${size}` }),
  });
  if (body === null) response.end();
  // What breaks off there breaks off here; who asked may leave.
  else await pipeline(body, response);
  return true;
}

function isMeant(condition: string | undefined, etag: string): boolean {
  if (condition === undefined || condition.trim() === '*') return true;
  return condition.split(',').some((one) => one.trim() === etag);
}

function answerWithoutBody(response: ServerResponse, status: number, headers: Record<string, string>): true {
  response.writeHead(status, { ...headers, 'content-length': 0 }).end();
  return true;
}

/** Null: all of it, as also where several ranges are asked for, or of another state of it. */
function rangeIn(
  { headers }: IncomingMessage,
  { size, etag, modified }: StoredRecording,
): { first: number; last: number } | 'outside' | null {
  const of = headers['if-range'];
  if (of !== undefined && of !== etag && of !== modified.toUTCString()) return null;
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.range ?? '') ?? [];
  if (from === '' && to === '') return null;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return first > last ? 'outside' : { first, last };
}
