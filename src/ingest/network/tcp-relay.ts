import { createServer, type Socket } from 'node:net';
import { pipeline, Transform } from 'node:stream';
import { MienError } from '../../errors.ts';
import { createErrorMemory, type LoopbackProxy, listenOnLoopback } from './loopback-proxy.ts';
import type { SafeConnector } from './safe-connect.ts';

export interface TcpRelayTarget {
  host: string;
  port: number;
  tls: boolean;
  /** RTSP servers may redirect; ffmpeg would follow without our checks, so the relay refuses it. */
  rtsp: boolean;
}

/**
 * A loopback port whose connections lead to one checked address, for protocols that know no proxy. The relay speaks
 * TLS to the server, so ffmpeg sees the plain protocol.
 */
export async function openTcpRelay(target: TcpRelayTarget, connector: SafeConnector): Promise<LoopbackProxy> {
  const errors = createErrorMemory();
  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    relayConnection(client, target, connector, errors.note).catch((error) => {
      errors.note(error);
      client.destroy();
    });
  });
  return listenOnLoopback(server, errors.last);
}

async function relayConnection(
  client: Socket,
  target: TcpRelayTarget,
  connector: SafeConnector,
  noteError: (error: unknown) => void,
) {
  const { host, port, tls } = target;
  const server = await connector.connect(host, port, { tls });
  const silenceTimer = setTimeout(() => {
    noteError(
      new MienError(
        'SOURCE_UNREACHABLE',
        `${host} took the connection and said nothing; check the URL's port.`,
      ),
    );
    client.destroy();
  }, connector.connectSeconds * 1000);
  server.once('data', () => clearTimeout(silenceTimer));
  const done = (error?: Error | null) => {
    clearTimeout(silenceTimer);
    noteError(error);
    client.destroy();
    server.destroy();
  };
  pipeline(client, server, done);
  if (target.rtsp) pipeline(server, refuseRedirects(host, client), client, done);
  else pipeline(server, client, done);
}

/** Passes RTSP replies on, and fails at the first redirect. After PLAY nothing is searched: that is media. */
function refuseRedirects(host: string, client: Socket): Transform {
  let tail = '';
  let playing = false;
  client.on('data', (chunk: Buffer) => {
    playing ||= chunk.subarray(0, 5).toString('latin1') === 'PLAY ';
  });
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (playing) return done(null, chunk);
      const text = tail + chunk.toString('latin1');
      if (/RTSP\/\d\.\d 3\d\d/.test(text)) return done(redirectError(host));
      tail = text.slice(-16);
      return done(null, chunk);
    },
  });
}

function redirectError(host: string): MienError {
  return new MienError(
    'SOURCE_REFUSED',
    `${host} redirects to another address, which mien does not follow for RTSP; register that address itself.`,
  );
}
