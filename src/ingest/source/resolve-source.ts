import { resolve } from 'node:path';
import { deviceOf } from '../../domain/camera-device.ts';
import type { SourceInput, SourceKind } from '../../domain/frame.ts';
import { isUploadToken } from '../../domain/id-format.ts';
import { MienError } from '../../errors.ts';
import type { FfmpegInput } from '../ffmpeg/ffmpeg-args.ts';
import { createRedactor, redactUrl } from '../ffmpeg/redact.ts';
import { SCHEMES } from '../ffmpeg/whitelists.ts';
import { type HttpSourceProxy, openHttpSourceProxy } from '../network/http/http-source-proxy.ts';
import type { LoopbackProxy } from '../network/http/loopback-proxy.ts';
import { rtmpRelayUrl } from '../network/rtmp/rtmp-names.ts';
import { openRtmpRelay } from '../network/rtmp/rtmp-relay.ts';
import { openRtspRelay } from '../network/rtsp/rtsp-relay.ts';
import { RELAY_PATH } from '../network/rtsp/rtsp-uris.ts';
import type { SafeConnector } from '../network/safe-connect.ts';
import { hasDamagedEnd } from './damaged-end.ts';
import { type HeicAccess, openHeic } from './heic-source.ts';
import { lookAtFile, lookAtPicture } from './look-at-picture.ts';
import { resolveInside } from './media-path.ts';
import { readFileBytes } from './read-at-offset.ts';
import { localSource, type ResolvedSource, unreadableAs } from './resolved-source.ts';
import { resolveStoredUpload, type UploadBucket } from './stored-upload.ts';

export interface SourceAccess extends HeicAccess {
  mediaDir: string;
  uploadsDir: string;
  /** Where uploads lie instead; null: in that directory. */
  bucket: UploadBucket | null;
  /** What this machine is called in the names of devices. */
  deviceHost: string;
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
 * Throws BAD_INPUT, SOURCE_REFUSED, SOURCE_UNREACHABLE, SOURCE_NOT_VIDEO; the signal's reason when it aborts.
 * @param kind what the probe found, or `kindByName`
 */
export async function resolveSource(
  source: SourceInput,
  kind: SourceKind,
  access: SourceAccess,
  signal: AbortSignal,
): Promise<ResolvedSource> {
  const local = { kind, access, signal };
  switch (source.type) {
    case 'file':
      return resolveFile(local, access.mediaDir, source.path, `"${source.path}"`);
    case 'upload':
      if (isTokenIn(access.bucket, source.token)) return resolveUpload(local, source.token);
      throw new MienError('BAD_INPUT', 'This is no upload token; POST the video to /uploads to get one.');
    case 'device':
      return resolveDevice(source.device, kind, access.deviceHost);
    case 'url':
      return resolveUrl(kind, new URL(source.url), access, signal);
    case 'push':
      throw new MienError('BAD_INPUT', 'What is sent to mien cannot be looked at before it comes.');
  }
}

/** In a bucket lies what is not ours, too: who names that could see it, and have it deleted with a stream. */
function isTokenIn(bucket: UploadBucket | null, token: string): boolean {
  return bucket === null ? /^[\w-][\w.-]{0,199}$/.test(token) : isUploadToken(token);
}

function resolveDevice(name: string, kind: SourceKind, own: string): ResolvedSource {
  const device = deviceOf(name);
  if (device === null)
    throw new MienError(
      'BAD_INPUT',
      'A device is named as /dev/video0, or as lab-1:/dev/video0 where lab-1 is what its server is called.',
    );
  if (device.host !== null && device.host !== own)
    throw new MienError(
      'SOURCE_UNREACHABLE',
      `${name} is a device of ${device.host}, and this server is ${own} (MIEN_DEVICE_HOST): it opens none of others.`,
    );
  return localSource({ kind, url: device.path, format: 'v4l2' }, name);
}

interface Resolving {
  kind: SourceKind;
  access: SourceAccess;
  signal: AbortSignal;
}

function resolveUpload({ kind, access, signal }: Resolving, token: string): Promise<ResolvedSource> {
  const { bucket, uploadsDir } = access;
  if (bucket === null) return resolveFile({ kind, access, signal }, uploadsDir, token, UPLOAD);
  const { connectSeconds } = access.connector;
  return resolveStoredUpload(token, UPLOAD, { ...access, bucket, connectSeconds }, signal);
}

const UPLOAD = 'The upload';

async function resolveFile(
  { kind, access, signal }: Resolving,
  directory: string,
  path: string,
  displayName: string,
): Promise<ResolvedSource> {
  const real = await resolveInside(directory, path, displayName);
  const picture = await lookAtFile(real);
  const { demuxer, orientation, rare, isHeic } = picture ?? {};
  if (isHeic) {
    const heic = await readFileBytes(real, (bytesAt) => openHeic(bytesAt, displayName, access, signal));
    return { ...localSource(heic.input, displayName), ...heic };
  }
  const unreadable = unreadableAs(displayName, picture);
  if (rare && !rare.isTried) throw unreadable;
  const source = localSource({ kind, url: resolve(real), format: demuxer, orientation }, displayName);
  return { ...source, unreadable, hasDamagedEnd: await hasDamagedEnd(real) };
}

async function resolveUrl(
  kind: SourceKind,
  url: URL,
  access: SourceAccess,
  signal: AbortSignal,
): Promise<ResolvedSource> {
  const { connector } = access;
  // Spares a start of ffmpeg; what protects is the check at each connection.
  await connector.check(url.hostname);
  if (kind === 'http' || kind === 'hls') {
    const gate = await openHttpSourceProxy(url, connector, signal);
    if (gate.kind === 'http') return lookAtBody(gate, url, access, signal);
    return networkSource({ kind: gate.kind, url: gate.url, format: 'hls' }, url, gate);
  }
  const { tls, port: defaultPort } = SCHEMES[url.protocol]!;
  const port = Number(url.port) || defaultPort;
  if (kind === 'rtsp') {
    const relay = await openRtspRelay(url, port, tls, connector);
    return networkSource({ kind, url: `rtsp://127.0.0.1:${relay.port}${RELAY_PATH}` }, url, relay);
  }
  const relay = await openRtmpRelay(url, port, tls, connector);
  return networkSource({ kind, url: rtmpRelayUrl(relay.port) }, url, relay);
}

/** What comes by HTTP may be a picture, which is shown the way up that it says as a file would be. */
async function lookAtBody(
  gate: HttpSourceProxy,
  url: URL,
  access: SourceAccess,
  signal: AbortSignal,
): Promise<ResolvedSource> {
  try {
    const picture = await lookAtPicture(gate.bytesAt);
    const { orientation, rare, isHeic } = picture ?? {};
    if (isHeic) {
      const displayName = redactUrl(url.href);
      const heic = await openHeic(gate.bytesAt, displayName, access, signal);
      gate.close();
      return { ...localSource(heic.input, displayName), redact: createRedactor(url), ...heic };
    }
    // No demuxer: pictures that come without an end are a camera's.
    const source = networkSource({ kind: gate.kind, url: gate.url, orientation }, url, gate);
    const unreadable = unreadableAs(source.displayName, picture);
    if (rare && !rare.isTried) throw unreadable;
    return { ...source, body: gate.body, unreadable };
  } catch (error) {
    gate.close();
    throw error;
  }
}

function networkSource(
  input: FfmpegInput,
  url: URL,
  { port, networkError, close }: LoopbackProxy,
): ResolvedSource {
  return {
    input: { ...input, proxyPort: port },
    displayName: redactUrl(url.href),
    redact: createRedactor(url),
    networkError,
    close,
  };
}
