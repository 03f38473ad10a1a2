/** Tricks with RTMP: answers and demands for a login that lead elsewhere, and messages that some parser takes for others. */
import { accepted, amf, command, message, type RtmpAnswers, rejected } from '../ingest/rtmp-server.ts';
import { INSIDE } from './canary.ts';
import { createRandom, SEED } from './random.ts';

export interface RtmpTrick {
  name: string;
  rtmp: RtmpAnswers;
}

const MUTATIONS = 24;

export function rtmpTricks(port: number): RtmpTrick[] {
  const to = `rtmp://${INSIDE}:${port}/live/key`;
  const answers = { ...redirects(to, port), ...demands(to, port), ...nonsense(to) };
  const entries = Object.entries(answers).map(([name, connect]) => ({
    name: `RTMP ${name}`,
    rtmp: { connect: () => connect },
  }));
  return [...entries, ...laterTricks(to), ...mutations(to)];
}

function redirects(to: string, port: number): Record<string, Buffer> {
  const ex = (url: string) => ({ ex: amf.object({ code: amf.number(302), redirect: amf.text(url) }) });
  const schemes = ['rtmp', 'rtmps', 'rtmpt', 'rtmpe', 'http', 'tcp', 'httpproxy', 'file'];
  return {
    ...Object.fromEntries(
      schemes.map((scheme) => [
        `redirect to ${scheme}`,
        rejected('moved', ex(`${scheme}://${INSIDE}:${port}/live/key`)),
      ]),
    ),
    'redirect in the description': rejected(`[ redirect ] : ${to}`),
    'redirect without a code': rejected('moved', { redirect: amf.text(to) }),
    'redirect of who is let in': accepted({ tcUrl: amf.text(to), ...ex(to) }),
    'redirect before the answer': Buffer.concat([
      command(amf.text('onStatus'), amf.number(0), amf.nothing, amf.object({ redirect: amf.text(to) })),
      rejected('moved'),
    ]),
    'redirect as a call of its own': command(
      amf.text('connect'),
      amf.number(1),
      amf.object({ tcUrl: amf.text(to) }),
    ),
    'redirect by HTTP': Buffer.from(`HTTP/1.1 302 Found\r\nLocation: ${to}\r\n\r\n`),
    'redirect by RTSP': Buffer.from(`RTSP/1.0 302 Found\r\nCSeq: 1\r\nLocation: ${to}\r\n\r\n`),
  };
}

function demands(to: string, port: number): Record<string, Buffer> {
  const wanted = (text: string) =>
    rejected(`[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&${text}`);
  return {
    'demand with an address as opaque word': wanted(`user=ann&salt=s&opaque=${to}`),
    'demand for a user at another host': wanted(`user=ann@${INSIDE}:${port}&salt=s&challenge=c`),
    'demand with another application': wanted(`user=ann&salt=s&challenge=c&app=${to}&tcUrl=${to}`),
    'demand with a line break': wanted(`user=ann&salt=s&challenge=c\r\ntcUrl: ${to}`),
    'demand without end': wanted(`user=ann&salt=${'s'.repeat(60_000)}`),
    'demand of another kind': rejected(`authmod=${to} : ?reason=needauth`),
    'demand and entry at once': Buffer.concat([rejected('code=403 need auth; authmod=adobe'), accepted()]),
    'demand and redirect at once': rejected('code=403 need auth; authmod=llnw', { redirect: amf.text(to) }),
    'demand again and again': rejected('code=403 need auth; authmod=llnw'),
  };
}

function nonsense(to: string): Record<string, Buffer> {
  const deep = Array.from({ length: 2000 }).reduce<Buffer>(
    (inner) => amf.object({ ex: inner }),
    amf.text(to),
  );
  const longText = Buffer.concat([Buffer.of(2, 0xff, 0xff), Buffer.from(to)]);
  return {
    'objects within objects': command(amf.text('_error'), amf.number(1), deep),
    'a text beyond its message': command(amf.text('_error'), amf.number(1), longText),
    'a value of another kind': command(amf.text('_error'), Buffer.of(0x11, 0x0c), amf.text(to)),
    'chunks of no size': Buffer.concat([message(1, Buffer.of(0, 0, 0, 0), 2), rejected(to)]),
    'chunks beyond measure': Buffer.concat([message(1, Buffer.of(0x7f, 0xff, 0xff, 0xff), 2), rejected(to)]),
    'a message without end': Buffer.from('030000000000ffffff1400000000', 'hex'),
    'a chunk that continues nothing': Buffer.of(0xc3, 1, 2, 3),
    'a message broken off': Buffer.concat([
      rejected(to).subarray(0, 100),
      message(2, Buffer.of(0, 0, 0, 3), 2),
      rejected(to),
    ]),
    'messages without an answer': Buffer.concat(
      Array.from({ length: 30_000 }, () => message(3, Buffer.alloc(4), 2)),
    ),
    nothing: Buffer.alloc(0),
  };
}

/** From who lets in, and then leads elsewhere. */
function laterTricks(to: string): RtmpTrick[] {
  const status = (code: string) =>
    command(
      ...[amf.text('onStatus'), amf.number(0), amf.nothing],
      amf.object({
        level: amf.text('error'),
        code: amf.text(code),
        description: amf.text(to),
        details: amf.text(to),
      }),
    );
  const given: Record<string, Partial<RtmpAnswers>> = {
    'a stream that is elsewhere': { createStream: rejected('moved', { redirect: amf.text(to) }) },
    'a stream of another number': {
      createStream: command(amf.text('_result'), amf.number(4), amf.nothing, amf.text(to)),
    },
    'play elsewhere': { play: status('NetStream.Play.Transition') },
    'play refused with an address': { play: status('NetStream.Play.Failed') },
    'a playlist for video': { play: message(9, Buffer.from(`#EXTM3U\n#EXTINF:1,\n${to}\n`), 6) },
    'a script with an address': {
      play: message(18, Buffer.concat([amf.text('onMetaData'), amf.object({ url: amf.text(to) })]), 5),
    },
    'a greeting of HTTP': {
      greeting: Buffer.from(`HTTP/1.1 302 Found\r\nLocation: ${to}\r\n\r\n`.padEnd(3073)),
    },
    'a greeting that is encrypted': { greeting: Buffer.alloc(3073, 6) },
    'a greeting that is cut': { greeting: Buffer.alloc(1537, 3) },
  };
  return Object.entries(given).map(([name, answers]) => ({
    name: `RTMP ${name}`,
    rtmp: { connect: () => null, ...answers },
  }));
}

/** Answers with some bytes changed, the same for the same SEED. */
function mutations(to: string): RtmpTrick[] {
  const random = createRandom(SEED);
  const whole = [
    rejected('moved', { ex: amf.object({ redirect: amf.text(to) }) }),
    rejected(`authmod=adobe : ?reason=needauth&user=ann&salt=s&opaque=${to}`),
    accepted({ redirect: amf.text(to) }),
  ];
  return Array.from({ length: MUTATIONS }, (_, number) => {
    const bytes = Buffer.from(random.pick(whole));
    for (let change = 0; change < 4; change++) bytes[random.below(bytes.length)] = random.below(256);
    return { name: `RTMP an answer with bytes changed (${SEED}, ${number})`, rtmp: { connect: () => bytes } };
  });
}
