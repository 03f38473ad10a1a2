/** Logins of sources: the servers get them, other users of the machine do not. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loginOf } from '../../src/ingest/network/login.ts';
import { decode, ingestAt, never, open, refusal, url } from './harness.ts';
import { counting, ffmpeg, hasNetworkFfmpeg, type MediaDir, mediaDir } from './media.ts';
import { descendants } from './processes.ts';
import { type Allows, files, rtsp, type Served, serve } from './servers.ts';

/** With characters that URLs and quoted strings write in another way. */
const USER = 'ann"e';
const PASSWORD = 'hunter2 $&:/@ü';
const LOGIN = `${encodeURIComponent(USER)}:${encodeURIComponent(PASSWORD)}`;

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** Lets those in who answer a challenge of Digest, as RFC 7616 has it. */
function behindDigest(next: RequestListener): RequestListener {
  return (request, response) => {
    const given = request.headers.authorization ?? '';
    const value = (name: string) => new RegExp(`\\b${name}="?((?:[^"\\\\,]|\\\\.)*)`).exec(given)?.[1] ?? '';
    const a1 = md5(`${USER}:our cameras:${PASSWORD}`);
    const a2 = md5(`GET:${request.url}`);
    const expected = md5([a1, 'n0nce', value('nc'), value('cnonce'), 'auth', a2].join(':'));
    if (given.startsWith('Digest ') && value('response') === expected) return next(request, response);
    const challenges = [
      'Basic realm="x"',
      'Digest realm="our cameras", nonce="n0nce", qop="auth,auth-int", opaque="o"',
    ];
    return response.writeHead(401, { 'www-authenticate': challenges }).end();
  };
}

function behindBasic(next: RequestListener): RequestListener {
  const expected = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
  return (request, response) => {
    if (request.headers.authorization === expected) return next(request, response);
    return response.writeHead(401, { 'www-authenticate': 'Basic realm="our cameras"' }).end();
  };
}

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;
const served: Served[] = [];
async function serveIt(handler: RequestListener) {
  served.push(await serve(handler));
  return served.at(-1)!;
}

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path, { allowPrivateSources: true });
  await media.make(
    `${counting({ seconds: 2 })} -c:v mpeg2video -g 15 -f hls -hls_time 1 -hls_list_size 0 vod.m3u8`,
  );
});
afterAll(async () => {
  await ingest.close();
  await Promise.all([...served.map((server) => server.close()), media.remove()]);
});

describe.skipIf(!hasNetworkFfmpeg)('a login', () => {
  test.each([
    ['Digest', behindDigest],
    ['Basic', behindBasic],
  ])('of %s opens HLS, its playlist and its segments', async (_, behind) => {
    const web = await serveIt(behind(files(media.path)));
    const at = (login: string) => url(`http://${login}@127.0.0.1:${web.port}/vod.m3u8`);
    expect(await ingest.probe(at(LOGIN), never)).toMatchObject({ kind: 'hls', width: 320 });
    const { code, message } = await refusal(ingest.probe(at('ann:wrong'), never));
    expect(code).toBe('SOURCE_UNREACHABLE');
    expect(message).toContain('401');
  });

  test('goes to the server in whose address it was given, and to no other, redirected or in a playlist', async () => {
    const other: (string | undefined)[] = [];
    const elsewhere = await serveIt((request, response) => {
      other.push(request.headers.authorization, request.headers.cookie);
      if (request.url?.startsWith('/ask'))
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else files(media.path)(request, response);
    });
    const to = `http://127.0.0.1:${elsewhere.port}`;
    const segments = `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${to}/vod0.ts\n#EXTINF:1,\n${to}/ask.ts\n#EXT-X-ENDLIST\n`;
    const web = await serveIt(
      behindBasic((request, response) => {
        response.setHeader('set-cookie', 'ticket=hunter2');
        if (request.url === '/list.m3u8') return response.end(segments);
        return response.writeHead(302, { location: `${to}/vod0.ts` }).end();
      }),
    );
    for (const path of ['list.m3u8', 'moved']) {
      const source = url(`http://${LOGIN}@127.0.0.1:${web.port}/${path}`);
      expect(await ingest.probe(source, never)).toMatchObject({ width: 320 });
    }
    expect(other.length).toBeGreaterThan(0);
    expect(new Set(other)).toEqual(new Set([undefined]));
  });

  test('cookies go back to the server that set them', async () => {
    const seen = new Set<string | undefined>();
    const web = await serveIt((request, response) => {
      seen.add(request.headers.cookie);
      response.setHeader('set-cookie', ['ticket=abc; Path=/; HttpOnly', 'bad name=1']);
      return files(media.path)(request, response);
    });
    await ingest.probe(url(`http://127.0.0.1:${web.port}/vod.m3u8`), never);
    expect(seen).toEqual(new Set([undefined, 'ticket=abc']));
  });
});

