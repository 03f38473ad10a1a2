import type { Metrics } from '../metrics.ts';

/** How many subscriptions are open, in all and, for the metrics, over each transport. */
export function countSubscribers({ subscribers }: Metrics) {
  let open = 0;
  return {
    open: () => open,
    hooks: <Open extends string, Close extends string>(transport: string, onOpen: Open, onClose: Close) =>
      ({
        [onOpen]: () => {
          open += 1;
          subscribers.inc({ transport });
        },
        [onClose]: () => {
          open -= 1;
          subscribers.dec({ transport });
        },
      }) as Record<Open | Close, () => void>,
  };
}
