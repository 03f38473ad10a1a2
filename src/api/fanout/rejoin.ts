/**
 * From a resumed subscription's own execution to the one that others share. Both run for a while: what the shared one
 * delivered last is remembered, and what the own one did; when one of them delivers what the other had delivered, the two
 * have met, whichever was first. From there on everything comes from the shared one, so nothing is left out and nothing
 * comes twice.
 */
import type { ExecutionResult } from 'graphql';
import type { Delivery } from './delivery.ts';
import { Execution } from './execution.ts';

/** Deliveries of the shared execution that are remembered. */
const REMEMBERED = 64;

/** @param shared where it could not begin, the subscription stays with its own execution */
export function rejoin(own: Execution, shared: Execution | ExecutionResult): void {
  if (!(shared instanceof Execution) || shared.over) return;
  const recent = new Map<string, Delivery>();
  let ownPosition: string | null = null;
  const stopWatching = shared.watch((delivery) => {
    if (delivery.position === null) return;
    if (delivery.position === ownPosition) return own.moveTo(shared, delivery, []);
    recent.set(delivery.position, delivery);
    const [oldest] = recent.keys();
    if (recent.size > REMEMBERED && oldest !== undefined) recent.delete(oldest);
  });
  own.watch(({ position }) => {
    ownPosition = position;
    const met = position === null ? undefined : recent.get(position);
    if (met === undefined || shared.over) return;
    const deliveries = [...recent.values()];
    own.moveTo(shared, met, deliveries.slice(deliveries.indexOf(met) + 1));
  });
  own.onEnd(stopWatching);
}
