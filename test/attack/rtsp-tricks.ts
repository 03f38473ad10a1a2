/** Tricks with RTSP: answers that lead elsewhere, in every spelling that some parser takes for an answer. */
import { INSIDE } from './canary.ts';

/** The bytes that answer a request. */
export type Answer = (request: { method: string; cseq: string; uri: string }) => string | Buffer | Buffer[];

export interface RtspTrick {
  name: string;
  /** For these methods; all others get an honest answer. */
  answers: Partial<Record<string, Answer>>;
}

const STATUS_LINES = [
  ...[
    'RTSP/1.0 302 Found',
    'RTSP/1.0  302 Found',
    'RTSP/1.0\t302 Found',
    'RTSP/1.0 0302 Found',
    'RTSP/1.0 +302 Found',
  ],
  ...[
    'RTSP/1 302 Found',
    'RTSP/10.0 302 Found',
    'RTSP/ 302 Found',
    'RTSP/1.0 302',
    'RTSP/1.0 302Found',
    'RTSP/1.1 302 F',
  ],
  ...[
    'RTSP/2.0 302 Found',
    'RTSP/1.0 \t 302 Found',
    'RTSP/1.0 00000000302 Found',
    'RTSP/x 302 Found',
    'RTSP/\t302 Found',
  ],
  ...[
    'RTSP/1.0\v302 Found',
    'RTSP/1.0 302\0Found',
    'RTSP/1.0 4294967598 Found',
    'rtsp/1.0 302 Found',
    ' RTSP/1.0 302 Found',
  ],
  ...[
    'RTSP/1.0 302.0 Found',
    'RTSP/1.0 300 x',
    'RTSP/1.0 301 x',
    'RTSP/1.0 303 x',
    'RTSP/1.0 305 x',
    'RTSP/1.0 307 x',
  ],
  ...[
    'RTSP/1.0 308 x',
    'RTSP/1.0 351 x',
    'RTSP/1.0 399 x',
    'HTTP/1.1 302 Found',
    'RTSP/1.0 302 \rFound',
    '\r\nRTSP/1.0 302 Found',
  ],
  ...[
    'x RTSP/1.0 302 Found',
    'RTSP/1.0 3 02 Found',
    'RTSP/1.0\xa0302 Found',
    `RTSP/${'1'.repeat(300)} 302 Found`,
    '\0RTSP/1.0 302 Found',
  ],
];

