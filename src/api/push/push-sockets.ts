/** WebSockets that bring video: each binary message is the next piece of it, as a browser's MediaRecorder gives them. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Readable } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Log } from '../../domain/log.ts';
import { MienError } from '../../errors.ts';
import { errorBody } from '../errors/answer-json.ts';
import { closeOrTerminate, closeSocket, INTERNAL } from '../transports/ws-close.ts';
import { errorForSender } from './error-for-sender.ts';
import type { ReceiveVideo } from './receive-video.ts';

export interface PushSockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, path: string): void;
  /** Closes every socket with a reason, and resolves when they are gone. */
  close(reason: string): Promise<void>;
}

/** A piece of a second, of video such as no browser makes. */
const MAX_MESSAGE = 16 * 2 ** 20;
/** What waits here before the sender is asked to wait. */
const MAX_WAITING = 2 ** 20;
const WELL = 1000;
/** What a page can act on; 4000 and the status by which the same is answered to a PUT. */
const CLOSE_CODES: Partial<Record<string, number>> = {
  ...{ BAD_INPUT: 4400, NOT_FOUND: 4404, SOURCE_UNREACHABLE: 4408, CONFLICT: 4409 },
  ...{ SOURCE_NOT_VIDEO: 4415, SOURCE_REFUSED: 4415, SOURCE_FAILED: 4422, TOO_MANY_REQUESTS: 4429 },
  ...{ STORE_UNAVAILABLE: 1013, FFMPEG_MISSING: 1013, SHUTTING_DOWN: 1001 },
};

export function createPushSockets(receive: ReceiveVideo, log: Log): PushSockets {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
    clientTracking: true,
  });
  return {
    upgrade: (request, duplex, head, path) =>
      sockets.handleUpgrade(request, duplex, head, (socket) => void receiveFrom(socket, request, path)),
    async close(reason) {
      await Promise.all([...sockets.clients].map((client) => closeSocket(client, reason)));
      sockets.close();
    },
  };

  async function receiveFrom(socket: WebSocket, request: IncomingMessage, path: string): Promise<void> {
    socket.on('error', (error) => log.debug({ err: error }, 'a WebSocket failed'));
    const body = bodyOf(socket);
    try {
      await Promise.race([
        body.refused,
        receive(request, path, body.bytes, () => socket.send(JSON.stringify({ status: 'receiving' }))),
      ]);
      closeOrTerminate(socket, WELL, 'received');
    } catch (thrown) {
      const error = errorForSender(thrown, log);
      socket.send(JSON.stringify(errorBody(error)));
      closeOrTerminate(socket, CLOSE_CODES[error.code] ?? INTERNAL, error.message);
    } finally {
      body.bytes.destroy();
    }
  }
}

/**
 * The messages of a socket as one body; it ends with the socket. What comes before anybody reads it stays with the sender,
 * who may turn out to know no address. `refused`: rejects at what is no video.
 */
function bodyOf(socket: WebSocket): { bytes: Readable; refused: Promise<never> } {
  const bytes = new Readable({ highWaterMark: MAX_WAITING, read: () => socket.resume() });
  socket.pause();
  let isOver = false;
  const end = () => {
    if (!isOver) bytes.push(null);
    isOver = true;
  };
  const refused = new Promise<never>((_resolve, reject) => {
    socket.on('message', (data: Buffer, isBinary) => {
      // What was on its way when the body ended.
      if (isOver || bytes.destroyed) return;
      if (!isBinary) {
        end();
        reject(new MienError('BAD_INPUT', 'Video comes as binary messages; this was text.'));
      } else if (!bytes.push(data)) socket.pause();
    });
  });
  socket.once('close', end);
  return { bytes, refused };
}
