/**
 * The cursor that a subscription begins behind, for who asks for it with `extensions: { cursor: true }` in the request: sent before
 * all events, as a result that has nothing but `extensions: { cursor }`.
 */
import type { ExecutionArgs } from 'graphql';
import { Delivery } from './delivery.ts';

export function asksForCursor({ contextValue }: ExecutionArgs): boolean {
  const { params } = contextValue as { params?: { extensions?: { cursor?: unknown } | null } };
  return params?.extensions?.cursor === true;
}

export function initialCursor(cursor: string): Delivery {
  const place = { root: '', keys: [] };
  const losses = { skipped: 0, lost: 0, lostByNow: 0 };
  return new Delivery({ result: { extensions: { cursor } }, ...losses, place, cursor });
}

/** Such a delivery is no event that can be lost. */
export function isEvent({ result }: Delivery): boolean {
  return result.data !== undefined || result.errors !== undefined;
}
