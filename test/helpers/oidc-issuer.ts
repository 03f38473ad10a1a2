/** A real OpenID Connect provider on a loopback port, whose private keys a test has too. */
/// <reference path="./oidc-provider.d.ts" />
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';

export const AUDIENCE = 'https://mien.example';
export const CLIENT_ID = 'dashboard';
const MACHINE = { id: 'robot', secret: 'robots-have-secrets-of-their-own' };

export type Algorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

export interface Key {
  kid: string;
  alg: Algorithm;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}

/** By default of the kind that is made soonest; a pair for RS256 takes a tenth of a second and more. */
export async function makeKey(kid: string, alg: Algorithm = 'ES256'): Promise<Key> {
  return { kid, alg, ...(await generateKeyPair(alg, { extractable: true })) };
}

export interface IssuerOptions {
  keys: readonly Key[];
  /** Where people come back to after signing in. */
  redirectUris?: string[];
  /** Of who signs in by this name, and of the machine. */
  groupsOf?: (name: string) => readonly string[];
  port?: number;
  /** Whether groups are in the ID token, or told at the userinfo endpoint alone, as OpenID Connect has it. */
  groupsInIdToken?: boolean;
}

export interface TestIssuer {
  issuer: string;
  port: number;
  /** Paths that were asked for, so far. */
  asked: string[];
  /** A token of these claims, by default one that is good for a while, signed by a key of whoever calls. */
  sign(key: Key, claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** One that the provider itself gives to a machine. */
  machineToken(): Promise<string>;
  /** Other keys, or addresses to come back to, from now on. */
  change(changes: Partial<Omit<IssuerOptions, 'port'>>): Promise<void>;
  close(): Promise<void>;
}

export async function startIssuer({ port = 0, ...rest }: IssuerOptions): Promise<TestIssuer> {
  const server = createServer();
  let options = rest;
  await listen(server, port);
  const address = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${address.port}`;
  const asked: string[] = [];
  let provider = await createProvider(issuer, options);
  server.on('request', (request, response) => {
    asked.push(request.url ?? '');
    provider.callback()(request, response);
  });
  return {
    ...{ issuer, port: address.port, asked },
    sign: (key, claims = {}, header = {}) => sign(issuer, key, claims, header),
    machineToken: () => fetchMachineToken(issuer),
    async change(changes) {
      options = { ...options, ...changes };
      provider = await createProvider(issuer, options);
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function createProvider(
  issuer: string,
  {
    keys,
    redirectUris = [],
    groupsOf = () => ['staff'],
    groupsInIdToken = false,
  }: Omit<IssuerOptions, 'port'>,
): Promise<Provider> {
  const algorithms = [...new Set(keys.map(({ alg }) => alg))];
  return new Provider(issuer, {
    jwks: { keys: await Promise.all(keys.map(toJwk)) },
    cookies: { keys: ['a key for cookies of a test'] },
    clients: [
      {
        ...{ client_id: CLIENT_ID, redirect_uris: redirectUris, token_endpoint_auth_method: 'none' },
        ...{
          id_token_signed_response_alg: algorithms[0],
          response_types: redirectUris.length > 0 ? ['code'] : [],
        },
        grant_types: redirectUris.length > 0 ? ['authorization_code'] : [],
      },
      {
        ...{ client_id: MACHINE.id, client_secret: MACHINE.secret, grant_types: ['client_credentials'] },
        ...{ response_types: [], redirect_uris: [], id_token_signed_response_alg: algorithms[0] },
      },
    ],
    conformIdTokenClaims: !groupsInIdToken,
    claims: { openid: ['sub'], profile: ['groups', 'name', 'preferred_username'] },
    enabledJWA: { idTokenSigningAlgValues: algorithms },
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, groups: groupsOf(accountId), preferred_username: accountId }),
    }),
    extraTokenClaims: () => ({ groups: groupsOf(MACHINE.id) }),
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (context: { oidc: { params: { grant_type?: string } } }) =>
          context.oidc.params.grant_type === 'client_credentials' ? AUDIENCE : undefined,
        getResourceServerInfo: () => ({
          ...{ audience: AUDIENCE, scope: '', accessTokenFormat: 'jwt', accessTokenTTL: 600 },
          jwt: { sign: { alg: algorithms[0] } },
        }),
      },
    },
  });
}

async function toJwk({ kid, alg, privateKey }: Key): Promise<object> {
  return { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' };
}

function sign(
  issuer: string,
  { kid, alg, privateKey }: Key,
  claims: Record<string, unknown>,
  header: object,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const usual = { iss: issuer, aud: AUDIENCE, sub: 'ada', groups: ['staff'], iat: now, exp: now + 600 };
  return new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
}

async function fetchMachineToken(issuer: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${MACHINE.id}:${MACHINE.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token } = (await response.json()) as { access_token?: string };
  if (access_token === undefined) throw new Error(`the provider answered ${response.status}`);
  return access_token;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
}
