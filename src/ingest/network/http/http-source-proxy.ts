import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { MienError } from '../../../errors.ts';
import { unlessAborted } from '../../../threads/unless-aborted.ts';
import type { SafeConnector } from '../safe-connect.ts';
import { type Address, type AddressTable, createAddressTable } from './address-table.ts';
import { type BodyEnd, isSized, watchEnd } from './body-end.ts';
import { isPlaylist, MAX_PLAYLIST_BYTES, rewritePlaylist } from './hls-playlist.ts';
import { createErrorMemory, type LoopbackProxy, listenOnLoopback } from './loopback-proxy.ts';
import { readAll, readStart, readUntil } from './read-body.ts';
import { createUpstreamHttp, isHttp, type Reply, statusError, type UpstreamHttp } from './upstream-http.ts';

/** The way of one run of ffmpeg to one source that comes by HTTP. */
export interface HttpSourceProxy extends LoopbackProxy {
  /** What was found there; only for HLS ffmpeg may read playlists. */
  kind: 'http' | 'hls';
  /** The source on our proxy, as ffmpeg opens it. */
  url: string;
  body: BodyEnd;
  /** Of the body, from a place on; fewer where it ends, or is very long. ffmpeg is sent all of it the same. */
  bytesAt(at: number, length: number): Promise<Buffer>;
}

/**
 * A web server of ours for one run of ffmpeg, that holds what the source has. ffmpeg asks for nothing else: the source
 * is opened, and known to be a playlist or not, before ffmpeg is started; redirects, logins and cookies are seen to
 * here; playlists are written anew with addresses of ours; and each connection to the outside is resolved, checked and
 * opened here. Throws SOURCE_REFUSED, SOURCE_UNREACHABLE, SOURCE_NOT_VIDEO; the signal's reason when it aborts before.
 */
export async function openHttpSourceProxy(
  root: URL,
  connector: SafeConnector,
  signal: AbortSignal,
): Promise<HttpSourceProxy> {
  signal.throwIfAborted();
  const upstream = createUpstreamHttp(connector);
  const opening = openGate(root, upstream, connector.connectSeconds);
  try {
    return await unlessAborted(signal, () => opening);
  } catch (error) {
    upstream.close();
    // What is opened too late, after the signal, is closed.
    opening.then((gate) => gate.close()).catch(() => {});
    throw error;
  }
}

async function openGate(root: URL, upstream: UpstreamHttp, seconds: number): Promise<HttpSourceProxy> {
  const opened = await openWell(upstream, root, seconds);
  const kind = isPlaylist(opened.start.toString()) ? 'hls' : 'http';
  const role = kind === 'hls' ? 'playlist' : 'media';
  const table = createAddressTable(randomBytes(16).toString('hex'));
  const body = { isSized: kind === 'http' && isSized(opened.message), end: null };
  const gate: Gate = {
    upstream,
    table,
    seconds,
    origin: '',
    body,
    opened: { url: root, role, reply: opened },
  };
  const errors = createErrorMemory();
  const server = createServer((request, response) => {
    answer(gate, errors.note, request, response).catch((error) => {
      errors.note(error);
      if (!response.headersSent) response.writeHead(error.code === 'SOURCE_REFUSED' ? 403 : 502);
      response.end();
    });
  });
  const proxy = await listenOnLoopback(server, errors.last);
  gate.origin = `http://127.0.0.1:${proxy.port}`;
  const close = () => {
    proxy.close();
    upstream.close();
  };
  const bytesAt = (at: number, length: number) => peek(opened, at, length, seconds);
  return { ...proxy, kind, url: gate.origin + table.pathOf(root, role), body, bytesAt, close };
}

/** Bytes of a body that are looked at before it is sent on, at most. */
const MAX_PEEKED = 64 * 2 ** 20;
/** From so many on as many again are read at once: each time all of them are copied. */
const FEW_PEEKED = 2 ** 20;

async function peek(reply: StartedReply, at: number, length: number, seconds: number): Promise<Buffer> {
  const end = Math.min(at + length, MAX_PEEKED);
  const { start, message } = reply;
  const enough = start.length < FEW_PEEKED ? end : Math.max(end, 2 * start.length);
  if (end > start.length) reply.start = await readUntil(message, start, enough, seconds);
  return reply.start.subarray(at, end);
}

