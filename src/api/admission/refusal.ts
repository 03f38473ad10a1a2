import type { ErrorCode } from '../../errors.ts';
import { errorBody } from '../errors/answer-json.ts';

/** A request that is not let in: the status and code it is answered with, and a sentence that says what to do. */
export interface Refusal {
  status: number;
  code: ErrorCode;
  message: string;
  headers?: Record<string, string>;
}

/** The whole answer, for a socket on which no request is read any more. */
export function rawAnswer(refusal: Refusal, statusText: string): string {
  const body = `${JSON.stringify(errorBody(refusal))}\n`;
  const head = [
    `HTTP/1.1 ${refusal.status} ${statusText}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(refusal.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
