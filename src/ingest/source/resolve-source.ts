import { resolve } from 'node:path';
import type { SourceInput, SourceKind } from '../../domain/frame.ts';
import { MienError } from '../../errors.ts';
import type { Input } from '../ffmpeg/ffmpeg-args.ts';
import { createRedactor, type Redact, redactUrl } from '../ffmpeg/redact.ts';
import { SCHEMES } from '../ffmpeg/whitelists.ts';
import { openHttpGate } from '../network/http-proxy.ts';
import type { Reach } from '../network/safe-connect.ts';
import { openRelay } from '../network/tcp-relay.ts';
import { fileInside, pictureFormat } from './media-path.ts';

/** A source that passed our checks, as ffmpeg may open it. */
export interface Opened {
  input: Input;
  /** The source's name in messages; no credentials. */
  shown: string;
  /** A line of ffmpeg's as it may be logged. */
  redact: Redact;
  /** What went wrong on the network, when something did. */
  trouble(): MienError | undefined;
  close(): void;
}

export interface Places {
  mediaDir: string;
  uploadsDir: string;
  reach: Reach;
}

/** The kind as far as the name tells: http(s) is `hls` until it has been probed. Throws BAD_INPUT. */
export function kindOf(source: SourceInput): SourceKind {
  if (source.type !== 'url') return source.type;
  const scheme = URL.canParse(source.url) ? SCHEMES[new URL(source.url).protocol] : undefined;
  if (scheme && new URL(source.url).hostname) return scheme.kind;
  const known = Object.keys(SCHEMES).map((name) => `${name}//`);
  throw new MienError('BAD_INPUT', `A source's URL begins with ${known.join(', ')} and names a host.`);
}

/**
 * Throws BAD_INPUT, SOURCE_REFUSED, SOURCE_UNREACHABLE, SOURCE_NOT_VIDEO for what can be known without ffmpeg.
 * `kind`: what the probe found, or `kindOf`.
 */
export async function openSource(source: SourceInput, kind: SourceKind, places: Places): Promise<Opened> {
  switch (source.type) {
    case 'file':
      return openFile(kind, places.mediaDir, source.path, `"${source.path}"`);
    case 'upload':
      if (/^[\w-][\w.-]{0,199}$/.test(source.token)) {
        return openFile(kind, places.uploadsDir, source.token, 'The upload');
      }
      throw new MienError('BAD_INPUT', 'This is no upload token; POST the video to /uploads to get one.');
    case 'device':
      if (/^\/dev\/video\d{1,3}$/.test(source.device))
        return plain(kind, source.device, source.device, 'v4l2');
      throw new MienError('BAD_INPUT', 'A device is named as /dev/video0, /dev/video1 and so on.');
    case 'url':
      return openUrl(kind, new URL(source.url), places.reach);
  }
}

async function openFile(kind: SourceKind, directory: string, path: string, shown: string): Promise<Opened> {
  const real = await fileInside(directory, path, shown);
  return plain(kind, resolve(real), shown, await pictureFormat(real));
}

function plain(kind: SourceKind, url: string, shown: string, format: string | undefined): Opened {
  const redact = createRedactor(null);
  return { input: { kind, url, format }, shown, redact, trouble: () => undefined, close() {} };
}

async function openUrl(kind: SourceKind, url: URL, reach: Reach): Promise<Opened> {
  const shown = redactUrl(url.href);
  const redact = createRedactor(url);
  await reach.check(url.hostname); // spares a start of ffmpeg; what counts is the check at each connection
  if (kind === 'http' || kind === 'hls') {
    const gate = await openHttpGate(reach);
    return { input: { kind, url: url.href, proxy: `http://127.0.0.1:${gate.port}` }, shown, redact, ...gate };
  }
  const { tls, port } = SCHEMES[url.protocol]!;
  const target = { host: url.hostname, port: Number(url.port) || port, tls, rtsp: kind === 'rtsp' };
  const gate = await openRelay(target, reach);
  return { input: { kind, url: relayed(url, kind, gate.port), tcUrl: tcUrl(url) }, shown, redact, ...gate };
}

/** The same resource, asked of our relay. */
function relayed(url: URL, kind: SourceKind, port: number): string {
  const login = url.username ? `${url.username}${url.password && `:${url.password}`}@` : '';
  return `${kind}://${login}127.0.0.1:${port}${url.pathname}${url.search}`;
}

/** An RTMP server is told the URL of its application, `rtmp://host/app`; it may serve several hosts. */
function tcUrl(url: URL): string | undefined {
  const app = /^\/([^/]+)\/[^/]+$/.exec(url.pathname)?.[1];
  return url.protocol.startsWith('rtmp') && app ? `${url.protocol}//${url.host}/${app}` : undefined;
}
