/** Bearer tokens of a real OpenID Connect provider, and those that somebody else made. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createOidc, type Oidc } from '../../src/access/oidc/oidc.ts';
import type { Log } from '../../src/domain/log.ts';
import {
  type Algorithm,
  AUDIENCE,
  type Key,
  makeKey,
  startIssuer,
  type TestIssuer,
} from '../helpers/oidc-issuer.ts';

const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} };
const ROLES = [{ claim: 'groups', value: 'staff', role: 'OPERATOR' }] as const;

let key: Key;
let provider: TestIssuer;
let time = 0;
/** Of a clock that never goes back. */
let elapsed = 0;
let oidc: Oidc;
beforeAll(async () => {
  key = await makeKey('first');
  provider = await startIssuer({ keys: [key] });
});
afterAll(() => provider.close());
beforeEach(() => {
  time = Date.now();
  elapsed = 0;
  oidc = open(provider.issuer);
});

function open(issuer: string, log: Log = QUIET): Oidc {
  const settings = { issuer, audience: AUDIENCE, roles: ROLES, streamsClaim: null };
  return createOidc({ ...settings, log, now: () => time, elapsed: () => elapsed });
}

function pass(ms: number): void {
  time += ms;
  elapsed += ms;
}

/** What a token is refused with. */
async function refusalOf(token: string | Promise<string>, by = oidc) {
  const given = await token;
  return by.verify(given).then(
    () => {
      throw new Error('it was accepted');
    },
    ({ code, message }: { code: string; message: string }) => ({ code, message }),
  );
}

const unauthenticated = (fault: string) => ({
  code: 'UNAUTHENTICATED',
  message: expect.stringContaining(fault),
});

