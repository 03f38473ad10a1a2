import type { Description } from './sdp.ts';

/** The path of the source on our relay. */
export const RELAY_PATH = '/stream';

/** The addresses of one RTSP session: ffmpeg knows those of our relay, the server its own. */
export interface RtspUris {
  /** The base of the tracks on our relay. */
  base: string;
  /** Takes where the server says that its tracks are controlled. */
  learn(contentBase: string | undefined, controls: Omit<Description, 'sdp'>): void;
  /** The server's own address for one of ours. Throws an Error. */
  toServer(uri: string): string;
}

export function createRtspUris(source: URL, port: number): RtspUris {
  const named = `${source.protocol.replace('rtsps', 'rtsp')}//${source.host}${source.pathname}${source.search}`;
  const base = `rtsp://127.0.0.1:${port}${RELAY_PATH}/`;
  let session = named;
  let tracks: string[] = [];
  return {
    base,
    learn(contentBase, { controls, control }) {
      const start = written(contentBase) ?? named;
      session = joined(start, control);
      tracks = controls.map((track) => joined(session, track));
    },
    toServer(uri) {
      if (uri === base.slice(0, -1)) return named;
      if (uri === base) return session;
      const [, index] = /^track(\d{1,2})$/.exec(uri.startsWith(base) ? uri.slice(base.length) : '') ?? [];
      const track = index && tracks[Number(index)];
      if (!track) throw new Error('an address that is none of the relay');
      return track;
    },
  };
}

/** Servers expect their controls to be appended, query or not, rather than resolved as RFC 3986 does. */
function joined(base: string, control: string | undefined): string {
  if (!control || control === '*') return base;
  return written(control) ?? `${base.replace(/\/$/, '')}/${control.replaceAll(/[^\x21-\x7e]/g, '')}`;
}

/** A whole address of RTSP that the server wrote: it is told to nobody but the server itself. */
function written(uri: string | undefined): string | undefined {
  return uri && /^rtsps?:\/\/[\x21-\x7e]{1,2000}$/i.test(uri) ? uri : undefined;
}
