/**
 * A web server of ours for one run of ffmpeg, that holds one object of a bucket. ffmpeg asks for ranges of it, and never hears its
 * address. Each time that bytes are asked of the storage, by ffmpeg or anew where they broke off, the address is presigned anew:
 * none has to last for longer than it takes to begin.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { MienError } from '../../../errors.ts';
import { createBackoff } from '../../../threads/backoff.ts';
import { sleep } from '../../../threads/sleep.ts';
import { createConnectorTo } from '../safe-connect.ts';
import { type LoopbackProxy, listenOnLoopback } from './loopback-proxy.ts';
import { createUpstreamHttp, statusError, type UpstreamHttp } from './upstream-http.ts';

/** As it was when it was asked after. */
export interface RemoteObject {
  /** The bucket, as people know it. */
  storage: string;
  /** Bytes. */
  size: number;
  /** In its quotes. */
  etag: string;
  presign(): Promise<URL>;
}

export interface ObjectProxy extends LoopbackProxy {
  /** The object on our server, as ffmpeg opens it. */
  url: string;
  /** Of the object, from a place on; fewer where it ends. Throws as `networkError` tells. */
  bytesAt(at: number, length: number): Promise<Buffer>;
}

/** How long storage that is away is waited for in the middle; a run of ffmpeg that gives no frame is ended later than that. */
const PATIENCE_MS = 120_000;
const LOOK_PATIENCE_MS = 3_000;
/** In which something must come, or be taken: it is asked for anew otherwise. */
const IDLE_MS = 30_000;
const PAUSES = { shortest: 250, longest: 5_000 };
/** Read at once where little is asked for: most that is looked at lies together. */
const BLOCK_BYTES = 64 * 1024;

export async function openObjectProxy(object: RemoteObject, connectSeconds: number): Promise<ObjectProxy> {
  const connector = createConnectorTo(await object.presign(), { connectSeconds });
  const upstream = createUpstreamHttp(connector);
  const reader = new ObjectReader(object, upstream);
  const path = `/${randomBytes(16).toString('hex')}/video`;
  const server = createServer((request, response) => {
    if (request.url !== path || request.method !== 'GET') return void response.writeHead(404).end();
    answer(reader, object.size, request, response).catch(() => response.destroy());
  });
  const proxy = await listenOnLoopback(server, () => reader.error);
  return {
    ...proxy,
    url: `http://127.0.0.1:${proxy.port}${path}`,
    bytesAt: inBlocks(reader, object.size),
    close() {
      reader.close();
      proxy.close();
      upstream.close();
    },
  };
}

async function answer(
  reader: ObjectReader,
  size: number,
  { headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, from, to] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(headers.range ?? '') ?? [];
  const first = Number(from ?? 0);
  const last = Math.min(to ? Number(to) : size - 1, size - 1);
  response.setHeader('accept-ranges', 'bytes').setHeader('content-type', 'application/octet-stream');
  if (first > last) return void response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
  const isPart = from !== undefined;
  if (isPart) response.setHeader('content-range', `bytes ${first}-${last}/${size}`);
  response.writeHead(isPart ? 206 : 200, { 'content-length': last - first + 1 });
  const leaving = new AbortController();
  response.once('close', () => leaving.abort());
  for await (const chunk of reader.read(first, last, leaving.signal)) {
    if (!response.write(chunk)) await once(response, 'drain', { signal: leaving.signal });
  }
  response.end();
}

/** The last block is kept, and the first, where most is looked at. */
function inBlocks(reader: ObjectReader, size: number): ObjectProxy['bytesAt'] {
  let first: Block | null = null;
  let latest: Block | null = null;
  return async (at, length) => {
    const end = Math.min(at + length, size);
    if (at >= end) return Buffer.alloc(0);
    const isIn = (block: Block | null) =>
      block !== null && block.at <= at && end <= block.at + block.bytes.length;
    const known = [first, latest].find(isIn) ?? null;
    if (known) return known.bytes.subarray(at - known.at, end - known.at);
    const bytes = await reader.readAll(at, Math.min(Math.max(end, at + BLOCK_BYTES), size) - 1);
    latest = { at, bytes };
    if (at === 0) first = latest;
    return bytes.subarray(0, end - at);
  };
}

