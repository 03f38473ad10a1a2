import { pipeline } from 'node:stream/promises';
import { endSilence } from '../first-byte-timeout.ts';
import type { LoopbackProxy } from '../http/loopback-proxy.ts';
import { translateStream } from '../http/translate-stream.ts';
import { openRelay } from '../relay.ts';
import type { SafeConnector } from '../safe-connect.ts';
import { createRtspTranslator } from './rtsp-translator.ts';

/** In bytes; a server that asks and never reads would fill our memory. */
const MAX_UNREAD = 256 * 1024;

/**
 * The relay to an RTSP source. Both sides are understood and written anew (`rtsp-translator.ts`); the relay knows the login.
 * @param url what was registered; its port is the protocol's where it names none
 */
export function openRtspRelay(
  url: URL,
  port: number,
  tls: boolean,
  connector: SafeConnector,
): Promise<LoopbackProxy> {
  return openRelay(url, port, tls, connector, async (client, connect) => {
    const server = await connect();
    const conversation = createRtspTranslator(url, client.localPort!, (bytes) => {
      server.write(bytes);
      if (server.writableLength > MAX_UNREAD) throw new Error('more questions than it reads answers to');
    });
    const stopWaiting = endSilence(server, url.hostname, connector.connectSeconds);
    await Promise.race([
      pipeline(client, translateStream(conversation.fromClient, url.hostname, 'RTSP'), server),
      pipeline(server, translateStream(conversation.fromServer, url.hostname, 'RTSP'), client),
    ]).finally(stopWaiting);
  });
}
