/** The dashboard over HTTP: a few static files, read once and known by name, so that no path can lead elsewhere. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Beside this room in the sources, and in what is built from them. */
export const WEB = new URL('../../web/', import.meta.url);

const INDEX = 'index.html';
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** The page runs its own scripts, speaks to its own server, and is framed by nobody. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

interface StaticFile {
  /** As it is, and as browsers like it. */
  plain: Buffer;
  gzipped: Buffer;
  etag: string;
  headers: Record<string, string>;
}

export type StaticFiles = (path: string, request: IncomingMessage, response: ServerResponse) => boolean;

/** Answers `/` with the page, and `/web/…` with its parts; false: there is no such file. */
export async function openStaticFiles(directory: URL = WEB): Promise<StaticFiles> {
  const pages = new Map<string, StaticFile>();
  for (const name of await readdir(directory)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    pages.set(
      name === INDEX ? '/' : `/web/${name}`,
      toStaticFile(await readFile(new URL(name, directory)), type),
    );
  }
  return (path, request, response) => {
    const page = pages.get(path);
    if (page === undefined) return false;
    answer(page, request, response);
    return true;
  };
}

function toStaticFile(plain: Buffer, type: string): StaticFile {
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return {
    plain,
    gzipped: gzipSync(plain, { level: 9 }),
    etag,
    headers: {
      'content-type': type,
      // Weak: both encodings are the same page.
      etag: `W/${etag}`,
      vary: 'accept-encoding, origin',
      // Asked for again each time, and answered with 304: a newer server is seen at once.
      'cache-control': 'no-cache',
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    },
  };
}

function answer(
  { plain, gzipped: zipped, etag, headers }: StaticFile,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const { method, headers: asked } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD', 'content-length': 0 }).end();
  } else if (isCached(asked['if-none-match'], etag)) {
    const { 'content-type': _, ...rest } = headers;
    response.writeHead(304, rest).end();
  } else {
    const zip = /\bgzip\b/.test(String(asked['accept-encoding'] ?? ''));
    const body = zip ? zipped : plain;
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
