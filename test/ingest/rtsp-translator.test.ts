/** What an RTSP server and ffmpeg are told of each other. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createRtspTranslator } from '../../src/ingest/network/rtsp/rtsp-translator.ts';

const OURS = 'rtsp://127.0.0.1:4321/stream';
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

function open(address = 'rtsp://ann:secret@camera.example:8554/live?channel=1') {
  const told: string[] = [];
  const conversation = createRtspTranslator(new URL(address), 4321, (bytes) =>
    told.push(bytes.toString('latin1')),
  );
  const all = (side: 'fromClient' | 'fromServer') => (text: string | Buffer) =>
    [...conversation[side](Buffer.from(text as string, 'latin1'))]
      .map((bytes) => bytes.toString('latin1'))
      .join('');
  const ask = all('fromClient');
  const request = (method: string, sequence: number, uri = OURS, headers = '') =>
    ask(`${method} ${uri} RTSP/1.0\r\nCSeq: ${sequence}\r\nUser-Agent: Lavf\r\n${headers}\r\n`);
  return { request, ask, answer: all('fromServer'), told };
}

const SDP = [
  ...[
    'v=0',
    'o=- 1 1 IN IP4 10.0.0.9',
    's=Camera',
    'c=IN IP4 10.0.0.9',
    't=0 0',
    'a=control:*',
    'a=range:npt=now-',
  ],
  ...[
    'm=audio 5004 RTP/AVP 0',
    'a=control:sound',
    'm=video 5006 RTP/AVP 96',
    'b=AS:500',
    'a=rtpmap:96 H264/90000',
  ],
  ...[
    'a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z0IAKeKQ,aM48gA==',
    'a=control:trackID=2',
    'a=source-filter: x',
    '',
  ],
].join('\r\n');
const described = (sdp = SDP, base = '') =>
  `RTSP/1.0 200 All right\r\nCSeq: 1\r\nServer: x\r\n${base}Content-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`;

describe('an RTSP server', () => {
  test('is asked in its own words, at its own address, without the login until it asks for one', () => {
    const { request } = open();
    expect(request('DESCRIBE', 7, OURS, 'Accept: application/sdp\r\nX-Other: 1\r\n')).toBe(
      'DESCRIBE rtsp://camera.example:8554/live?channel=1 RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: mien\r\nAccept: application/sdp\r\n\r\n',
    );
  });

  test('that asks for a login is given it, and ffmpeg hears of neither', () => {
    const { request, answer, told } = open();
    request('DESCRIBE', 7);
    const asked =
      'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm="r", nonce="n"\r\nWWW-Authenticate: Basic realm="r"\r\n\r\n';
    expect(answer(asked)).toBe('');
    const uri = 'rtsp://camera.example:8554/live?channel=1';
    const response = md5(`${md5('ann:r:secret')}:n:${md5(`DESCRIBE:${uri}`)}`);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`\r\nCSeq: 2\r\n`);
    expect(told[0]).toContain(
      `Authorization: Digest username="ann", realm="r", nonce="n", uri="${uri}", response="${response}"`,
    );
    expect(answer(asked.replace('CSeq: 1', 'CSeq: 2'))).toBe('RTSP/1.0 401 Unauthorized\r\nCSeq: 7\r\n\r\n');
    expect(request('OPTIONS', 8)).toContain('Authorization: Digest');
  });

  test('whose description names tracks is asked for those, however it names them', () => {
    for (const [base, control, expected] of [
      ['', 'trackID=2', 'rtsp://camera.example:8554/live?channel=1/trackID=2'],
      ['Content-Base: rtsp://other.example/base/\r\n', 'trackID=2', 'rtsp://other.example/base/trackID=2'],
      ['', 'rtsp://camera.example/whole', 'rtsp://camera.example/whole'],
    ] as const) {
      const { request, answer } = open();
      request('DESCRIBE', 1);
      const anew = answer(described(SDP.replace('trackID=2', control), base));
      expect(anew.split('\r\n')).toEqual([
        ...['RTSP/1.0 200 OK', 'CSeq: 1', `Content-Base: ${OURS}/`, 'Content-Type: application/sdp'],
        ...[
          expect.stringMatching(/^Content-Length: \d+$/),
          '',
          'v=0',
          'o=- 0 0 IN IP4 127.0.0.1',
          's=stream',
        ],
        ...[
          'c=IN IP4 127.0.0.1',
          't=0 0',
          'a=range:npt=now-',
          'm=video 0 RTP/AVP 96',
          'a=rtpmap:96 H264/90000',
        ],
        ...['a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z0IAKeKQ,aM48gA==', 'a=control:track0', ''],
      ]);
      const set = request('SETUP', 2, `${OURS}/track0`, 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n');
      expect(set).toContain(`SETUP ${expected} RTSP/1.0\r\n`);
      expect(set).toContain('Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n');
    }
  });

  test('is told its own session, and media go through whole, however they are cut', () => {
    const { request, ask, answer } = open();
    request('DESCRIBE', 1);
    answer(described());
    request('SETUP', 2, `${OURS}/track0`, 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n');
    const transport =
      'Transport: RTP/AVP/TCP;unicast;destination=10.0.0.1;interleaved=0-1;ssrc=1F;mode="PLAY"';
    expect(answer(`RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: ab12;timeout=60\r\n${transport}\r\n\r\n`)).toBe(
      'RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: ab12;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n',
    );
    expect(request('PLAY', 3, `${OURS}/`)).toContain('Session: ab12\r\n');
    const frame = Buffer.concat([Buffer.from('24000005', 'hex'), Buffer.from('RTSP/')]);
    const played = 'RTSP/1.0 200 OK\r\nCSeq: 3\r\nRange: npt=now-\r\nRTP-Info: url=rtsp://10.0.0.1/\r\n\r\n';
    const stream = Buffer.concat([Buffer.from(played), frame, Buffer.from('\r\n'), frame]);
    const expected = `RTSP/1.0 200 OK\r\nCSeq: 3\r\nRange: npt=now-\r\n\r\n${frame.toString().repeat(2)}`;
    expect([...stream].map((byte) => answer(Buffer.of(byte))).join('')).toBe(expected);
    expect(ask(Buffer.from('240100020102', 'hex'))).toBe('$\x01\0\x02\x01\x02');
  });

  test.each([
    ['no reason', 'RTSP/1.0 200', 'Session: 1', 'interleaved=0-1', '1'],
    ['one channel named', 'RTSP/1.0 200 OK', 'Session: 1', 'interleaved=0', '1'],
    ['no channels named', 'RTSP/1.0 200 OK', 'Session: 1', 'mode=play', '1'],
    ['other letters', 'RTSP/1.0 200 OK', 'session: 1;Timeout=60', 'Interleaved=0-1', '1'],
    [
      'a session of any letters',
      'RTSP/1.0 200 OK',
      'Session: {a/b=:%}==;\ttimeout=60',
      'interleaved=0-1',
      '{a/b=:%}==',
    ],
    ['a header twice', 'RTSP/1.0 200 OK', 'Session: 1\r\nSession: 1', 'interleaved=0-1', '1'],
  ])('may answer with %s', (_, line, session, channels, id) => {
    const { request, answer } = open();
    request('DESCRIBE', 1);
    answer(described());
    request('SETUP', 2, `${OURS}/track0`, 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n');
    const told = answer(
      `${line}\r\nCSeq: 2\r\n${session}\r\nTransport: rtp/avp/tcp;unicast;${channels}\r\n\r\n`,
    );
    expect(told).toContain('Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n');
    if (/timeout/i.test(session)) expect(told).toContain(`Session: ${id};timeout=60\r\n`);
    expect(request('PLAY', 3, `${OURS}/`)).toContain(`Session: ${id}\r\n`);
  });

  test.each([
    ['lines that end by LF alone', '\n', '; '],
    ['a session that goes on in the next line', '\r\n', ';\r\n\t '],
    ['both', '\n', '\n ; \n  '],
  ])('may answer with %s, however it is cut', (_, end, apart) => {
    for (const piece of [1, 7, 10_000]) {
      const { request, answer } = open();
      const say = (text: string) => {
        const bytes = Buffer.from(text, 'latin1');
        let told = '';
        for (let at = 0; at < bytes.length; at += piece) told += answer(bytes.subarray(at, at + piece));
        return told;
      };
      request('DESCRIBE', 1);
      expect(say(described(SDP.replaceAll('\r\n', end)).replaceAll('\r\n', end))).toMatch(
        /^RTSP\/1\.0 200 OK\r\nCSeq: 1\r\n.*a=control:track0\r\n$/s,
      );
      request('SETUP', 2, `${OURS}/track0`, 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n');
      const set = [
        'RTSP/1.0 200 OK',
        'CSeq: 2',
        `Session: ab12${apart}timeout=60`,
        'Transport:',
        ' RTP/AVP/TCP;unicast;interleaved=0-1',
        '',
        '',
      ];
      const frame = '$\0\0\x02\n\n';
      expect(say(set.join(end) + end + frame)).toBe(
        `RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: ab12;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n${frame}`,
      );
    }
  });

  test('that asks something itself is answered, and may not send ffmpeg elsewhere', () => {
    const { answer, told } = open();
    expect(answer('GET_PARAMETER rtsp://x/ RTSP/1.0\r\nCSeq: 5\r\n\r\n')).toBe('');
    expect(told).toEqual(['RTSP/1.0 501 Not Implemented\r\nCSeq: 5\r\n\r\n']);
    expect(() => answer('REDIRECT rtsp://x/ RTSP/1.0\r\nCSeq: 6\r\nLocation: rtsp://y/\r\n\r\n')).toThrow(
      'redirects',
    );
  });

  test('may answer late, out of order, without a number, or never', () => {
    const { request, answer } = open();
    for (let sequence = 10; sequence < 40; sequence++) request('GET_PARAMETER', sequence);
    expect(answer('RTSP/1.0 200 OK\r\nCSeq: 30\r\n\r\n')).toContain('CSeq: 39\r\n');
    expect(answer('RTSP/1.0 100 Continue\r\nCSeq: 29\r\n\r\nRTSP/1.0 200 OK\r\nCSeq: 29\r\n\r\n')).toContain(
      'CSeq: 38\r\n',
    );
    expect(answer('RTSP/1.0 200 OK\r\n\r\n')).toContain('CSeq: 24\r\n');
    expect(() => answer('RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n')).toThrow('nobody asked');
  });

  test.each([
    ['media before their set-up', '$\0\0\x01x'],
    ['a head without end', 'x'.repeat(16 * 1024)],
    ['an answer of another protocol', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['a length that is none', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: -1\r\n\r\n'],
    ['a length beyond measure', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 9999999\r\n\r\n'],
    ['two lengths', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n'],
    ['a CR within a line', 'RTSP/1.0 200 OK\r\nCSeq: 1\rSession: 2\r\n\r\n'],
    ['a CR too many', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\r\n\r\n'],
    ['lines that end by CR', 'RTSP/1.0 200 OK\rCSeq: 1\r\r\n\n'],
    ['a line of CR alone', 'RTSP/1.0 200 OK\nCSeq: 1\n\r\r\nSession: 2\n\n'],
    ['a first line that goes on', 'RTSP/1.0 200\r\n OK\r\nCSeq: 1\r\n\r\n'],
    ['a line of blanks', 'RTSP/1.0 200 OK\nCSeq: 1\n \nSession: 2\n\n'],
    ['a number that goes on', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\n 2\r\n\r\n'],
    ['a length that goes on', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 1\r\n\t1\r\n\r\n'],
    ['a vertical tab in front of a line', 'RTSP/1.0 200 OK\nCSeq: 1\nServer: x\n\vSession: 2\n\n'],
    ['a name that goes on', 'RTSP/1.0 200 OK\r\nCSeq\r\n : 1\r\n\r\n'],
    ['a description of another kind', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Type: text/html\r\n\r\n'],
  ])('is refused for %s', (_, bytes) => {
    const { request, answer } = open();
    request('DESCRIBE', 1);
    expect(() => answer(bytes)).toThrow();
  });
});
