/** Logins of RTMP: the server gets them by its own protocol, ffmpeg and the list of processes do not. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createRtmpLogin } from '../../src/ingest/network/rtmp/rtmp-login.ts';
import { ingestAt, never, open, refusal, url } from './harness.ts';
import { counting, hasNetworkFfmpeg, type MediaDir, mediaDir } from './media.ts';
import { descendants } from './processes.ts';
import { amf, type RtmpAnswers, type RtmpServer, rejected, rtmpServer } from './rtmp-server.ts';

const USER = 'ann';
const PASSWORD = 'hunter2 &=?/ü';
const LOGIN = `${USER}:${encodeURIComponent(PASSWORD)}`;

const md5 = (text: string, as: 'base64' | 'hex') => createHash('md5').update(text).digest(as);
const parametersOf = (app: string) =>
  Object.fromEntries(
    (app.split('?')[1] ?? '').split('&').map((part) => {
      const [name = '', ...value] = part.split('=');
      return [name, value.join('=')];
    }),
  );

/** As Adobe's access manager asks. */
function adobe(app: string): Buffer | null {
  const { user, challenge, response } = parametersOf(app);
  if (user !== USER) return rejected('[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ');
  if (!response) {
    return rejected(
      `[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=${USER}&salt=pepper==&challenge=c0&opaque=0paque==`,
    );
  }
  const expected = md5(`${md5(`${USER}pepper==${PASSWORD}`, 'base64')}0paque==${challenge}`, 'base64');
  if (response === expected) return null;
  return rejected('[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed&opaque=0paque==');
}

/** As Limelight asks. */
function limelight(app: string): Buffer | null {
  const { user, nonce, cnonce, nc, response } = parametersOf(app);
  if (user !== USER) return rejected('[ AccessManager.Reject ] : [ code=403 need auth; authmod=llnw ] : ');
  if (!response) {
    return rejected(
      `[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=needauth&user=${USER}&nonce=n0nce`,
    );
  }
  const [who, what] = [md5(`${USER}:live:${PASSWORD}`, 'hex'), md5('publish:/app/_definst_', 'hex')];
  if (response === md5(`${who}:${nonce}:${nc}:${cnonce}:auth:${what}`, 'hex')) return null;
  return rejected('[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=nosuchuser');
}

