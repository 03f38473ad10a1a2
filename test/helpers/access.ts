/** Who asks in tests. */
import { OPEN_PRINCIPAL, type Requester, type Role, type Tags } from '../../src/domain/access.ts';

/** Anybody, from this machine. */
export const ANYBODY: Requester = { principal: OPEN_PRINCIPAL, address: '127.0.0.1' };

/** Somebody with a token. @param streams what they are limited to; null: they see all */
export function requesterOf(role: Role, streams: Tags | null = null): Requester {
  const principal = {
    kind: 'TOKEN',
    id: `${role} ${JSON.stringify(streams)}`,
    name: role,
    role,
    streams,
  } as const;
  return { principal: { ...principal, expiresAt: null }, address: '127.0.0.1' };
}
