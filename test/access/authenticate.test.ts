import { describe, expect, test, vi } from 'vitest';
import { type AccessOptions, createAccess } from '../../src/access/access.ts';
import { TooManyGuesses } from '../../src/access/authenticate.ts';
import type { Credential, Scheme } from '../../src/access/ports.ts';
import { makeToken } from '../../src/access/token-format.ts';
import { MemorySignIns } from '../helpers/sign-ins.ts';
import { memoryTokens } from '../helpers/tokens.ts';

const bearer = (value: string): Credential => ({ by: 'BEARER', value });

function open(options: Partial<AccessOptions> = {}) {
  const tokens = memoryTokens();
  return {
    store: tokens,
    ...createAccess({ mode: 'auto', loopback: true, tokens, signIns: new MemorySignIns(), ...options }),
  };
}

const UNAUTHENTICATED = { code: 'UNAUTHENTICATED' };

describe('whether anybody is asked', () => {
  test('a server on loopback for which no token was ever made asks nobody', async () => {
    const { authenticator } = open();
    const { principal } = await authenticator.authenticate(null, 'a');
    expect(principal).toMatchObject({ kind: 'OPEN', role: 'ADMIN', streams: null });
    const { principal: another } = await authenticator.authenticate(bearer('of another server'), 'a');
    expect(another.kind).toBe('OPEN');
  });

  test('the first token closes it at once, and it does not open again when that is revoked or has expired', async () => {
    const { authenticator, tokens } = open();
    await authenticator.authenticate(null, 'a');
    const { prefix, hash } = makeToken();
    const expiresAt = new Date(Date.now() - 1);
    const made = {
      name: 'x',
      role: 'ADMIN',
      streams: null,
      createdBy: 'test',
      prefix,
      hash,
      expiresAt,
    } as const;
    const { id } = await tokens.create(made);
    await expect(authenticator.authenticate(null, 'a')).rejects.toMatchObject(UNAUTHENTICATED);
    await tokens.revoke(id);
    await expect(authenticator.authenticate(null, 'a')).rejects.toMatchObject(UNAUTHENTICATED);
  });

  test.each([
    ['auto', false, true],
    ['required', true, true],
    ['required', false, true],
    ['none', true, false],
    ['none', false, false],
  ] as const)('with MIEN_AUTH=%s, loopback: %s, required: %s', async (mode, loopback, required) => {
    const { authenticator, assertStartable } = open({ mode, loopback });
    expect(await authenticator.isRequired()).toBe(required);
    if (required)
      await expect(assertStartable()).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('mien token create'),
      });
    else await assertStartable();
  });

  test('a server that is open to a network starts once there is a token or another way to show who one is', async () => {
    const { assertStartable, store } = open({ loopback: false });
    await expect(assertStartable()).rejects.toThrow('MIEN_AUTH=none');
    await store.add();
    const scheme = {
      accepts: () => false,
      verify: async () => null,
      stillGood: async () => new Set<string>(),
    };
    await open({ loopback: false, schemes: [scheme] }).assertStartable();
  });

  test('a server on loopback that has an issuer asks', async () => {
    const scheme = {
      accepts: () => false,
      verify: async () => null,
      stillGood: async () => new Set<string>(),
    };
    expect(await open({ schemes: [scheme] }).authenticator.isRequired()).toBe(true);
  });
});