describe('a token that is accepted', () => {
  it('a token that the provider gave to a machine lets it in, with the role of its group', async () => {
    expect(await oidc.verify(await provider.machineToken())).toEqual({
      ...{ kind: 'OIDC', id: `${provider.issuer}#robot`, name: 'robot', role: 'OPERATOR', streams: null },
      expiresAt: expect.any(Date),
    });
  });

  it('its principal ends with the token, a minute of leeway included', async () => {
    const exp = Math.floor(time / 1000) + 300;
    const { expiresAt } = await oidc.verify(await provider.sign(key, { exp }));
    expect(expiresAt).toEqual(new Date((exp + 60) * 1000));
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'] satisfies Algorithm[])(
    'a token signed by %s is accepted',
    async (alg) => {
      const other = await makeKey(alg, alg);
      const issuer = await startIssuer({ keys: [other] });
      onTestFinished(() => issuer.close());
      expect(await open(issuer.issuer).verify(await issuer.sign(other))).toMatchObject({ name: 'ada' });
    },
  );

  it.each([undefined, 'JWT', 'at+jwt', 'application/at+jwt'])(
    'a token of the type %s is accepted',
    async (typ) => {
      const token = await provider.sign(key, {}, typ === undefined ? {} : { typ });
      expect(await oidc.verify(token)).toMatchObject({ role: 'OPERATOR' });
    },
  );

  it('a token for several audiences is accepted if ours is among them', async () => {
    expect(await oidc.verify(await provider.sign(key, { aud: ['other', AUDIENCE] }))).toMatchObject({
      name: 'ada',
    });
  });

  it.each([
    ['has ended', { exp: -59 }],
    ['begins', { nbf: 59 }],
  ])('a token that %s less than a minute away is accepted, for clocks differ', async (_, change) => {
    expect(await oidc.verify(await provider.sign(key, at(change)))).toMatchObject({ name: 'ada' });
  });
});

/** Seconds from now as times. */
function at(change: Record<string, number>): Record<string, number> {
  const now = Math.floor(time / 1000);
  return Object.fromEntries(Object.entries(change).map(([claim, seconds]) => [claim, now + seconds]));
}

describe('a token that is refused', () => {
  it.each([
    ['of another audience', { aud: 'https://other.example' }, 'another audience'],
    ['without an audience', { aud: undefined }, 'another audience'],
    ['whose audience only begins like ours', { aud: `${AUDIENCE}.evil.example` }, 'another audience'],
    ['of another issuer', { iss: 'https://other.example' }, 'another issuer'],
    ['without an issuer', { iss: undefined }, 'another issuer'],
    ['whose issuer has one slash more', { iss: 'SLASH' }, 'another issuer'],
    ['without an end', { exp: undefined }, 'does not say when it ends'],
    ['of nobody', { sub: undefined }, 'does not say whose it is'],
    ['of an empty name', { sub: '' }, 'does not say whose it is'],
    ['that is bound to a key', { cnf: { jkt: 'x' } }, 'bound to a key'],
  ])('a token %s is refused, and told why', async (_, claims, fault) => {
    const given = 'iss' in claims && claims.iss === 'SLASH' ? { iss: `${provider.issuer}/` } : claims;
    expect(await refusalOf(provider.sign(key, given))).toEqual(unauthenticated(fault));
  });

  it.each([
    ['ended', { exp: -61 }, 'it has expired'],
    ['begins', { nbf: 62 }, 'not valid yet'],
  ])('a token that %s more than a minute away is refused', async (_, change, fault) => {
    expect(await refusalOf(provider.sign(key, at(change)))).toEqual(unauthenticated(fault));
  });

  it.each(['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JOSE'])(
    'a token of the type %s is refused',
    async (typ) => {
      expect(await refusalOf(provider.sign(key, {}, { typ }))).toEqual(unauthenticated('another kind'));
    },
  );

  it('a token without a signature is refused, however it words its algorithm', async () => {
    const claims = { groups: ['staff'] };
    const token = new UnsecuredJWT(claims).setIssuer(provider.issuer).setAudience(AUDIENCE).setSubject('eve');
    expect(await refusalOf(token.setExpirationTime('1h').encode())).toEqual(
      unauthenticated('must be signed by'),
    );
    const [head, body] = (await provider.sign(key)).split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'NonE' })).toString('base64url');
    expect(await refusalOf(`${none}.${body}.`)).toEqual(unauthenticated('must be signed by'));
    expect(await refusalOf(`${head}.${body}.`)).toEqual(unauthenticated('signature is wrong'));
  });

  it('a token signed by HS256 with the public key as its secret is refused', async () => {
    const secret = new TextEncoder().encode(await exportSPKI(key.publicKey));
    const token = new SignJWT({ groups: ['staff'] })
      .setProtectedHeader({ alg: 'HS256', kid: key.kid })
      .setIssuer(provider.issuer)
      .setAudience(AUDIENCE)
      .setSubject('eve')
      .setExpirationTime('1h');
    expect(await refusalOf(token.sign(secret))).toEqual(unauthenticated('must be signed by'));
  });

  it('a token signed by another key of the same name is refused', async () => {
    const eve = await makeKey(key.kid);
    expect(await refusalOf(provider.sign(eve))).toEqual(unauthenticated('signature is wrong'));
  });

  it('a token that brings its own key, or says where it is, is refused', async () => {
    const eve = await makeKey('eve');
    const header = { jwk: { kty: 'oct' }, jku: `${provider.issuer}/eve`, x5u: `${provider.issuer}/eve` };
    expect(await refusalOf(provider.sign(eve, {}, header))).toEqual(unauthenticated('no key of that name'));
    expect(provider.asked).not.toContain('/eve');
  });

  it('a token whose claims were changed after it was signed is refused', async () => {
    const [head, , signature] = (await provider.sign(key, { groups: [] })).split('.');
    const [, body] = (await provider.sign(key)).split('.');
    expect(await refusalOf(`${head}.${body}.${signature}`)).toEqual(unauthenticated('signature is wrong'));
  });

  it.each(['', '.', '..', 'a.b.c', 'a.b.c.d.e', `${'a'.repeat(20_000)}.b.c`])(
    'what is no token is refused (%#)',
    async (text) => {
      expect(await refusalOf(text)).toMatchObject({ code: 'UNAUTHENTICATED' });
    },
  );

  it('somebody whose claims give no role is known, but not let in', async () => {
    expect(await refusalOf(provider.sign(key, { groups: ['students'] }))).toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('known as ada'),
    });
  });
});

