/** What ffmpeg asks our relay for, in place of the source's own names, which the list of processes would show. */
const APP = 'mien-app';
const STREAM = 'mien-stream';

/** The URL of the source on our relay. */
export function rtmpRelayUrl(port: number): string {
  return `rtmp://127.0.0.1:${port}/${APP}/${STREAM}`;
}

/**
 * Puts the names of a source into a command that ffmpeg sends.
 * @param port of our relay
 * @param login what is said of the login behind the name of the application
 */
export function createRtmpNaming(source: URL, port: number, login = ''): (command: Buffer) => Buffer {
  const { app, stream } = namesIn(source);
  const names = [
    [`rtmp://127.0.0.1:${port}/${APP}`, `${source.protocol}//${source.host}/${app}${login}`],
    [APP, app + login],
    [STREAM, stream],
  ] as const;
  return (command) => names.reduce((bytes, [ours, own]) => renamed(bytes, ours, own), command);
}

/**
 * The application and the stream in a URL, as players tell them apart: the first part of the path is the application,
 * with the second where there are three; a name that ends in `.mp4` or `.f4v` is said with `mp4:`, `.flv` is left out.
 */
export function namesIn({ pathname, search }: URL): { app: string; stream: string } {
  const parts = pathname.slice(1).split('/');
  const appParts = parts.length > 2 && !parts[1]!.includes(':') ? 2 : Math.min(1, parts.length - 1);
  const name = parts.slice(appParts).join('/') + search;
  const prefix = !name.includes(':') && /\.(?:f4v|mp4)$/.test(name) ? 'mp4:' : '';
  return { app: parts.slice(0, appParts).join('/'), stream: prefix + name.replace(/\.flv$/, '') };
}

/** Replaces strings of AMF0 (a marker, a length, bytes) that are `ours`. */
function renamed(bytes: Buffer, ours: string, own: string): Buffer {
  const written = amfString(ours);
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(written); at >= 0; at = bytes.indexOf(written, from)) {
    pieces.push(bytes.subarray(from, at), amfString(own));
    from = at + written.length;
  }
  return Buffer.concat([...pieces, bytes.subarray(from)]);
}

function amfString(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 0xffff) throw new Error('a name that is too long for RTMP');
  return Buffer.concat([Buffer.of(2, bytes.length >> 8, bytes.length & 255), bytes]);
}
