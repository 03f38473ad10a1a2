/** Who asks something of the server, and what they may: three roles, and the streams that are shown to them. */

/** Each may what those before it may. */
export const ROLES = ['VIEWER', 'OPERATOR', 'ADMIN'] as const;
/** VIEWER reads and subscribes; OPERATOR also registers, starts, stops and uploads; ADMIN also tokens, audit, erasure. */
export type Role = (typeof ROLES)[number];

/** Free keys and values that a stream is given when it is registered. */
export type Tags = Readonly<Record<string, string>>;

/** Somebody who showed who they are, or anybody, where nobody is asked. */
export interface Principal {
  /** How they showed it; OPEN: this server asks nobody; COMMAND: a command on the server's machine; SYSTEM: mien itself. */
  kind: 'OPEN' | 'TOKEN' | 'OIDC' | 'COMMAND' | 'SYSTEM';
  /** The token's id, or the issuer and subject of OpenID Connect; the same in all that they do. */
  id: string;
  /** What people call them. */
  name: string;
  role: Role;
  /** What a stream must be tagged with, all of it, to be shown to them; null: all streams are. */
  streams: Tags | null;
  /** When what they showed ends; null: never. */
  expiresAt: Date | null;
}

/** A principal and where they ask from. */
export interface Requester {
  principal: Principal;
  /** IP address of the client; null: mien itself, or a command on its machine. */
  address: string | null;
  /** Web origin under which they reached the server; undefined: they did not, by HTTP. */
  origin?: string;
}

/** Anybody, where the server asks nobody who they are. */
export const OPEN_PRINCIPAL: Principal = Object.freeze({
  kind: 'OPEN',
  id: 'open',
  name: 'anybody',
  role: 'ADMIN',
  streams: null,
  expiresAt: null,
});

/** Whoever may use the data directory, by a command. */
export const COMMAND_PRINCIPAL: Principal = Object.freeze({
  ...OPEN_PRINCIPAL,
  kind: 'COMMAND',
  id: 'command',
  name: 'command',
});

/** mien itself. */
export const SYSTEM_PRINCIPAL: Principal = Object.freeze({
  ...OPEN_PRINCIPAL,
  kind: 'SYSTEM',
  id: 'mien',
  name: 'mien',
});

export function hasRole({ role }: Pick<Principal, 'role'>, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}

/** In which words somebody is told that they may not. */
export function lacksRole({ name, role }: Pick<Principal, 'name' | 'role'>, least: Role): string {
  return `This needs the role ${least}, and ${JSON.stringify(name)} has ${role}.`;
}

/** @param now milliseconds since 1970 */
export function hasExpired({ expiresAt }: Pick<Principal, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt.getTime() <= now;
}

/** Whether a stream with these tags is shown to a principal. */
export function seesTags({ streams }: Pick<Principal, 'streams'>, tags: Tags): boolean {
  return streams === null || Object.entries(streams).every(([key, value]) => tags[key] === value);
}

/** The same for principals who are answered the same: those of one role who are shown the same streams. */
export function accessKey({ role, streams }: Pick<Principal, 'role' | 'streams'>): string {
  return JSON.stringify([role, streams && Object.entries(streams).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** A claim of OpenID Connect that gives a role to whoever has it. */
export interface RoleRule {
  /** Name of the claim; dots lead into objects, as in `realm_access.roles`. */
  claim: string;
  /** What the claim must be, or hold where it is a list. */
  value: string;
  role: Role;
}