describe('tokens', () => {
  test('a token is who it was made for, until it expires, whatever the clock did meanwhile', async () => {
    const { authenticator, store } = open();
    const expiresAt = new Date(Date.now() + 60_000);
    const { secret, id } = await store.add({ role: 'OPERATOR', streams: { room: '1' }, expiresAt });
    const { principal } = await authenticator.authenticate(bearer(secret), 'a');
    expect(principal).toEqual({
      kind: 'TOKEN',
      id,
      name: 'wall display',
      role: 'OPERATOR',
      streams: { room: '1' },
      expiresAt,
    });
    vi.useFakeTimers({ toFake: ['Date'], now: expiresAt });
    try {
      await expect(authenticator.authenticate(bearer(secret), 'a')).rejects.toMatchObject(UNAUTHENTICATED);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a token with the right beginning and a wrong end is refused', async () => {
    const { authenticator, store } = open();
    const { secret } = await store.add();
    const wrong = `${secret.slice(0, -4)}${secret.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
    await expect(authenticator.authenticate(bearer(wrong), 'a')).rejects.toMatchObject(UNAUTHENTICATED);
  });

  test('right answers come from memory for two seconds, are asked for anew beside answering until five, and then before', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    try {
      const { authenticator, store } = open();
      const { secret, id } = await store.add();
      const ask = () => authenticator.authenticate(bearer(secret), 'a');
      await ask();
      const { asked } = store;
      for (let count = 0; count < 1_000; count++) await ask();
      expect(store.asked).toBe(asked);
      await store.revoke(id); // past this server
      now = 2_001;
      await ask();
      await vi.waitFor(() => expect(store.asked).toBe(asked + 2));
      await expect(ask()).rejects.toMatchObject(UNAUTHENTICATED);
      const another = await store.add();
      now = 10_000;
      store.failure = new Error('away');
      await expect(authenticator.authenticate(bearer(another.secret), 'a')).rejects.toThrow('away');
    } finally {
      vi.restoreAllMocks();
    }
  });

  test('a token that another process made counts at once', async () => {
    const { authenticator, store } = open();
    await store.add();
    await expect(authenticator.authenticate(null, 'a')).rejects.toMatchObject(UNAUTHENTICATED);
    let now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    try {
      now += 300;
      const { secret } = await store.add({ name: 'new' });
      expect((await authenticator.authenticate(bearer(secret), 'a')).principal.name).toBe('new');
    } finally {
      vi.restoreAllMocks();
    }
  });

  test('thousands of wrong tokens cost the store next to nothing', async () => {
    const { authenticator, store } = open();
    await store.add();
    vi.spyOn(performance, 'now').mockImplementation(() => 0);
    try {
      for (let count = 0; count < 5_000; count++)
        await authenticator.authenticate(bearer(makeToken().secret), 'a').catch(() => {});
      expect(store.asked).toBeLessThan(5);
    } finally {
      vi.restoreAllMocks();
    }
  });
});

describe('brute force', () => {
  test('who tries too many is told how long to wait; the right token, and other addresses, are not refused', async () => {
    const { authenticator, store } = open();
    const { secret } = await store.add();
    const wrong = (client: string) =>
      authenticator.authenticate(bearer(makeToken().secret), client).catch((error: unknown) => error);
    for (let count = 0; count < 10; count++) expect(await wrong('attacker')).toMatchObject(UNAUTHENTICATED);
    const slowed = await wrong('attacker');
    expect(slowed).toBeInstanceOf(TooManyGuesses);
    expect(slowed).toMatchObject({ code: 'TOO_MANY_REQUESTS', retryAfterSeconds: 6 });
    expect((await authenticator.authenticate(bearer(secret), 'attacker')).principal.kind).toBe('TOKEN');
    expect(await wrong('somebody else')).toMatchObject(UNAUTHENTICATED);
  });

  test('asking without any credential is no guess', async () => {
    const { authenticator, store } = open();
    await store.add();
    for (let count = 0; count < 100; count++)
      await expect(authenticator.authenticate(null, 'a')).rejects.toMatchObject(UNAUTHENTICATED);
  });
});

test('of all that is open each way to show who one is is asked once', async () => {
  const questions: (readonly string[])[] = [];
  const scheme: Scheme = {
    accepts: ({ value }) => value.startsWith('other'),
    verify: async ({ value }) => ({
      key: value,
      principal: { kind: 'OIDC', id: value, name: value, role: 'VIEWER', streams: null, expiresAt: null },
    }),
    async stillGood(keys) {
      questions.push(keys);
      return new Set(keys.filter((key) => key !== 'other 2'));
    },
  };
  const { authenticator, store, tokens } = open({ schemes: [scheme] });
  const { secret, id } = await store.add();
  const ask = (value: string) => authenticator.authenticate(bearer(value), 'a');
  const token = await ask(secret);
  const all = [token, await ask(secret), await ask('other 1'), await ask('other 2'), await ask('other 2')];
  expect(await authenticator.noLongerGood(all)).toEqual(all.slice(3));
  expect(questions).toEqual([['other 1', 'other 2']]);
  await tokens.revoke(id);
  expect(await authenticator.noLongerGood([token])).toEqual([token]);
});

test('the secrets of this process let mien and its commands in, and no others', async () => {
  const { authenticator, ownCredential, commandCredential } = open({ mode: 'required' });
  const kindOf = async (value: string) =>
    (await authenticator.authenticate(bearer(value), 'a')).principal.kind;
  expect(await kindOf(ownCredential)).toBe('SYSTEM');
  expect(await kindOf(commandCredential)).toBe('COMMAND');
  const { commandCredential: ofAnother } = open();
  await expect(kindOf(ofAnother)).rejects.toMatchObject(UNAUTHENTICATED);
});
