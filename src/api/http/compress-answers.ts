/** Answers in as few bytes as the client takes: a page of 200 moments is 850 kB as it is. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants } from 'node:zlib';
import compression from 'compression';

/** Smaller ones fit a packet or two. */
const LEAST_BYTES = 1024;
/** Of 0 to 11: as fast as gzip, and smaller. */
const BROTLI_QUALITY = 4;

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const compressor = compression({
  threshold: LEAST_BYTES,
  brotli: { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } },
  filter: (_request, response) => isText(response.getHeader('content-type')),
}) as unknown as Middleware;

/** Has what is written to `response` compressed, if that is JSON or a table: events go out as they happen. */
export function compressAnswer(request: IncomingMessage, response: ServerResponse): void {
  compressor(request, response, () => {});
}

function isText(type: unknown): boolean {
  return /^(application\/(graphql-response\+)?jsonl?|text\/csv)\b/.test(String(type));
}
