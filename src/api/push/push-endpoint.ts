/** `/ingest/…`: video that is sent to streams, as an endless body or over a WebSocket. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { TooManyGuesses } from '../../access/authenticate.ts';
import type { Log } from '../../domain/log.ts';
import { answerJson, errorBody } from '../errors/answer-json.ts';
import { lingerWith } from '../uploads/upload-body.ts';
import { errorForSender } from './error-for-sender.ts';
import { createPushSockets, type PushSockets } from './push-sockets.ts';
import { createReceiveVideo, type ReceiveOptions, type ReceiveVideo } from './receive-video.ts';

export interface PushEndpoint extends PushSockets {
  /** By PUT or POST; answered when the body has ended and was analysed. */
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>;
}

const STATUS: Partial<Record<string, number>> = {
  ...{ BAD_INPUT: 400, NOT_FOUND: 404, SOURCE_UNREACHABLE: 408, CONFLICT: 409, SOURCE_NOT_VIDEO: 415 },
  ...{ SOURCE_REFUSED: 415, SOURCE_FAILED: 422, TOO_MANY_REQUESTS: 429 },
  ...{ STORE_UNAVAILABLE: 503, SHUTTING_DOWN: 503, FFMPEG_MISSING: 503 },
};

export function createPushEndpoint(options: ReceiveOptions & { log: Log }): PushEndpoint {
  const receive = createReceiveVideo(options);
  return {
    ...createPushSockets(receive, options.log),
    async handle(request, response, path) {
      const { method = '' } = request;
      if (method === 'PUT' || method === 'POST')
        await receiveBody(request, response, path, receive, options.log);
      else answerJson(response, 405, { status: 'PUT video here' }, { allow: 'PUT, POST' });
    },
  };
}

async function receiveBody(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  receive: ReceiveVideo,
  log: Log,
): Promise<void> {
  try {
    await receive(request, path, bodyOf(request));
    answerJson(response, 200, { status: 'received' });
  } catch (thrown) {
    const { code, message } = errorForSender(thrown, log);
    const headers =
      thrown instanceof TooManyGuesses ? { 'retry-after': String(thrown.retryAfterSeconds) } : {};
    if (!request.complete) lingerWith(request);
    answerJson(response, STATUS[code] ?? 500, errorBody({ code, message }), headers);
  }
}

/** Apart from the request, which carries the answer; what breaks off ends. */
function bodyOf(request: IncomingMessage): Readable {
  const body = new PassThrough();
  request.once('close', () => body.end()).on('error', () => body.end());
  return request.pipe(body);
}
