/** From the claims of a person to what they may do here: their role, their name, and the streams that are shown to them. */
import { ROLES, type Role, type RoleRule, type Tags } from '../../domain/access.ts';
import { faultOfTags } from '../../domain/tags.ts';
import { MienError } from '../../errors.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface ClaimRules {
  /** Whose claim gives which role; the highest one counts. */
  roles: readonly RoleRule[];
  /** The claim that limits people to streams; null: none does. */
  streamsClaim: string | null;
}

/** What somebody may, by their claims. */
export interface Grant {
  name: string;
  role: Role;
  /** Null: all streams. */
  streams: Tags | null;
}

const LONGEST_NAME = 200;

/** @throws MienError FORBIDDEN where no claim gives a role, or the one that limits to streams is not there or says nothing clear */
export function grantOf(claims: Claims, { roles, streamsClaim }: ClaimRules): Grant {
  const name = nameOf(claims);
  const role = roleOf(claims, roles);
  if (role === null) {
    const asked = [...new Set(roles.map(({ claim }) => claim))].join(', ');
    throw new MienError(
      'FORBIDDEN',
      `You are known as ${name}, but nothing in your ${asked} gives you a role here. Whoever runs this server can map one by MIEN_OIDC_ROLES.`,
    );
  }
  return { name, role, streams: streamsClaim === null ? null : streamsOf(claims, streamsClaim, role) };
}

/** Whether a person's claims tell of any claim that gives roles, whatever it holds. */
export function tellsOfRoles(claims: Claims, { roles }: ClaimRules): boolean {
  return roles.some(({ claim }) => readClaim(claims, claim) !== undefined);
}

/** @returns the highest one; null: none */
function roleOf(claims: Claims, rules: readonly RoleRule[]): Role | null {
  const given = rules.filter(({ claim, value }) => valuesOf(claims, claim).includes(value));
  return ROLES.findLast((role) => given.some((rule) => rule.role === role)) ?? null;
}

/** An address that the issuer has not verified is anybody's to claim. */
function valuesOf(claims: Claims, name: string): string[] {
  if (name === 'email' && claims.email_verified !== true) return [];
  const value = readClaim(claims, name);
  if (typeof value === 'string' && SPACED.includes(name)) return value.split(' ');
  return toTexts(value);
}

/** Lists with blanks between (RFC 8693, section 4.2; `scp` at Entra ID). */
const SPACED = ['scope', 'scp'];

/** A name may hold dots itself, as those that are addresses do; where it does not, dots lead into objects. */
function readClaim(claims: unknown, name: string): unknown {
  if (!isObject(claims)) return undefined;
  if (Object.hasOwn(claims, name)) return claims[name];
  for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
    const head = name.slice(0, dot);
    if (!Object.hasOwn(claims, head)) continue;
    const found = readClaim(claims[head], name.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The claim as it is looked for among rules and limits: one text, or several. */
function toTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => (isScalar(item) ? [String(item)] : []));
  return isScalar(value) ? [String(value)] : [];
}

/** @returns null: all streams; what is not clear shows none of them, rather than all */
function streamsOf(claims: Claims, claim: string, role: Role): Tags | null {
  const value = readClaim(claims, claim);
  const isAll = value === '*' || (role === 'ADMIN' && value === undefined);
  if (isAll || (Array.isArray(value) && value.length === 1 && value[0] === '*')) return null;
  const tags = tagsOf(value);
  const fault = tags.length === 0 ? 'It names no tag.' : faultOfTags(tags);
  if (fault !== null) {
    throw new MienError(
      'FORBIDDEN',
      `Your ${claim} does not say which streams you are shown: write key=value, or * for all. ${fault}`,
    );
  }
  if (role === 'ADMIN') {
    throw new MienError(
      'FORBIDDEN',
      `Your claims make you an admin here, and limit you to streams by ${claim}: an admin sees all streams. Whoever runs your sign-in can take one of both back.`,
    );
  }
  return Object.fromEntries(tags);
}

/** What cannot be read becomes a tag with a fault. */
function tagsOf(value: unknown): [key: string, value: string][] {
  if (isObject(value)) {
    return Object.entries(value).map(([key, one]) => [key, isScalar(one) ? String(one) : '']);
  }
  const items: unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return items.map((item) => {
    const [text, at] = isScalar(item) ? [String(item), String(item).indexOf('=')] : ['', -1];
    return at < 0 ? ['', ''] : [text.slice(0, at), text.slice(at + 1)];
  });
}

/** What people call them, on one line. */
export function nameOf(claims: Claims): string {
  const { preferred_username, email, name, sub } = claims;
  const first = [preferred_username, email, name, sub].find((one) => typeof one === 'string' && one !== '');
  const text = typeof first === 'string' ? first : 'somebody';
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ').slice(0, LONGEST_NAME);
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