let media: MediaDir;
let flv: Buffer;
let ingest: ReturnType<typeof ingestAt>;
const served: RtmpServer[] = [];
const serve = async (connect: RtmpAnswers['connect']) => {
  served.push(await rtmpServer(flv, { connect }));
  return served.at(-1)!;
};
beforeAll(async () => {
  media = await mediaDir();
  await media.make(`${counting({ seconds: 2 })} -c:v flv1 -g 10 clip.flv`);
  flv = await readFile(media.at('clip.flv'));
  ingest = ingestAt(media.path, { allowPrivateSources: true });
});
afterEach(() => {
  for (const server of served.splice(0)) server.close();
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

describe.skipIf(!hasNetworkFfmpeg || !existsSync('/proc/self/cmdline'))('an RTMP server', () => {
  test.each([
    ['Adobe', adobe],
    ['Limelight', limelight],
  ])('that asks for a login as %s does is answered, and no process is told the login', async (_, connect) => {
    const server = await serve(connect);
    const { frames } = await open(ingest, url(`rtmp://${LOGIN}@127.0.0.1:${server.port}/app/key`));
    const iterator = frames[Symbol.asyncIterator]();
    expect((await iterator.next()).done).toBe(false);
    const lines = descendants(process.pid).join('\n');
    expect(lines).toContain('mien-stream');
    for (const secret of [`${USER}:`, PASSWORD, 'hunter2']) expect(lines).not.toContain(secret);
    await iterator.return?.();
    expect(server.apps.slice(0, 3)).toEqual([
      'app',
      expect.stringMatching(/^app\?authmod=\w+&user=ann$/),
      expect.stringMatching(/^app\?authmod=\w+&user=ann&.*response=/),
    ]);
    expect(server.heard).not.toContain('hunter2');
  });

  test("is played by processes whose environment has nothing of the server's own", async () => {
    const own = {
      DATABASE_URL: 'postgresql://me:hunter3@x/',
      MIEN_SECRET_KEY: 'hunter4',
      PGPASSWORD: 'hunter5',
      AWS_SECRET_ACCESS_KEY: 'hunter6',
    };
    Object.assign(process.env, own);
    const other = ingestAt(media.path, { allowPrivateSources: true });
    for (const name of Object.keys(own)) delete process.env[name];
    const server = await serve(() => null);
    const { frames } = await open(other, url(`rtmp://127.0.0.1:${server.port}/app/key`));
    const environments = descendants(process.pid, 'environ').join('\n');
    await frames[Symbol.asyncIterator]().return?.();
    await other.close();
    expect(environments).toContain('PATH=');
    expect(environments).not.toMatch(/hunter|MIEN_|DATABASE_URL/);
  });

  test('that asks for no login is not told of one', async () => {
    const server = await serve(() => null);
    expect(
      await ingest.probe(url(`rtmp://${LOGIN}@127.0.0.1:${server.port}/app/key?user=x&pass=y`), never),
    ).toMatchObject({
      width: 320,
    });
    expect(server.apps).toEqual(['app']);
    expect(server.heard).toContain('key?user=x&pass=y');
    expect(server.heard).not.toMatch(/ann|hunter2/);
  });

  test.each<[string, RtmpAnswers['connect'], string, RegExp]>([
    ['refuses the login', adobe, 'ann:hunter3', /refuses the user and password; check those in the URL\.$/],
    ['does not know the user', limelight, 'ann:hunter3', /refuses the user and password/],
    [
      'asks for the user again and again',
      () => rejected('code=403 need auth; authmod=adobe'),
      LOGIN,
      /refuses the user/,
    ],
    [
      'asks for the digest again and again',
      () => rejected('authmod=adobe : ?reason=needauth'),
      LOGIN,
      /refuses the user/,
    ],
    [
      'asks for a login that is not there',
      adobe,
      '',
      /needs a login; put the user and password into the URL\.$/,
    ],
    [
      'asks for a login of another kind',
      () => rejected('need auth; authmod=kerberos'),
      LOGIN,
      /does not know \(kerberos\)/,
    ],
    [
      'asks for what every object has',
      () => rejected('need auth; authmod=valueOf'),
      LOGIN,
      /does not know \(valueOf\)/,
    ],
    [
      'leads elsewhere',
      () =>
        rejected('moved', { ex: amf.object({ code: amf.number(302), redirect: amf.text('rtmp://x/y') }) }),
      LOGIN,
      /redirects to another address/,
    ],
    ['says something else', () => Buffer.alloc(2000, 0xc3), LOGIN, /is not RTMP/],
  ])('that %s is told of in a sentence without the login', async (_, connect, login, sentence) => {
    const server = await serve(connect);
    const { message } = await refusal(
      ingest.probe(url(`rtmp://${login && `${login}@`}127.0.0.1:${server.port}/app/key`), never),
    );
    expect(message).toMatch(sentence);
    expect(message).not.toMatch(/hunter|ann/);
    expect(server.apps.length).toBeLessThanOrEqual(6);
  });
});

describe('an answer to a demand for a login', () => {
  const said = (address: string, ...demands: string[]) => {
    const login = createRtmpLogin(new URL(address));
    return demands.map((demand) => login.answer(demand)).at(-1)!;
  };
  const NEED = '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth';

  test.each([
    ['an opaque word', '&user=me&salt=s&challenge=c&opaque=o', 's', 'o', '&opaque=o'],
    ['a challenge alone', '&user=me&salt=s==&challenge=c==', 's==', 'c==', ''],
    ['nothing', '', '', '', ''],
  ])('of Adobe is made with %s', (_, wanted, salt, opaque, more) => {
    const query = said('rtmp://me:p%20w@host/app/x', NEED + wanted);
    const { challenge } = parametersOf(query);
    const response = md5(md5(`me${salt}p w`, 'base64') + opaque + challenge, 'base64');
    expect(query).toBe(`?authmod=adobe&user=me&challenge=${challenge}&response=${response}${more}`);
  });

  test('of Limelight names an application of two parts as it is', () => {
    const query = said('rtmp://me:pw@host/app/inst/x', 'authmod=llnw : ?reason=needauth&nonce=n');
    const { cnonce } = parametersOf(query);
    const [who, what] = [md5('me:live:pw', 'hex'), md5('publish:/app/inst', 'hex')];
    const response = md5(`${who}:n:00000001:${cnonce}:auth:${what}`, 'hex');
    expect(query).toBe(`?authmod=llnw&user=me&nonce=n&cnonce=${cnonce}&nc=00000001&response=${response}`);
  });

  test('ends at what is no parameter, and is not given twice', () => {
    expect(said('rtmp://me:pw@host/app/x', `${NEED}&opaque=o\r\nx&challenge=y`)).toMatch(/&opaque=o$/);
    expect(() => said('rtmp://me:pw@host/app/x', NEED, NEED)).toThrow('refuses the user');
  });
});