/** Whole honest answers with one header or line that leads elsewhere. */
const CONTENT: Record<string, (to: string, port: number) => RtspTrick['answers']> = {
  'a base that is inside': (to) => ({ DESCRIBE: described({ base: to }) }),
  'a control that is inside': (to) => ({ DESCRIBE: described({ control: `${to}/track` }) }),
  'a control of HTTP': (_, port) => ({ DESCRIBE: described({ control: `http://${INSIDE}:${port}/` }) }),
  'a control with a line break': (to) => ({ DESCRIBE: described({ control: `t\rm=video 9 TCP ${to}` }) }),
  'a connection that is inside': (_, port) => ({
    DESCRIBE: described({ connection: INSIDE, port }),
    SETUP: udp(port),
  }),
  'a transport by UDP': (_, port) => ({ DESCRIBE: described({}), SETUP: udp(port) }),
  'a transport by UDP with more in it': (_, port) => ({
    DESCRIBE: described({}),
    SETUP: set(
      `RTP/AVP/TCP;interleaved=0-1,RTP/AVP;unicast;source=${INSIDE};server_port=${port}-${port + 1}`,
    ),
  }),
  'a transport by multicast': (_, port) => ({
    DESCRIBE: described({}),
    SETUP: set(`RTP/AVP;multicast;destination=${INSIDE};port=${port}-${port + 1};ttl=1`),
  }),
  'a transport of Real': (_, port) => ({
    OPTIONS: (request) => reply(request, 'Server: RealServer\r\nRealChallenge1: 0123456789abcdef\r\n'),
    DESCRIBE: described({}),
    SETUP: set(`x-pn-tng/udp;server_port=${port};source=${INSIDE}`),
  }),
  'a session with a line break': (to) => ({
    DESCRIBE: described({}),
    SETUP: (request) =>
      reply(
        request,
        `Transport: RTP/AVP/TCP;interleaved=0-1\r\nSession: 1\rRTSP/1.0 302 x\rLocation: ${to}\r\n`,
      ),
  }),
  'a redirect after the setup': (to) => ({ DESCRIBE: described({}), SETUP: moved(to) }),
  'a redirect of PLAY': (to) => ({ DESCRIBE: described({}), SETUP: tcp(), PLAY: moved(to) }),
  'two answers': (to) => ({
    DESCRIBE: (request) => Buffer.concat([Buffer.from(ok(request)), Buffer.from(String(moved(to)(request)))]),
  }),
  'a redirect in pieces': (to) => ({
    DESCRIBE: (request) =>
      [...Buffer.from(String(moved(to)(request)), 'latin1')].map((byte) => Buffer.of(byte)),
  }),
  'a redirect behind a frame': (to) => ({
    DESCRIBE: (request) =>
      Buffer.concat([Buffer.from('24000003414243', 'hex'), Buffer.from(String(moved(to)(request)))]),
  }),
  'a redirect behind a frame of another length': (to) => ({
    DESCRIBE: (request) =>
      Buffer.concat([Buffer.from('2400ffff', 'hex'), Buffer.from(String(moved(to)(request)))]),
  }),
  'a redirect in a body': (to) => ({
    DESCRIBE: (request) => {
      const inner = String(moved(to)(request));
      return `RTSP/1.0 200 OK\r\nCSeq: ${request.cseq}\r\nContent-Length: -1\r\n\r\n${inner}`;
    },
  }),
  'a redirect behind two lengths': (to) => ({
    DESCRIBE: (request) =>
      `RTSP/1.0 200 OK\r\nCSeq: ${request.cseq}\r\nContent-Length: 0\r\nContent-Length: 9\r\n\r\n${String(moved(to)(request))}`,
  }),
  'a length with a sign': (to) => ({
    DESCRIBE: (request) =>
      `RTSP/1.0 200 OK\r\nCSeq: ${request.cseq}\r\nContent-Length: +5\r\n\r\n${String(moved(to)(request))}`,
  }),
  'a request to go elsewhere': (to) => ({
    DESCRIBE: (request) =>
      `REDIRECT ${request.uri} RTSP/1.0\r\nCSeq: 9\r\nLocation: ${to}\r\n\r\n${String(moved(to)(request))}`,
  }),
  'headers that end by LF': (to) => ({
    DESCRIBE: (request) => `RTSP/1.0 302 Found\nCSeq: ${request.cseq}\nLocation: ${to}\n\n`,
  }),
  'headers that go on': (to) => ({
    DESCRIBE: (request) => `RTSP/1.0 302 Found\r\nCSeq: ${request.cseq}\r\nLocation:\r\n ${to}\r\n\r\n`,
  }),
  'a status line that goes on': (to) => ({
    DESCRIBE: (request) => `RTSP/1.0\r\n 302 Found\r\nCSeq: ${request.cseq}\r\nLocation: ${to}\r\n\r\n`,
  }),
  'a redirect behind lines that end by CR': (to) => ({
    DESCRIBE: (request) =>
      `RTSP/1.0 200 OK\r\nCSeq: ${request.cseq}\rRTSP/1.0 302 Found\rLocation: ${to}\r\r\n\r\n`,
  }),
  'a redirect that goes on behind another header': (to) => ({
    DESCRIBE: (request) =>
      `RTSP/1.0 200 OK\nCSeq: ${request.cseq}\nServer: x\n RTSP/1.0 302 Found\n Location: ${to}\n\n`,
  }),
  'a redirect behind a line of blanks': (to) => ({
    DESCRIBE: (request) =>
      `RTSP/1.0 200 OK\nCSeq: ${request.cseq}\nContent-Length: 0\n \nRTSP/1.0 302 Found\nLocation: ${to}\n\n`,
  }),
  'a redirect behind an answer that ends by LF': (to) => ({
    DESCRIBE: (request) =>
      `RTSP/1.0 100 Continue\nCSeq: ${request.cseq}\n\n${String(moved(to)(request)).replaceAll('\r\n', '\n')}`,
  }),
  'a base that goes on': (to) => ({ DESCRIBE: described({ base: `\r\n\t${to}` }) }),
  'a transport that goes on': (_, port) => ({
    DESCRIBE: described({}),
    SETUP: set(`RTP/AVP/TCP;interleaved=0-1\r\n ;source=${INSIDE};server_port=${port}-${port + 1}`),
  }),
  'a challenge that leads elsewhere': (to) => ({
    DESCRIBE: (request) =>
      `RTSP/1.0 401 Unauthorized\r\nCSeq: ${request.cseq}\r\nWWW-Authenticate: Basic realm="x"\r\nLocation: ${to}\r\n\r\n`,
  }),
  'a type of another kind': (to) => ({
    DESCRIBE: (request) => {
      const body = `#EXTM3U\n#EXTINF:1,\n${to}\n`;
      return (
        reply(request, `Content-Type: application/vnd.apple.mpegurl\r\nContent-Length: ${body.length}\r\n`) +
        body
      );
    },
  }),
  'a description of Windows Media': (to) => ({
    OPTIONS: (request) => reply(request, 'Server: WMServer/9.1\r\n'),
    DESCRIBE: described({
      extra: `a=pgmpu:data:application/vnd.ms.wms-hdr.asfv1;base64,${Buffer.from(to).toString('base64')}`,
    }),
  }),
};

