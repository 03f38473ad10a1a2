import { type AddressInfo, createServer, type Socket } from 'node:net';
import { pipeline, Transform } from 'node:stream';
import { MienError } from '../../errors.ts';
import type { Gate } from './http-proxy.ts';
import type { Reach } from './safe-connect.ts';

export interface RelayTarget {
  host: string;
  port: number;
  tls: boolean;
  /** RTSP servers may redirect; ffmpeg would follow past the checks, so that is cut. */
  rtsp: boolean;
}

/**
 * A loopback port whose connections lead to one checked address, for protocols that know no proxy. TLS is spoken
 * here, so ffmpeg sees the plain protocol.
 */
export async function openRelay(target: RelayTarget, reach: Reach): Promise<Gate> {
  let trouble: MienError | undefined;
  const note = (error: unknown) => {
    if (error instanceof MienError) trouble = error;
  };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client.on('close', () => sockets.delete(client)));
    client.on('error', () => client.destroy());
    join(client, target, reach, note).catch((error) => {
      note(error);
      client.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    trouble: () => trouble,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function join(client: Socket, target: RelayTarget, reach: Reach, note: (error: unknown) => void) {
  const { host, port, tls } = target;
  const server = await reach.connect(host, port, { tls });
  const silent = setTimeout(() => {
    note(
      new MienError(
        'SOURCE_UNREACHABLE',
        `${host} took the connection and said nothing; check the URL's port.`,
      ),
    );
    client.destroy();
  }, reach.connectSeconds * 1000);
  server.once('data', () => clearTimeout(silent));
  const done = (error?: Error | null) => {
    clearTimeout(silent);
    note(error);
    client.destroy();
    server.destroy();
  };
  pipeline(client, server, done);
  if (target.rtsp) pipeline(server, withoutRedirects(host, client), client, done);
  else pipeline(server, client, done);
}

/** Passes RTSP on until a reply redirects; that reply is not passed on. Media, once it plays, is not looked at. */
function withoutRedirects(host: string, client: Socket): Transform {
  let tail = '';
  let plays = false;
  client.on('data', (chunk: Buffer) => {
    plays ||= chunk.subarray(0, 5).toString('latin1') === 'PLAY ';
  });
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (plays) return done(null, chunk);
      const text = tail + chunk.toString('latin1');
      if (/RTSP\/\d\.\d 3\d\d/.test(text)) return done(redirected(host));
      tail = text.slice(-16);
      return done(null, chunk);
    },
  });
}

function redirected(host: string): MienError {
  return new MienError(
    'SOURCE_REFUSED',
    `${host} redirects to another address, which mien does not follow for RTSP; register that address itself.`,
  );
}
