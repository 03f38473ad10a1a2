/** The settings of OpenID Connect, and what they need of each other. */
import { expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';

const ISSUER = 'https://id.example.org/realms/mien';
const GIVEN = {
  MIEN_OIDC_ISSUER: ISSUER,
  MIEN_OIDC_AUDIENCE: 'mien',
  MIEN_OIDC_ROLES: 'groups=staff:VIEWER',
};

test('without an issuer nothing is read of OpenID Connect', () => {
  expect(readConfig({}).oidc).toBeNull();
});

test('an issuer, its audience and the mapping of claims to roles are read', () => {
  const roles =
    'groups=mien-admins:ADMIN, realm_access.roles=urn:x:staff:VIEWER,https://a.org/role=op=1:OPERATOR';
  expect(readConfig({ ...GIVEN, MIEN_OIDC_ROLES: roles }).oidc).toEqual({
    issuer: ISSUER,
    audience: 'mien',
    roles: [
      { claim: 'groups', value: 'mien-admins', role: 'ADMIN' },
      { claim: 'realm_access.roles', value: 'urn:x:staff', role: 'VIEWER' },
      { claim: 'https://a.org/role', value: 'op=1', role: 'OPERATOR' },
    ],
    streamsClaim: null,
    clientId: null,
    clientSecret: null,
    scope: 'openid profile email',
  });
});

test('the slash at the end of an issuer is kept, since tokens are compared with it', () => {
  const MIEN_OIDC_ISSUER = 'https://tenant.example.org/';
  expect(readConfig({ ...GIVEN, MIEN_OIDC_ISSUER }).oidc?.issuer).toBe(MIEN_OIDC_ISSUER);
});

test('the audience is the client where only that is named', () => {
  const { MIEN_OIDC_AUDIENCE: _, ...rest } = GIVEN;
  expect(readConfig({ ...rest, MIEN_OIDC_CLIENT_ID: 'web' }).oidc).toMatchObject({
    audience: 'web',
    clientId: 'web',
  });
});

test.each([
  [{ MIEN_OIDC_AUDIENCE: 'mien' }, 'MIEN_OIDC_AUDIENCE does nothing without MIEN_OIDC_ISSUER'],
  [{ MIEN_OIDC_CLIENT_ID: 'web' }, 'MIEN_OIDC_CLIENT_ID does nothing without MIEN_OIDC_ISSUER'],
  [{ MIEN_OIDC_ISSUER: ISSUER }, 'needs MIEN_OIDC_AUDIENCE'],
  [{ MIEN_OIDC_ISSUER: ISSUER }, 'needs MIEN_OIDC_ROLES'],
  [{ ...GIVEN, MIEN_OIDC_CLIENT_SECRET: 's' }, 'MIEN_OIDC_CLIENT_SECRET does nothing without'],
  [{ ...GIVEN, MIEN_OIDC_ROLES: 'groups=staff' }, 'names "groups=staff"; write claim=value:ROLE'],
  [{ ...GIVEN, MIEN_OIDC_ROLES: 'groups=staff:OWNER' }, 'with one of VIEWER, OPERATOR, ADMIN'],
  [{ ...GIVEN, MIEN_OIDC_ROLES: 'groups=staff:viewer' }, 'names "groups=staff:viewer"'],
  [{ ...GIVEN, MIEN_OIDC_ROLES: '=staff:VIEWER' }, 'write claim=value:ROLE'],
  [{ ...GIVEN, MIEN_OIDC_ISSUER: 'id.example.org' }, 'must be the address of an OpenID Connect issuer'],
  [{ ...GIVEN, MIEN_OIDC_ISSUER: `${ISSUER}?x` }, 'without a query'],
  [{ ...GIVEN, MIEN_OIDC_ISSUER: 'https://u:p@id.example.org' }, 'must be the address'],
  [{ ...GIVEN, MIEN_OIDC_SCOPE: 'profile' }, 'must name openid'],
])('%o is refused, and the sentence says why', (env, sentence) => {
  expect(() => readConfig(env)).toThrow(sentence);
});
