/** A file of a page, read once, with what browsers are told about it, and compressed when the first one asks for that. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { acceptsEncoding } from './accept-headers.ts';

export interface ServedFile {
  plain: Buffer;
  gzipped: () => Promise<Buffer>;
  etag: string;
  headers: Record<string, string>;
}

/**
 * @param policy what the page may load and run, and who may frame it
 * @param immutable whether this address will never have other contents
 */
export function toServedFile(plain: Buffer, type: string, policy: string, immutable = false): ServedFile {
  let gzipped: Promise<Buffer> | null = null;
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return {
    plain,
    gzipped: () => (gzipped ??= promisify(gzip)(plain)),
    etag,
    headers: {
      'content-type': type,
      // Weak: both encodings are the same page.
      etag: `W/${etag}`,
      vary: 'accept-encoding, origin',
      // Else asked for again each time, and answered with 304: a newer server is seen at once.
      'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
    },
  };
}

export async function answerFile(
  { plain, gzipped, etag, headers }: ServedFile,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, headers: asked } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD', 'content-length': 0 }).end();
  } else if (isCached(asked['if-none-match'], etag)) {
    const { 'content-type': _, ...rest } = headers;
    response.writeHead(304, rest).end();
  } else {
    const zip = acceptsEncoding(asked['accept-encoding']?.toString(), 'gzip');
    const body = zip ? await gzipped() : plain;
    response.writeHead(200, {
      ...headers,
      ...(zip && { 'content-encoding': 'gzip' }),
      'content-length': body.length,
    });
    response.end(method === 'HEAD' ? undefined : body);
  }
}

/** Whether the browser holds this version. */
function isCached(header: string | undefined, etag: string): boolean {
  return header?.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, ''))) === true;
}
