/** What tells whether a web server still has the same at an address, without reading it. */
import type { IncomingMessage } from 'node:http';
import { unlessAborted } from '../../../threads/unless-aborted.ts';
import type { SafeConnector } from '../safe-connect.ts';
import { isPlaylist } from './hls-playlist.ts';
import { readStart } from './read-body.ts';
import { createUpstreamHttp } from './upstream-http.ts';

export interface HttpValidators {
  /** Bytes; null: the server does not say. */
  size: number | null;
  /** `Last-Modified` and `ETag` as they were sent; without either of them nothing is known. */
  modified: string | null;
  etag: string | null;
}

const LONGEST = 500;

/** Null: it is a playlist, which names what may be another thing; or it cannot be asked after, or the signal aborted. */
export async function httpValidatorsOf(
  url: URL,
  connector: SafeConnector,
  signal: AbortSignal,
): Promise<HttpValidators | null> {
  const upstream = createUpstreamHttp(connector);
  const asking = async () => {
    const { message } = await upstream.get(url, 'bytes=0-31');
    const start = await readStart(message, connector.connectSeconds);
    const isFound = message.statusCode === 200 || message.statusCode === 206;
    return isFound && !isPlaylist(start.toString()) ? stateIn(message) : null;
  };
  try {
    return await unlessAborted(signal, asking);
  } catch {
    return null; // what is wrong with it is told where it is analysed
  } finally {
    upstream.close();
  }
}

function stateIn({ statusCode, headers }: IncomingMessage): HttpValidators {
  const { etag, 'last-modified': modified, 'content-length': length, 'content-range': range } = headers;
  const size = statusCode === 206 ? /\/(\d{1,15})$/.exec(range ?? '')?.[1] : length;
  return { size: size ? Number(size) : null, modified: short(modified), etag: short(etag) };
}

function short(value: string | undefined): string | null {
  return value !== undefined && value !== '' && value.length <= LONGEST ? value : null;
}
