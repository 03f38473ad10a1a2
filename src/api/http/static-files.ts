/** The dashboard over HTTP: a few static files, read once and known by name, so that no path can lead elsewhere. */
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { answerFile, type ServedFile, toServedFile } from './served-file.ts';

/** What scripts/build-web.mjs has put together: beside this room where it was built, too, else in what was built of these sources. */
export const WEB = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/web/' : '../../web/',
  import.meta.url,
);

/** Each is its own address; all else is a part of them. */
const PAGES: Readonly<Record<string, string>> = { 'index.html': '/', 'sign-in.html': '/sign-in' };
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
  "media-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** Its name changes with its contents. */
const HASHED = /-[A-Z0-9]{8}\.(?:css|js)$/;

export type StaticFiles = (
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<boolean>;

/** Answers `/` and `/sign-in` with their pages, and `/web/…` with the parts of these; false: there is no such file. */
export async function openStaticFiles(directory: URL = WEB): Promise<StaticFiles> {
  const pages = new Map<string, ServedFile>();
  for (const name of await readdir(directory)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const file = await readFile(new URL(name, directory));
    pages.set(
      PAGES[name] ?? `/web/${name}`,
      toServedFile(file, type, CONTENT_SECURITY_POLICY, HASHED.test(name)),
    );
  }
  return async (path, request, response) => {
    const page = pages.get(path);
    if (page === undefined) return false;
    await answerFile(page, request, response);
    return true;
  };
}