interface Block {
  at: number;
  bytes: Buffer;
}

class ObjectReader {
  /** Why nothing comes; undefined once something does. */
  error: MienError | undefined;
  readonly #object: RemoteObject;
  readonly #upstream: UpstreamHttp;
  readonly #closing = new AbortController();
  /** Why it was given up, having been waited for: ffmpeg asks a few times more, and is answered at once. Null once something comes. */
  #givenUp: MienError | null = null;

  constructor(object: RemoteObject, upstream: UpstreamHttp) {
    this.#object = object;
    this.#upstream = upstream;
  }

  close(): void {
    this.#closing.abort();
  }

  /** What is looked at before ffmpeg runs, for which nobody waits long. Throws `error`; the reason of closing. */
  async readAll(first: number, last: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.read(first, last, this.#closing.signal, LOOK_PATIENCE_MS))
      chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** Goes on where it broke off. Throws when that is in vain, or the signal aborts. */
  async *read(
    first: number,
    last: number,
    leaving: AbortSignal,
    patience = PATIENCE_MS,
  ): AsyncGenerator<Buffer, void, undefined> {
    const ending = AbortSignal.any([leaving, this.#closing.signal]);
    const backoff = createBackoff(PAUSES);
    let at = first;
    let since: number | null = null;
    while (at <= last) {
      if (this.#givenUp) throw this.#givenUp;
      ending.throwIfAborted();
      try {
        for await (const chunk of await this.#open(at, last)) {
          at += chunk.length;
          since = null;
          this.#came();
          backoff.reset();
          yield chunk;
        }
        if (at <= last) throw new Error('it broke off');
      } catch (error) {
        ending.throwIfAborted();
        const why = this.#worded(error);
        this.error = why;
        since ??= performance.now();
        const isFinal = why.code !== 'UPLOADS_UNAVAILABLE' || performance.now() - since > patience;
        if (isFinal) {
          this.#givenUp = why;
          throw why;
        }
        await sleep(backoff.next(), ending);
      }
    }
    // What broke off behind the last byte is no loss.
    this.#came();
  }

  #came(): void {
    this.error = undefined;
    this.#givenUp = null;
  }

  async #open(first: number, last: number): Promise<IncomingMessage> {
    const { size, etag, presign } = this.#object;
    const { message, url } = await this.#upstream.get(await presign(), `bytes=${first}-${last}`);
    const { statusCode = 502, statusMessage, headers } = message;
    // Storage that does not look at ranges would begin anew, and one that rounds them elsewhere.
    const isPart = statusCode === 206 && headers['content-range']?.startsWith(`bytes ${first}-`) === true;
    const isAsked = isPart || (statusCode === 200 && first === 0 && last === size - 1);
    if (isAsked && (headers.etag ?? etag) === etag)
      return message.setTimeout(IDLE_MS, () => message.destroy());
    message.destroy();
    // 416: it ends before that by now.
    if (statusCode === 404 || statusCode === 416 || isAsked) throw goneError();
    throw statusError(url.hostname, statusCode, statusMessage);
  }

  #worded(error: unknown): MienError {
    if (error instanceof MienError && (PLAIN.includes(error.code) || error.message === GONE)) return error;
    const why = error instanceof MienError ? error.message : 'It broke off; check that it is well.';
    const sentence = `The storage of uploads, ${this.#object.storage}, cannot be read. ${why}`;
    return new MienError('UPLOADS_UNAVAILABLE', sentence, { cause: error });
  }
}

/** Those whose sentence says all. */
const PLAIN = ['SOURCE_REFUSED', 'SOURCE_NOT_VIDEO', 'UPLOADS_UNAVAILABLE', 'SHUTTING_DOWN'];

const GONE =
  'The upload is not in the storage of uploads: it was removed, or replaced. Send the video again.';

export function goneError(): MienError {
  return new MienError('SOURCE_UNREACHABLE', GONE);
}