const reply = ({ cseq }: { cseq: string }, headers = '') =>
  `RTSP/1.0 200 OK\r\nCSeq: ${cseq}\r\n${headers}\r\n`;
const ok = (request: { cseq: string }) =>
  reply(request, 'Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n');
const moved =
  (to: string): Answer =>
  ({ cseq }) =>
    `RTSP/1.0 302 Found\r\nCSeq: ${cseq}\r\nLocation: ${to}\r\n\r\n`;
const set =
  (transport: string): Answer =>
  (request) =>
    reply(request, `Session: 1\r\nTransport: ${transport}\r\n`);
const udp = (port: number) =>
  set(`RTP/AVP;unicast;client_port=5000-5001;source=${INSIDE};server_port=${port}-${port + 1}`);
const tcp = () => set('RTP/AVP/TCP;unicast;interleaved=0-1');

function described(with_: {
  base?: string;
  control?: string;
  connection?: string;
  port?: number;
  extra?: string;
}): Answer {
  const { base, control = 'track', connection = '0.0.0.0', port = 0, extra } = with_;
  const lines = [
    ...[
      'v=0',
      `o=- 0 0 IN IP4 ${connection}`,
      's=x',
      `c=IN IP4 ${connection}`,
      't=0 0',
      ...(extra ? [extra] : []),
    ],
    ...[`m=video ${port} RTP/AVP 96`, 'a=rtpmap:96 MP4V-ES/90000', `a=control:${control}`, ''],
  ];
  const sdp = lines.join('\r\n');
  return (request) =>
    reply(
      request,
      `${base ? `Content-Base: ${base}/\r\n` : ''}Content-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n`,
    ) + sdp;
}

export function rtspTricks(port: number): RtspTrick[] {
  const to = `rtsp://${INSIDE}:${port}/live`;
  const spelled = STATUS_LINES.flatMap((line) =>
    ['DESCRIBE', 'OPTIONS'].map((method) => ({
      name: `RTSP ${method} answered ${JSON.stringify(line.slice(0, 60))}`,
      answers: {
        [method]: ({ cseq }: { cseq: string }) =>
          Buffer.from(`${line}\r\nCSeq: ${cseq}\r\nLocation: ${to}\r\n\r\n`, 'latin1'),
      },
    })),
  );
  const schemes = ['http', 'https', 'rtsps', 'tcp', 'udp', 'rtmp', 'satip', 'rtsph'].map((scheme) => ({
    name: `RTSP redirect to ${scheme}`,
    answers: { DESCRIBE: moved(`${scheme}://${INSIDE}:${port}/live`) },
  }));
  const contents = Object.entries(CONTENT).map(([name, answers]) => ({
    name: `RTSP ${name}`,
    answers: answers(to, port),
  }));
  return [...spelled, ...schemes, ...contents];
}
