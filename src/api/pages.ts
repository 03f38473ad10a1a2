/** The dashboard over HTTP: a few static files, read once and known by name, so that no path can lead elsewhere. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';

/** Beside this room in the sources, and in what is built from them. */
export const WEB = new URL('../web/', import.meta.url);

const INDEX = 'index.html';
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** The page runs its own scripts, speaks to its own server, and is framed by nobody. */
const POLICY = [
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

interface Page {
  body: Buffer;
  headers: Record<string, string | number>;
}

export type Pages = (path: string, request: IncomingMessage, response: ServerResponse) => boolean;

/** Answers `/` with the page, and `/web/…` with its parts; false: there is no such file. */
export async function openPages(directory: URL = WEB): Promise<Pages> {
  const pages = new Map<string, Page>();
  for (const name of await readdir(directory)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    pages.set(name === INDEX ? '/' : `/web/${name}`, toPage(await readFile(new URL(name, directory)), type));
  }
  return (path, request, response) => {
    const page = pages.get(path);
    if (page === undefined) return false;
    answer(page, request, response);
    return true;
  };
}

function toPage(body: Buffer, type: string): Page {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return {
    body,
    headers: {
      'content-type': type,
      'content-length': body.length,
      etag,
      // Asked for again each time, and answered with 304: a newer server is seen at once.
      'cache-control': 'no-cache',
      'content-security-policy': POLICY,
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    },
  };
}

function answer(
  { body, headers }: Page,
  { method, headers: asked }: IncomingMessage,
  response: ServerResponse,
) {
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD', 'content-length': 0 }).end();
  } else if (isKnown(asked['if-none-match'], headers.etag as string)) {
    const { 'content-length': _, 'content-type': __, ...rest } = headers;
    response.writeHead(304, rest).end();
  } else response.writeHead(200, headers).end(method === 'HEAD' ? undefined : body);
}

/** Whether the browser holds this version; a proxy that compresses may have weakened its tag. */
function isKnown(header: string | undefined, etag: string): boolean {
  return header?.split(',').some((tag) => ['*', etag, `W/${etag}`].includes(tag.trim())) === true;
}