describe.skipIf(!hasNetworkFfmpeg || !existsSync('/proc/self/cmdline'))('the list of processes', () => {
  test('shows nothing of the address of an RTSP source but our port, though the server is told the login', async () => {
    const who = md5(`${USER}:our cameras:${PASSWORD}`);
    const allows: Allows = (authorization, method, uri) =>
      uri.startsWith(`rtsp://127.0.0.1:${server.port}/live`) &&
      authorization.includes(`response="${md5(`${who}:n0nce:${md5(`${method}:${uri}`)}`)}"`);
    const server = await rtsp({ allows });
    served.push(server);
    const publisher = spawn(ffmpeg.path, [
      ...['-nostdin', '-v', 'error', '-re', '-stream_loop', '-1', '-i', media.at('vod0.ts'), '-c:v', 'mpeg4'],
      ...['-f', 'rtsp', '-rtsp_transport', 'tcp', `rtsp://127.0.0.1:${server.port}/published`],
    ]);
    while (!server.seen.includes('RECORD')) await new Promise((resolve) => setTimeout(resolve, 20));
    const source = url(`rtsp://${LOGIN}@127.0.0.1:${server.port}/live?token=very-secret`);
    const { frames } = await open(ingest, source);
    const iterator = frames[Symbol.asyncIterator]();
    expect((await iterator.next()).done).toBe(false);
    const lines = descendants(process.pid).join('\n');
    expect(lines).toContain('-protocol_whitelist tcp');
    for (const secret of [LOGIN, PASSWORD, 'hunter2', 'very-secret', '/live']) {
      expect(lines).not.toContain(secret);
    }
    await iterator.return?.();
    publisher.kill('SIGKILL');
    const wrong = url(`rtsp://ann:wrong@127.0.0.1:${server.port}/live`);
    expect((await refusal(ingest.probe(wrong, never))).message).toContain('needs a login');
  });

  test('shows nothing of the address of an HTTP source but our port', async () => {
    const web = await serveIt(behindBasic(files(media.path)));
    const source = url(`http://${LOGIN}@127.0.0.1:${web.port}/vod.m3u8?token=very-secret`);
    const frames = decode(ingest, source, { realtime: true });
    await frames.next();
    const lines = descendants(process.pid).join('\n');
    expect(lines).toContain('-protocol_whitelist http,tcp');
    for (const secret of [LOGIN, PASSWORD, 'hunter2', 'very-secret', 'vod.m3u8', `:${web.port}`]) {
      expect(lines).not.toContain(secret);
    }
    await frames.return();
  });
});

describe('an answer to a challenge', () => {
  const login = () => loginOf(new URL('http://Mufasa:Circle%20of%20Life@x/'))!;

  test.each(['用户', 'jörg', 'a\r\nX-Other: 1'])('of %j is bytes in UTF-8 within one line', (name) => {
    const known = loginOf(new URL(`http://${encodeURIComponent(name)}:w%C3%BCrd@x/`))!;
    expect(known.accept('Digest realm="r", nonce="n"')).toBe(true);
    const given = Buffer.from(known.authorization('GET', '/')!, 'latin1').toString();
    const said = name.replace('\r\n', '');
    const response = md5(`${md5(`${said}:r:würd`)}:n:${md5('GET:/')}`);
    expect(given).toContain(`username="${said}", realm="r", nonce="n", uri="/", response="${response}"`);
  });

  test('of Digest is that of RFC 7616, 3.9.1, by both hashes', () => {
    for (const [algorithm, hash] of [
      ['MD5', 'md5'],
      ['SHA-256', 'sha256'],
    ] as const) {
      const known = login();
      const challenge = `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
      expect(known.authorization('GET', '/dir/index.html')).toBeUndefined();
      expect(known.accept(challenge)).toBe(true);
      const given = known.authorization('GET', '/dir/index.html')!;
      const h = (text: string) => createHash(hash).update(text).digest('hex');
      const cnonce = /cnonce="(\w+)"/.exec(given)![1];
      const who = h('Mufasa:http-auth@example.org:Circle of Life');
      const expected = h(
        `${who}:7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v:00000001:${cnonce}:auth:${h('GET:/dir/index.html')}`,
      );
      expect(given).toContain(`response="${expected}"`);
      expect(given).toContain(`algorithm=${algorithm}`);
    }
  });

  test('of Digest without qop is that of RFC 2069, as cameras ask for', () => {
    const known = login();
    expect(known.accept('Basic realm="a", Digest realm="b", nonce="c"')).toBe(true);
    const response = md5(`${md5('Mufasa:b:Circle of Life')}:c:${md5('DESCRIBE:rtsp://x/')}`);
    expect(known.authorization('DESCRIBE', 'rtsp://x/')).toBe(
      `Digest username="Mufasa", realm="b", nonce="c", uri="rtsp://x/", response="${response}", algorithm=MD5`,
    );
  });

  test.each([
    '',
    'Negotiate',
    'Digest realm="x", nonce="y", algorithm=SHA-512',
    'Digest nonce="y"',
    'Bearer Basic',
  ])('is not given to %s', (challenge) => {
    expect(login().accept(challenge)).toBe(false);
  });
});