it.each(['', 'ada\0', 'ada\n'])(
  'a token whose subject is empty or has control characters (%j) does not say whose it is',
  async (sub) => {
    expect(await refusalOf(provider.sign(key, { sub }))).toEqual(unauthenticated('whose it is'));
  },
);

describe('the keys of a provider', () => {
  const MINUTE_MS = 60_000;
  let own: TestIssuer;
  let ownKey: Key;
  let by: Oidc;
  beforeEach(async () => {
    ownKey = await makeKey('old');
    own = await startIssuer({ keys: [ownKey] });
    onTestFinished(() => own.close());
    by = open(own.issuer);
  });
  const asked = () => own.asked.filter((path) => path === '/jwks').length;

  it('keys are asked for once, however many tokens come at once', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => own.sign(ownKey, { sub: `${i}` })));
    expect(await Promise.all(tokens.map((token) => by.verify(token)))).toHaveLength(20);
    expect(own.asked).toEqual(['/.well-known/openid-configuration', '/jwks']);
  });

  it('tokens that name random keys do not make the server ask the provider each time', async () => {
    for (let i = 0; i < 30; i++) {
      const stray = await makeKey(`stray-${i}`, 'ES256');
      expect(await refusalOf(own.sign(stray), by)).toEqual(unauthenticated('no key of that name'));
    }
    expect(asked()).toBe(1);
    pass(MINUTE_MS);
    const stray = await makeKey('later', 'ES256');
    expect(await refusalOf(own.sign(stray), by)).toEqual(unauthenticated('no key of that name'));
    expect(asked()).toBe(2);
  });

  it('after the provider changed its keys, tokens by the new one are accepted, and by the old one no longer', async () => {
    const before = await own.sign(ownKey, { sub: 'before' });
    await by.verify(before);
    const newKey = await makeKey('new');
    await own.change({ keys: [newKey] });
    pass(MINUTE_MS);
    expect(await by.verify(await own.sign(newKey))).toMatchObject({ name: 'ada' });
    expect(await refusalOf(own.sign(ownKey), by)).toEqual(unauthenticated('no key of that name'));
    expect(await refusalOf(before, by)).toEqual(unauthenticated('no key of that name'));
  });

  it('a key that the provider withdrew is not trusted when its keys are next renewed', async () => {
    await by.verify(await own.sign(ownKey));
    await own.change({ keys: [await makeKey('new')] });
    pass(10 * MINUTE_MS);
    const exp = Math.floor(time / 1000) + 600;
    const token = (sub: string) => own.sign(ownKey, { sub, exp });
    // Renewed behind the back of this one.
    await by.verify(await token('1'));
    await expect.poll(asked, { timeout: 60_000 }).toBe(2);
    await expect
      .poll(
        async () =>
          by.verify(await token(String(Math.random()))).then(
            () => 'let in',
            ({ code }) => code,
          ),
        {
          timeout: 60_000,
        },
      )
      .toBe('UNAUTHENTICATED');
  });

  it('a provider that is down for less than an hour is not missed by whose keys are known', async () => {
    await by.verify(await own.sign(ownKey));
    await own.close();
    for (const minutes of [11, 30]) {
      pass(minutes * MINUTE_MS);
      const exp = Math.floor(time / 1000) + 600;
      expect(await by.verify(await own.sign(ownKey, { exp }))).toMatchObject({ name: 'ada' });
    }
    pass(20 * MINUTE_MS);
    const exp = Math.floor(time / 1000) + 600;
    expect(await refusalOf(own.sign(ownKey, { exp }), by)).toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
  });

  it('a clock that is set back an hour makes nobody wait for it: neither who found the issuer down, nor for its new keys', async () => {
    const token = await own.sign(ownKey);
    await own.close();
    expect(await refusalOf(token, by)).toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
    time -= 60 * MINUTE_MS;
    elapsed += 31_000;
    const again = await startIssuer({ keys: [ownKey], port: own.port });
    onTestFinished(() => again.close());
    const now = Math.floor(time / 1000);
    const issued = { iat: now, exp: now + 300 };
    expect(await by.verify(await again.sign(ownKey, issued))).toMatchObject({ name: 'ada' });
    time -= 60 * MINUTE_MS;
    elapsed += 31_000;
    const newKey = await makeKey('new');
    await again.change({ keys: [newKey] });
    expect(await by.verify(await again.sign(newKey, { ...issued, sub: 'eve' }))).toMatchObject({
      name: 'eve',
    });
  });
});