interface Gate {
  upstream: UpstreamHttp;
  table: AddressTable;
  /** For a playlist to come whole. */
  seconds: number;
  /** Of our own server. */
  origin: string;
  /** The answer to the first request, which is already here; null: it was taken. */
  opened: (Address & { reply: StartedReply }) | null;
  body: BodyEnd;
}

async function answer(
  gate: Gate,
  noteError: (error: MienError) => void,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { upstream, table, origin, seconds } = gate;
  const address = `http://${request.headers.host}` === origin && table.addressOf(request.url ?? '');
  if (!address || request.method !== 'GET') return void response.writeHead(404).end();
  const range = rangeIn(request);
  const reply = takeOpened(gate, address, range) ?? {
    ...(await upstream.get(address.url, range)),
    start: NOTHING,
  };
  response.on('close', () => reply.message.destroy());
  const { statusCode = 502, statusMessage } = reply.message;
  if (statusCode >= 400) {
    noteError(statusError(reply.url.hostname, statusCode, statusMessage));
    return void response.writeHead(statusCode).end();
  }
  if (address.role !== 'playlist') return sendBytes(gate.body, reply, response);
  const rest = await readAll(reply.message, MAX_PLAYLIST_BYTES, seconds);
  const text = await rewritePlaylist(
    Buffer.concat([reply.start, rest]).toString(),
    (uri, role) => origin + table.pathOf(addressIn(uri, reply.url), role),
  );
  response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(text);
}

function takeOpened(gate: Gate, { url, role }: Address, range = 'bytes=0-'): StartedReply | null {
  const { opened } = gate;
  if (opened?.url.href !== url.href || opened.role !== role || range !== 'bytes=0-') return null;
  gate.opened = null;
  return opened.reply;
}

/** An answer whose first bytes were read. */
interface StartedReply extends Reply {
  start: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** Throws SOURCE_UNREACHABLE where the answer is an error. */
async function openWell(upstream: UpstreamHttp, url: URL, seconds: number): Promise<StartedReply> {
  const reply = await upstream.get(url, 'bytes=0-');
  const { statusCode = 502, statusMessage } = reply.message;
  if (statusCode < 400) return { ...reply, start: await readStart(reply.message, seconds) };
  throw statusError(reply.url.hostname, statusCode, statusMessage);
}

/** Throws SOURCE_REFUSED. */
function addressIn(uri: string, base: URL): URL {
  const url = URL.canParse(uri, base.href) ? new URL(uri, base.href) : null;
  if (url && isHttp(url)) return url;
  throw new MienError(
    'SOURCE_REFUSED',
    `A playlist of ${base.hostname} names what is no address of HTTP, which mien does not follow; register that itself.`,
  );
}

function rangeIn({ headers }: IncomingMessage): string | undefined {
  return /^bytes=\d{1,18}-(?:\d{1,18})?$/.exec(headers.range ?? '')?.[0];
}

/** Passes a body on, with the headers that ffmpeg needs, each of the form that it must have. */
function sendBytes(body: BodyEnd, { message, start }: StartedReply, response: ServerResponse): void {
  const { headers, statusCode } = message;
  const kept = {
    'content-type': /^[\w.+-]{1,60}\/[\w.+-]{1,60}(?:; ?boundary="?[\w'()+,./:=?-]{1,70}"?)?$/.exec(
      headers['content-type'] ?? '',
    )?.[0],
    'content-length': /^\d{1,18}$/.exec(headers['content-length'] ?? '')?.[0],
    'content-range': /^bytes \d{1,18}-\d{1,18}\/(?:\d{1,18}|\*)$/.exec(headers['content-range'] ?? '')?.[0],
    'accept-ranges': /^bytes$/i.exec(headers['accept-ranges'] ?? '')?.[0],
  };
  const present = Object.entries(kept).filter(([, value]) => value !== undefined);
  response.writeHead(statusCode === 206 ? 206 : 200, Object.fromEntries(present));
  if (start.length > 0) response.write(start);
  watchEnd(body, message, response);
  if (message.readableEnded) return void response.end();
  // What breaks off upstream breaks off here, which ffmpeg tells.
  pipeline(message, response, () => {});
}
