import type { IncomingMessage } from 'node:http';
import { MienError } from '../../../errors.ts';

/** Enough to tell a playlist. */
const ENOUGH = 16;

/** Reads the first bytes of a body; few where it ends, or where no more come within `seconds`. */
export function readStart(message: IncomingMessage, seconds: number): Promise<Buffer> {
  return readUntil(message, Buffer.alloc(0), ENOUGH, seconds);
}

/** Reads on until there are so many bytes in all; fewer where the body ends, or where no more come within `seconds`. */
export async function readUntil(
  message: IncomingMessage,
  start: Buffer,
  length: number,
  seconds: number,
): Promise<Buffer> {
  const deadline = performance.now() + seconds * 1000;
  const chunks = [start];
  let read = start.length;
  while (read < length && !message.readableEnded && !message.destroyed) {
    const left = deadline - performance.now();
    if (left <= 0 || !(await readable(message, left))) break;
    const chunk: Buffer | null = message.read();
    if (chunk === null) break;
    chunks.push(chunk);
    read += chunk.length;
  }
  return chunks.length === 1 ? start : Buffer.concat(chunks);
}

/** Whether there is something to read, or the end, before the time is over. */
function readable(message: IncomingMessage, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (found: boolean) => () => {
      clearTimeout(timer);
      message.off('readable', yes).off('close', no).off('end', no).off('error', no);
      resolve(found);
    };
    const [yes, no] = [settle(true), settle(false)];
    const timer = setTimeout(no, milliseconds);
    message.on('readable', yes).on('close', no).on('end', no).on('error', no);
  });
}

/** All the rest of a body. Throws SOURCE_UNREACHABLE where it is larger, or takes longer, or breaks off. */
export async function readAll(message: IncomingMessage, maxBytes: number, seconds: number): Promise<Buffer> {
  const timer = setTimeout(() => message.destroy(), seconds * 1000);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of message) {
      length += chunk.length;
      if (length > maxBytes) break;
      chunks.push(chunk);
    }
  } catch {
    throw new MienError('SOURCE_UNREACHABLE', 'A playlist of the source broke off; check that it is well.');
  } finally {
    clearTimeout(timer);
  }
  if (length <= maxBytes && message.complete) return Buffer.concat(chunks);
  const limit = `${Math.round(maxBytes / 1e6)} MB`;
  throw new MienError(
    'SOURCE_UNREACHABLE',
    `A playlist of the source is larger than ${limit}, or broke off.`,
  );
}
