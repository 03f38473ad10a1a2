/** A small body of JSON. */
import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { MienError } from '../../errors.ts';

/** More than any token or answer of an issuer takes. */
const MAX_BYTES = 32 * 1024;

/** @throws MienError BAD_INPUT where it is too long, no JSON, or not of this shape */
export async function readSmallBody<T>(request: IncomingMessage, shape: z.ZodType<T>): Promise<T> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  if (type !== 'application/json') throw new MienError('BAD_INPUT', 'Send JSON, with its content type.');
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    bytes += part.length;
    if (bytes > MAX_BYTES) throw new MienError('BAD_INPUT', `Send ${MAX_BYTES} bytes at most.`);
    parts.push(part);
  }
  const { success, data } = shape.safeParse(parse(Buffer.concat(parts).toString()));
  if (!success) throw new MienError('BAD_INPUT', 'This is not what the sign-in page sends.');
  return data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MienError('BAD_INPUT', 'This is no JSON.');
  }
}
