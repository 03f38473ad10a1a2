/** What HTTP tells of the end of a source, for those that have no duration: whether they are recordings, and came whole. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface BodyEnd {
  /** It has a length, so it is no camera's. */
  isSized: boolean;
  /**
   * How the body that was sent last ended: whole, as its server had told by its length or a last chunk, or broken off; null: it
   * has not ended, was not read to its end, or nobody told where that is.
   */
  end: 'whole' | 'broken' | null;
}

/** Cameras send pictures in parts without end, whatever length some of them claim. */
const inParts = ({ headers }: IncomingMessage): boolean =>
  /^multipart\//i.test(headers['content-type'] ?? '');

export function isSized(message: IncomingMessage): boolean {
  return /^\d{1,18}$/.test(message.headers['content-length'] ?? '') && !inParts(message);
}

function isChunked(message: IncomingMessage): boolean {
  return /\bchunked$/i.test(message.headers['transfer-encoding'] ?? '') && !inParts(message);
}

/** Keeps how a body ends that is passed on in a response. */
export function watchEnd(body: BodyEnd, message: IncomingMessage, response: ServerResponse): void {
  const ended = () => {
    if (message.complete && (isSized(message) || isChunked(message))) body.end = 'whole';
  };
  body.end = null;
  if (message.readableEnded) ended();
  else if (message.destroyed) body.end = 'broken';
  message.once('end', ended).once('error', () => {
    // Otherwise ffmpeg has left, and the body is closed for that.
    if (!response.destroyed) body.end = 'broken';
  });
}