describe('a provider that does not answer as it should', () => {
  it('is told once in the log and to who asks, is not asked each time, and is used when it is back', async () => {
    const warnings: object[] = [];
    const own = await startIssuer({ keys: [key] });
    const token = await own.sign(key);
    await own.close();
    const by = open(own.issuer, { ...QUIET, warn: (fields) => warnings.push(fields) });
    const refusals = await Promise.all(Array.from({ length: 10 }, () => refusalOf(token, by)));
    refusals.push(await refusalOf(token, by));
    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['ISSUER_UNAVAILABLE']));
    expect(warnings).toHaveLength(1);
    const back = await startIssuer({ keys: [key], port: own.port });
    onTestFinished(() => back.close());
    expect(await refusalOf(token, by)).toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
    expect(back.asked).toEqual([]);
    pass(31_000);
    expect(await by.verify(token)).toMatchObject({ name: 'ada' });
  });

  it('a provider that words its name otherwise is not used, and the log says how it is to be written', async () => {
    const warnings: { err?: Error }[] = [];
    const by = open(`${provider.issuer}/`, { ...QUIET, warn: (fields) => warnings.push(fields) });
    expect(await refusalOf(provider.sign(key), by)).toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
    expect(warnings[0]?.err?.message).toContain(`write MIEN_OIDC_ISSUER exactly so`);
  });

  /** @returns its address, and what it was asked */
  async function fake(answer: (response: ServerResponse, path: string, origin: string) => void) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      answer(response, request.url ?? '', origin);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { origin, asked };
  }

  const document = (origin: string, changes: object = {}) =>
    JSON.stringify({ issuer: origin, jwks_uri: `${origin}/jwks`, ...changes });
  const METADATA = '/.well-known/openid-configuration';

  it.each<[string, (response: ServerResponse, path: string, origin: string) => void]>([
    ['never answers', () => {}],
    ['begins to answer, and stops', (response) => response.writeHead(200).write('{')],
    [
      'never answers with its keys',
      (response, path, origin) => path === METADATA && response.end(document(origin)),
    ],
    ['answers with an error', (response) => response.writeHead(500).end('{}')],
    ['answers with a page', (response) => response.end('<!doctype html>')],
    ['leads elsewhere', (response) => response.writeHead(302, { location: '/elsewhere' }).end()],
    ['answers without end', (response) => response.end(' '.repeat(2 * 1024 * 1024))],
    ['has no keys to name', (response, _, origin) => response.end(document(origin, { jwks_uri: undefined }))],
    [
      'names its keys by a file',
      (response, _, origin) => response.end(document(origin, { jwks_uri: 'file:///etc/passwd' })),
    ],
    [
      'has keys that are none',
      (response, path, origin) => response.end(path === METADATA ? document(origin) : '{"keys":7}'),
    ],
  ])('a provider that %s is told to who asks in time, and led nowhere', async (_, answer) => {
    const { origin, asked } = await fake(answer);
    const settings = { issuer: origin, audience: AUDIENCE, roles: ROLES, streamsClaim: null };
    const by = createOidc({ ...settings, log: QUIET, timeoutMs: 300 });
    expect(await refusalOf(provider.sign(key, { iss: origin }), by)).toMatchObject({
      code: 'ISSUER_UNAVAILABLE',
    });
    expect(asked.every((path) => [METADATA, '/jwks'].includes(path))).toBe(true);
  });
});
