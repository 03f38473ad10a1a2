import { MienError } from '../../../errors.ts';
import { type Login, loginOf } from '../login.ts';
import {
  createRtspReader,
  type RtspAnswer,
  type RtspMessage,
  type RtspRequest,
  writeFrame,
  writeRtsp,
} from './rtsp-message.ts';
import { transport } from './rtsp-transport.ts';
import { createRtspUris, type RtspUris } from './rtsp-uris.ts';
import { rewriteSdp } from './sdp.ts';

/** Translates between ffmpeg and a server. Both generators throw an Error at what is not understood. */
export interface RtspTranslator {
  /** What the server is to be told. */
  fromClient(chunk: Buffer): Iterable<Buffer>;
  /** What ffmpeg is to be told. */
  fromServer(chunk: Buffer): Iterable<Buffer>;
}

/** A request of ffmpeg's that waits for its answer. */
interface Waiting {
  request: RtspRequest;
  clientSequence: string;
  /** Whether the server has already been told the login. */
  loggedIn: boolean;
}

/** What is known of a session as it goes on. */
interface Session {
  login: Login | null;
  uris: RtspUris;
  /** The server's word for the session. */
  id: string | undefined;
  /** By our own sequence numbers, in their order. */
  waiting: Map<string, Waiting>;
  lastSequence: number;
  /** Whether a track was set up, so that media may come. */
  setUp: boolean;
}

/**
 * @param url of the source, with its login
 * @param port of our relay, as ffmpeg names it
 * @param tellServer tells the server something that ffmpeg did not ask for
 */
export function createRtspTranslator(
  url: URL,
  port: number,
  tellServer: (bytes: Buffer) => void,
): RtspTranslator {
  const session: Session = {
    login: loginOf(url),
    uris: createRtspUris(url, port),
    id: undefined,
    waiting: new Map(),
    lastSequence: 0,
    setUp: false,
  };
  const [readClient, readServer] = [createRtspReader(), createRtspReader()];
  return {
    *fromClient(chunk) {
      for (const message of readClient(chunk)) {
        if (message.type === 'frame') yield writeFrame(message);
        else if (message.type === 'request') yield takeRequest(session, message);
      }
    },
    *fromServer(chunk) {
      for (const message of readServer(chunk)) {
        const bytes = answerTo(session, url.hostname, message, tellServer);
        if (bytes) yield bytes;
      }
    },
  };
}

const METHODS = new Set(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'PAUSE', 'TEARDOWN', 'GET_PARAMETER']);
/** Some servers answer no keep-alive; the oldest are forgotten. */
const MAX_WAITING = 16;

function takeRequest(session: Session, request: RtspRequest): Buffer {
  const clientSequence = request.headers.get('cseq') ?? '';
  if (!METHODS.has(request.method) || !/^\d{1,9}$/.test(clientSequence))
    throw new Error('a request of another kind');
  if (session.waiting.size >= MAX_WAITING) session.waiting.delete(session.waiting.keys().next().value!);
  return ask(session, { request, clientSequence, loggedIn: false });
}

function ask(session: Session, waiting: Waiting): Buffer {
  const { method, uri, headers } = waiting.request;
  const sequence = String(++session.lastSequence);
  session.waiting.set(sequence, waiting);
  const target = session.uris.toServer(uri);
  return writeRtsp(`${method} ${target} RTSP/1.0`, {
    CSeq: sequence,
    'User-Agent': 'mien',
    Authorization: session.login?.authorization(method, target),
    Session: session.id,
    Accept: method === 'DESCRIBE' ? 'application/sdp' : undefined,
    Transport: method === 'SETUP' ? transport(headers.get('transport')) : undefined,
    Range: method === 'PLAY' ? 'npt=0.000-' : undefined,
  });
}

/** What ffmpeg is told; null: nothing. */
function answerTo(
  session: Session,
  host: string,
  message: RtspMessage,
  tellServer: (bytes: Buffer) => void,
): Buffer | null {
  if (message.type === 'frame') {
    if (!session.setUp) throw new Error('media before its set-up');
    return writeFrame(message);
  }
  if (message.type === 'request') {
    if (message.method === 'REDIRECT') throw redirectError(host);
    tellServer(
      writeRtsp('RTSP/1.0 501 Not Implemented', {
        CSeq: /^\d{1,9}$/.exec(message.headers.get('cseq') ?? '')?.[0],
      }),
    );
    return null;
  }
  const { status, headers } = message;
  if (status < 200) return null; // the answer itself comes later
  const waiting = takeWaiting(session, headers.get('cseq'));
  if (status >= 300 && status < 400) throw redirectError(host);
  if (status === 401 && !waiting.loggedIn && session.login?.accept(headers.get('www-authenticate') ?? '')) {
    tellServer(ask(session, { ...waiting, loggedIn: true }));
    return null;
  }
  return translate(session, waiting, message);
}

function takeWaiting({ waiting }: Session, sequence: string | undefined): Waiting {
  // Some servers leave the number out; then it is the answer to the first request that has none.
  const key = sequence ?? waiting.keys().next().value ?? '';
  const found = waiting.get(key);
  if (!found) throw new Error('an answer that nobody asked for');
  waiting.delete(key);
  return found;
}

/** An answer as ffmpeg needs it: a status, and those headers whose form is known. */
function translate(session: Session, { request, clientSequence }: Waiting, answer: RtspAnswer): Buffer {
  const { status, headers, body } = answer;
  const { method } = request;
  const [, id, timeout] =
    /^([\x21-\x3a\x3c-\x7e]{1,200})[ \t]*(?:;[ \t]*timeout=(\d{1,6}))?/i.exec(headers.get('session') ?? '') ??
    [];
  if (id && status === 200) session.id = id;
  const common = { CSeq: clientSequence, Session: id && id + (timeout ? `;timeout=${timeout}` : '') };
  const line = `RTSP/1.0 ${status} ${REASONS[status] ?? 'Answer'}`;
  if (status !== 200) return writeRtsp(line, common);
  switch (method) {
    case 'OPTIONS':
      return writeRtsp(line, { ...common, Public: publicMethods(headers.get('public') ?? '') });
    case 'DESCRIBE': {
      if (!/^application\/sdp\b/i.test(headers.get('content-type') ?? ''))
        throw new Error('a description of another kind');
      const { sdp, ...controls } = rewriteSdp(body.toString());
      session.uris.learn(headers.get('content-base') ?? headers.get('content-location'), controls);
      const about = { 'Content-Base': session.uris.base, 'Content-Type': 'application/sdp' };
      return writeRtsp(line, { ...common, ...about }, sdp);
    }
    case 'SETUP':
      session.setUp = true;
      return writeRtsp(line, {
        ...common,
        Transport: transport(headers.get('transport'), request.headers.get('transport')),
      });
    case 'PLAY':
      return writeRtsp(line, {
        ...common,
        Range: /^npt=(?:now|[\d.]{1,20})-[\d.]{0,20}$/.exec(headers.get('range') ?? '')?.[0],
      });
    default:
      return writeRtsp(line, common);
  }
}

function publicMethods(value: string): string {
  const named = value.split(',').map((word) => word.trim());
  return named.filter((word) => METHODS.has(word)).join(', ') || 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN';
}

const REASONS: Record<number, string> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  453: 'Not Enough Bandwidth',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  459: 'Aggregate Operation Not Allowed',
  461: 'Unsupported Transport',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

function redirectError(host: string): MienError {
  return new MienError(
    'SOURCE_REFUSED',
    `${host} redirects to another address, which mien does not follow for RTSP; register that address itself.`,
  );
}
