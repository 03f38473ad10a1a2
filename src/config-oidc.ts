/** The settings of OpenID Connect, which hang together: an issuer needs an audience and a mapping of claims to roles. */
import { z } from 'zod';
import { list } from './config-values.ts';
import { ROLES, type RoleRule } from './domain/access.ts';

/** Exactly as the provider words it, since tokens are compared with it; a slash at the end may belong to it. */
const issuer = z.string().refine(isIssuer, {
  error:
    'must be the address of an OpenID Connect issuer, such as https://id.example.org/realms/mien, without a query',
});

/** `claim=value:ROLE`, separated by commas. */
const roleRules = list.transform((all, context) =>
  all.flatMap((text): RoleRule[] => {
    const [, claim, value, role] = /^([^=]+)=(.+):([^:]+)$/.exec(text) ?? [];
    const found = ROLES.find((known) => known === role?.trim());
    if (claim !== undefined && value !== undefined && found) return [{ claim, value, role: found }];
    context.addIssue({
      code: 'custom',
      message: `names ${JSON.stringify(text)}; write claim=value:ROLE, such as groups=mien-admins:ADMIN, with one of ${ROLES.join(', ')}`,
    });
    return [];
  }),
);

export const OIDC_VARIABLES = {
  MIEN_OIDC_ISSUER: issuer
    .optional()
    .describe(
      'OpenID Connect issuer whose tokens are let in, as it words itself, such as `https://id.example.org/realms/mien`. mien then connects to it, for its keys and for signing in.',
    ),
  MIEN_OIDC_AUDIENCE: z
    .string()
    .optional()
    .describe('What a token’s `aud` must hold. Unset: `MIEN_OIDC_CLIENT_ID`.'),
  MIEN_OIDC_ROLES: roleRules
    .prefault('')
    .describe(
      'Which claim gives which role: `claim=value:ROLE`, separated by commas, such as `groups=mien-admins:ADMIN,realm_access.roles=staff:VIEWER`. Dots lead into objects; the highest role counts; who has none is refused.',
    ),
  MIEN_OIDC_STREAMS: z
    .string()
    .optional()
    .describe(
      'Claim that limits people to streams by their tags: `key=value`, a list of these, or an object; `*` for all streams. Who lacks it is then refused.',
    ),
  MIEN_OIDC_CLIENT_ID: z
    .string()
    .optional()
    .describe(
      'Client by which people sign in to the dashboard at the issuer; its redirect URI is `/auth/callback` at `MIEN_PUBLIC_URL`.',
    ),
  MIEN_OIDC_CLIENT_SECRET: z
    .string()
    .optional()
    .describe('That client’s secret. Unset: it is a public client, and PKCE alone protects.'),
  MIEN_OIDC_SCOPE: z
    .string()
    .regex(/^\S+(?: \S+)*$/, 'must be names of scopes with one blank between them')
    .refine((text) => text.split(' ').includes('openid'), { error: 'must name openid' })
    .prefault('openid profile email')
    .describe('Scopes that the dashboard’s sign-in asks for; some issuers give groups by one of their own.'),
};

type OidcEnvironment = z.output<z.ZodObject<typeof OIDC_VARIABLES>>;

/** @returns null: no issuer is set */
export function toOidc(env: OidcEnvironment) {
  const { MIEN_OIDC_ISSUER, MIEN_OIDC_AUDIENCE, MIEN_OIDC_CLIENT_ID } = env;
  const audience = MIEN_OIDC_AUDIENCE ?? MIEN_OIDC_CLIENT_ID;
  if (MIEN_OIDC_ISSUER === undefined || audience === undefined) return null;
  return Object.freeze({
    issuer: MIEN_OIDC_ISSUER,
    audience,
    roles: Object.freeze(env.MIEN_OIDC_ROLES),
    streamsClaim: env.MIEN_OIDC_STREAMS ?? null,
    clientId: MIEN_OIDC_CLIENT_ID ?? null,
    clientSecret: env.MIEN_OIDC_CLIENT_SECRET ?? null,
    scope: env.MIEN_OIDC_SCOPE,
  });
}

/** @param given what was set, apart from defaults; @returns a sentence for each that does nothing, or lacks another */
export function oidcContradictions(given: Readonly<Record<string, unknown>>): string[] {
  const isSet = (key: string) => given[key] !== undefined;
  if (!isSet('MIEN_OIDC_ISSUER')) {
    return Object.keys(OIDC_VARIABLES)
      .filter(isSet)
      .map((key) => `${key} does nothing without MIEN_OIDC_ISSUER.`);
  }
  const mistakes: string[] = [];
  if (!isSet('MIEN_OIDC_AUDIENCE') && !isSet('MIEN_OIDC_CLIENT_ID')) {
    mistakes.push('MIEN_OIDC_ISSUER needs MIEN_OIDC_AUDIENCE, what the tokens’ `aud` holds.');
  }
  if (!isSet('MIEN_OIDC_ROLES')) {
    mistakes.push('MIEN_OIDC_ISSUER needs MIEN_OIDC_ROLES, such as groups=mien-admins:ADMIN.');
  }
  if (isSet('MIEN_OIDC_CLIENT_SECRET') && !isSet('MIEN_OIDC_CLIENT_ID')) {
    mistakes.push('MIEN_OIDC_CLIENT_SECRET does nothing without MIEN_OIDC_CLIENT_ID.');
  }
  return mistakes;
}

function isIssuer(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text) || /[?#\s]/.test(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}
