/**
 * Who may ask for what. Every field has a scope: its own `authScopes` (those of Query, Mutation and Subscription always),
 * those of its type, or its type says `AS_PARENT`. A test walks the schema and fails at a field without one.
 */
import { hasRole, lacksRole, type Principal, ROLES, type Role } from '../../domain/access.ts';
import { MienError } from '../../errors.ts';
import type { Context } from '../context/context.ts';

/** What `authScopes` may ask for. */
export interface Scopes {
  /** The least role. */
  role: Role;
}

/**
 * The extensions of a type that is reached only through fields with a scope, and shows nothing but what they gave. It is not
 * looked at again: nothing is added to what each field of each pushed event costs.
 */
export const AS_PARENT = { access: 'AS_PARENT' } as const;

/** The scopes of types that have an id, on whatever way they are reached; looked at once for each object. */
export const ANY_ROLE = { authScopes: { role: 'VIEWER' }, runScopesOnType: true } as const;

/** How a requester's scopes are told. An admin's are for those who are shown all streams, whatever made them one. */
export function scopesOf({ requester: { principal } }: Context): { role: (least: Role) => boolean } {
  return { role: (least) => hasRole(principal, least) && (least !== 'ADMIN' || principal.streams === null) };
}

/** @param failure as scope-auth tells it: several scopes may have failed */
export function forbidden(principal: Principal, failure: unknown): MienError {
  const least = roleIn(failure);
  if (least === null) return new MienError('FORBIDDEN', 'You may not do this.');
  const sentence = hasRole(principal, least) ? FOR_THE_UNLIMITED : lacksRole(principal, least);
  return new MienError('FORBIDDEN', sentence);
}

const FOR_THE_UNLIMITED = 'This is for those who are shown all streams.';

function roleIn(failure: unknown): Role | null {
  if (typeof failure !== 'object' || failure === null) return null;
  if ('parameter' in failure) return ROLES.find((role) => role === failure.parameter) ?? null;
  if (!('failures' in failure) || !Array.isArray(failure.failures)) return null;
  return failure.failures.map(roleIn).find((role) => role !== null) ?? null;
}
