import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { MienError } from '../../../errors.ts';
import { saidNothing } from '../first-byte-timeout.ts';
import type { LoopbackProxy } from '../http/loopback-proxy.ts';
import { notUnderstood, translateStream } from '../http/translate-stream.ts';
import { createSocketReader, type SocketReader } from '../read-socket.ts';
import { openRelay } from '../relay.ts';
import type { SafeConnector } from '../safe-connect.ts';
import { createRtmpReader, type RtmpMessage, writeRtmp } from './rtmp-chunks.ts';
import { readCommand } from './rtmp-command.ts';
import { createRtmpLogin, wantsLogin } from './rtmp-login.ts';
import { createRtmpNaming } from './rtmp-names.ts';

/**
 * The relay to an RTMP source. It tells the server the names of the stream and the login, neither of which ffmpeg knows, and
 * reads until the server has let it in. What the server says then is passed on as it is: ffmpeg follows no redirect of
 * RTMP in the versions that were looked at.
 * @param url what was registered; its port is the protocol's where it names none
 */
export function openRtmpRelay(
  url: URL,
  port: number,
  tls: boolean,
  connector: SafeConnector,
): Promise<LoopbackProxy> {
  const { hostname } = url;
  return openRelay(url, port, tls, connector, async (client, connect) => {
    const readClient = createRtmpReader();
    const { server, unread } = await letIn({
      ...{ url, client, connect, readClient },
      readerOf: (socket) => createSocketReader(socket, connector.connectSeconds, () => saidNothing(hostname)),
    });
    client.write(unread);
    const tell = createRtmpNaming(url, client.localPort!);
    const fromClient = function* (bytes: Buffer) {
      for (const message of readClient(bytes)) yield written(message, tell);
    };
    await Promise.race([
      pipeline(client, translateStream(fromClient, hostname, 'RTMP'), server),
      pipeline(server, client),
    ]);
  });
}

interface Entry {
  url: URL;
  client: Socket;
  connect: () => Promise<Socket>;
  readClient: (bytes: Buffer) => Iterable<RtmpMessage>;
  readerOf: (socket: Socket) => SocketReader;
}

/** C0 and C1; C2 is as long as C1, and so are S1 and S2. */
const HELLO_BYTES = 1 + 1536;
const ECHO_BYTES = 1536;

/**
 * Passes on ffmpeg's handshake and its `connect`. Where the server wants a login, it is asked anew, with the same handshake;
 * ffmpeg hears the last answer alone.
 * @returns the connection in which the server has answered, and what ffmpeg is to be told of it
 */
async function letIn({ url, client, connect, readClient, readerOf }: Entry) {
  const fromClient = readerOf(client);
  const hello = await fromClient.exactly(HELLO_BYTES);
  let server = await connect();
  server.write(hello);
  client.write(await readerOf(server).exactly(HELLO_BYTES + ECHO_BYTES));
  server.write(await fromClient.exactly(ECHO_BYTES));
  const asked: RtmpMessage[] = [];
  while (!asked.some((message) => readCommand(message)?.name === 'connect'))
    asked.push(...readClient(await fromClient.some()));
  const login = createRtmpLogin(url);
  for (let said = ''; ; ) {
    const tell = createRtmpNaming(url, client.localPort!, said);
    server.write(Buffer.concat(asked.map((message) => written(message, tell))));
    const { unread, refusal } = await readAnswer(readerOf(server), url);
    if (refusal === null) return { server, unread };
    server.destroy();
    said = login.answer(refusal);
    server = await connect();
    server.write(hello);
    const greeting = await readerOf(server).exactly(HELLO_BYTES + ECHO_BYTES);
    server.write(greeting.subarray(1, HELLO_BYTES));
  }
}

function written(message: RtmpMessage, tell: (command: Buffer) => Buffer): Buffer {
  return writeRtmp(readCommand(message) ? { ...message, payload: tell(message.payload) } : message);
}

/** Before it has answered, a server has little to say. */
const MAX_UNREAD = 256 * 1024;

/** @returns what came up to the answer to `connect` and with it; where a login is wanted, the description of that */
async function readAnswer(
  server: SocketReader,
  url: URL,
): Promise<{ unread: Buffer; refusal: string | null }> {
  const read = createRtmpReader();
  let unread: Buffer = Buffer.alloc(0);
  while (unread.length < MAX_UNREAD) {
    const bytes = await server.some();
    unread = Buffer.concat([unread, bytes]);
    for (const { name, texts } of understood(() => [...read(bytes)], url).flatMap(
      (message) => readCommand(message) ?? [],
    )) {
      const description = texts.get('description') ?? '';
      if (name === '_error' && texts.has('redirect')) throw redirectError(url);
      if (name === '_error' && wantsLogin(description)) return { unread, refusal: description };
      if (name === '_error' || name === '_result') return { unread, refusal: null };
    }
  }
  throw notUnderstood(url.hostname, 'RTMP', new Error('no answer without end'));
}

function understood<T>(read: () => T, { hostname }: URL): T {
  try {
    return read();
  } catch (error) {
    throw notUnderstood(hostname, 'RTMP', error);
  }
}

function redirectError({ hostname }: URL): MienError {
  return new MienError(
    'SOURCE_REFUSED',
    `${hostname} redirects to another address, which mien does not follow for RTMP; register that address itself.`,
  );
}
