/**
 * From a resumed subscription's own execution to the one that others share. Both run for a while: what the shared one
 * delivered last is remembered, and what the own one did; when one of them delivers what the other had delivered, with the same
 * cursor, the two have met, whichever was first. From there on everything comes from the shared one, so nothing is left out and
 * nothing comes twice.
 *
 * The same event is not enough: of what other servers commit to the same database, the two may have had different parts, and the
 * cursors that follow would leave out some of it, or repeat it. Then they do not meet.
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
  let ownCursor: string | null = null;
  const stopWatching = shared.watch((delivery) => {
    if (delivery.cursor === null) return;
    if (delivery.cursor === ownCursor) return own.moveTo(shared, delivery, []);
    recent.set(delivery.cursor, delivery);
    const [oldest] = recent.keys();
    if (recent.size > REMEMBERED && oldest !== undefined) recent.delete(oldest);
  });
  own.watch(({ cursor }) => {
    ownCursor = cursor;
    const met = cursor === null ? undefined : recent.get(cursor);
    if (met === undefined || shared.over) return;
    const deliveries = [...recent.values()];
    own.moveTo(shared, met, deliveries.slice(deliveries.indexOf(met) + 1));
  });
  own.onEnd(stopWatching);
}
