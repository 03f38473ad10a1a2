/**
 * A body may take as long as it needs while it comes: what is asked is a rate, in each stretch of some seconds. A limit on
 * the whole would cut honest uploads on slow lines, and none would let a few hundred trickles hold all connections.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerJson, errorBody } from '../errors/answer-json.ts';
import type { Refusal } from './refusal.ts';

export interface BodyPace {
  bytesPerSecond: number;
  /** The length of a stretch. */
  patienceMs: number;
  onRefused: (code: string) => void;
}

export function watchBody(request: IncomingMessage, response: ServerResponse, pace: BodyPace): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  if (length === '0' && encoding === undefined) return;
  const least = (pace.bytesPerSecond * pace.patienceMs) / 1000;
  const { socket } = request;
  let before = socket.bytesRead;
  const timer = setInterval(() => {
    const came = socket.bytesRead - before;
    before = socket.bytesRead;
    if (request.complete) return stop();
    // What waits here was sent; it is the server that is slow then.
    if (came >= least || request.readableLength > 0) return;
    stop();
    pace.onRefused(TOO_SLOW.code);
    cut(request, response);
  }, pace.patienceMs);
  const stop = () => clearInterval(timer);
  request.once('close', stop);
}

/** What is refused is not done, also where the rest comes yet: whoever reads the body sees no end of it. */
function cut(request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) return void request.destroy();
  // Closed at once, with something unread, the connection would be reset: whoever reads late would not read why.
  answerJson(response, TOO_SLOW.status, errorBody(TOO_SLOW));
  request.unpipe();
  for (const event of ['data', 'readable', 'end']) request.removeAllListeners(event);
  request.resume();
  setTimeout(() => request.destroy(), LINGER_MS).unref();
}

const LINGER_MS = 1_000;

const TOO_SLOW: Refusal = {
  status: 408,
  code: 'TOO_SLOW',
  message:
    'The body came too slowly: send it again, a large file by the tus protocol, or have MIEN_MIN_UPLOAD_RATE lowered.',
};
