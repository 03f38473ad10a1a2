import { resolve } from 'node:path';
import type { SourceInput, SourceKind } from '../../domain/frame.ts';
import { MienError } from '../../errors.ts';
import type { FfmpegInput } from '../ffmpeg/ffmpeg-args.ts';
import { createRedactor, type Redact, redactUrl } from '../ffmpeg/redact.ts';
import { SCHEMES } from '../ffmpeg/whitelists.ts';
import { openHttpProxy } from '../network/http-proxy.ts';
import type { LoopbackProxy } from '../network/loopback-proxy.ts';
import type { SafeConnector } from '../network/safe-connect.ts';
import { openTcpRelay } from '../network/tcp-relay.ts';
import { resolveInside, stillPictureDemuxer } from './media-path.ts';

/** A source that passed our checks, as ffmpeg is to open it. */
export interface ResolvedSource {
  input: FfmpegInput;
  /** The source's name in messages, without credentials. */
  displayName: string;
  /** Takes credentials out of a line of ffmpeg's, so that it may be logged. */
  redact: Redact;
  /** What went wrong on the network, when something did. */
  networkError(): MienError | undefined;
  close(): void;
}

export interface SourceAccess {
  mediaDir: string;
  uploadsDir: string;
  connector: SafeConnector;
}

/** The kind as far as the name tells it: http(s) is `hls` until it has been probed. Throws BAD_INPUT. */
export function kindByName(source: SourceInput): SourceKind {
  if (source.type !== 'url') return source.type;
  const scheme = URL.canParse(source.url) ? SCHEMES[new URL(source.url).protocol] : undefined;
  if (scheme && new URL(source.url).hostname) return scheme.kind;
  const known = Object.keys(SCHEMES).map((name) => `${name}//`);
  throw new MienError('BAD_INPUT', `A source's URL begins with ${known.join(', ')} and names a host.`);
}

/**
 * Checks what can be known of a source without ffmpeg, and opens its way to the network.
 * Throws BAD_INPUT, SOURCE_REFUSED, SOURCE_UNREACHABLE, SOURCE_NOT_VIDEO.
 * @param kind what the probe found, or `kindByName`
 */
export async function resolveSource(
  source: SourceInput,
  kind: SourceKind,
  { mediaDir, uploadsDir, connector }: SourceAccess,
): Promise<ResolvedSource> {
  switch (source.type) {
    case 'file':
      return resolveFile(kind, mediaDir, source.path, `"${source.path}"`);
    case 'upload':
      if (/^[\w-][\w.-]{0,199}$/.test(source.token)) {
        return resolveFile(kind, uploadsDir, source.token, 'The upload');
      }
      throw new MienError('BAD_INPUT', 'This is no upload token; POST the video to /uploads to get one.');
    case 'device':
      if (/^\/dev\/video\d{1,3}$/.test(source.device)) {
        return localSource({ kind, url: source.device, format: 'v4l2' }, source.device);
      }
      throw new MienError('BAD_INPUT', 'A device is named as /dev/video0, /dev/video1 and so on.');
    case 'url':
      return resolveUrl(kind, new URL(source.url), connector);
  }
}

async function resolveFile(
  kind: SourceKind,
  directory: string,
  path: string,
  displayName: string,
): Promise<ResolvedSource> {
  const real = await resolveInside(directory, path, displayName);
  return localSource({ kind, url: resolve(real), format: await stillPictureDemuxer(real) }, displayName);
}

function localSource(input: FfmpegInput, displayName: string): ResolvedSource {
  return { input, displayName, redact: createRedactor(null), networkError: () => undefined, close() {} };
}

async function resolveUrl(kind: SourceKind, url: URL, connector: SafeConnector): Promise<ResolvedSource> {
  // Spares a start of ffmpeg; what protects is the check at each connection.
  await connector.check(url.hostname);
  if (kind === 'http' || kind === 'hls') {
    const proxy = await openHttpProxy(connector);
    const input = { kind, url: url.href, proxy: `http://127.0.0.1:${proxy.port}` };
    return networkSource(input, url, proxy);
  }
  const { tls, port } = SCHEMES[url.protocol]!;
  const target = { host: url.hostname, port: Number(url.port) || port, tls, rtsp: kind === 'rtsp' };
  const relay = await openTcpRelay(target, connector);
  return networkSource({ kind, url: relayUrl(url, kind, relay.port), tcUrl: tcUrl(url) }, url, relay);
}

function networkSource(
  input: FfmpegInput,
  url: URL,
  { networkError, close }: Pick<LoopbackProxy, 'networkError' | 'close'>,
): ResolvedSource {
  return { input, displayName: redactUrl(url.href), redact: createRedactor(url), networkError, close };
}

/** The URL of the same resource on our relay. */
function relayUrl(url: URL, kind: SourceKind, port: number): string {
  const login = url.username ? `${url.username}${url.password && `:${url.password}`}@` : '';
  return `${kind}://${login}127.0.0.1:${port}${url.pathname}${url.search}`;
}

/** The URL that an RTMP server is told, `rtmp://host/app`: one server may answer for several hosts. */
function tcUrl(url: URL): string | undefined {
  const app = /^\/([^/]+)\/[^/]+$/.exec(url.pathname)?.[1];
  return url.protocol.startsWith('rtmp') && app ? `${url.protocol}//${url.host}/${app}` : undefined;
}
