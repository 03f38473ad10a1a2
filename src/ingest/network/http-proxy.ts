import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { MienError } from '../../errors.ts';
import { createErrorMemory, type LoopbackProxy, listenOnLoopback } from './loopback-proxy.ts';
import type { SafeConnector } from './safe-connect.ts';

/**
 * An HTTP proxy for one run of ffmpeg. Each connection is resolved, checked and opened here, so that neither a
 * redirect, nor a playlist, nor a name that changes its address leads where it must not.
 */
export async function openHttpProxy(connector: SafeConnector): Promise<LoopbackProxy> {
  const errors = createErrorMemory();
  const server = createServer((incoming, answer) => {
    forward(incoming, answer, connector, errors.note).catch((error) => {
      errors.note(error);
      if (!answer.headersSent) answer.writeHead(error.code === 'SOURCE_REFUSED' ? 403 : 502);
      answer.end();
    });
  });
  server.on('connect', (incoming: IncomingMessage, client: Socket, head: Buffer) => {
    client.on('error', () => client.destroy());
    tunnel(incoming.url ?? '', client, head, connector).catch((error) => {
      errors.note(error);
      client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
  });
  return listenOnLoopback(server, errors.last);
}

async function forward(
  incoming: IncomingMessage,
  answer: ServerResponse,
  connector: SafeConnector,
  noteError: (error: MienError) => void,
): Promise<void> {
  const url = URL.canParse(incoming.url ?? '') ? new URL(incoming.url!) : null;
  if (url?.protocol !== 'http:') return void answer.writeHead(400).end();
  const socket = await connector.connect(url.hostname, Number(url.port) || 80);
  const upstream = request({
    createConnection: () => socket,
    method: incoming.method,
    path: url.pathname + url.search,
    headers: endToEndHeaders(incoming.headers),
  });
  answer.on('close', () => socket.destroy());
  upstream.end();
  const reply = await waitForResponse(upstream, url.hostname, connector.connectSeconds);
  const status = reply.statusCode ?? 502;
  if (status >= 400) noteError(statusError(url.hostname, status, reply.statusMessage));
  answer.writeHead(status, reply.statusMessage, endToEndHeaders(reply.headers));
  pipeline(reply, answer, () => socket.destroy());
}

/** Throws SOURCE_UNREACHABLE when no header has come within `seconds`. */
function waitForResponse(
  upstream: ReturnType<typeof request>,
  host: string,
  seconds: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new MienError('SOURCE_UNREACHABLE', `${host} ${why}.`));
    const timer = setTimeout(() => {
      upstream.destroy();
      fail(`took the request and did not answer it within ${seconds} s; check that it is well`);
    }, seconds * 1000);
    upstream.once('error', () => {
      clearTimeout(timer);
      fail('broke off the connection; check that it speaks HTTP on this port');
    });
    upstream.once('response', (reply) => {
      clearTimeout(timer);
      resolve(reply);
    });
  });
}

async function tunnel(
  authority: string,
  client: Socket,
  head: Buffer,
  connector: SafeConnector,
): Promise<void> {
  const url = URL.canParse(`http://${authority}`) ? new URL(`http://${authority}`) : null;
  if (!url) return void client.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  const port = Number(/:(\d+)$/.exec(authority)?.[1] ?? 443);
  const upstream = await connector.connect(url.hostname, port);
  client.write('HTTP/1.1 200 Connection established\r\n\r\n');
  upstream.write(head);
  pipeline(client, upstream, client, () => {});
}

/** Without the headers that concern one connection only. */
function endToEndHeaders(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const kept = { ...headers };
  for (const name of [
    'connection',
    'keep-alive',
    'proxy-connection',
    'proxy-authorization',
    'upgrade',
    'te',
  ]) {
    delete kept[name];
  }
  delete kept['transfer-encoding'];
  return kept;
}

function statusError(host: string, status: number, text = ''): MienError {
  const hint = STATUS_HINTS[status] ?? (status >= 500 ? 'try again later' : 'check the URL');
  return new MienError('SOURCE_UNREACHABLE', `${host} answered ${status}${text && ` ${text}`}; ${hint}.`);
}

const STATUS_HINTS: Record<number, string> = {
  401: 'put the user and password into the URL',
  403: 'it does not allow mien to read this',
  404: 'there is nothing at this URL, check it',
  410: 'what was at this URL is gone',
};
