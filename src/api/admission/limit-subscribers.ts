/** How many subscriptions are open in all, over every transport. */
import { MienError } from '../../errors.ts';
import type { MaskError } from '../errors/mask-errors.ts';
import type { Fanout } from '../fanout/fanout.ts';

export interface SubscriberLimit {
  most: number;
  /** How many there are now; those that are opening are counted here. */
  open: () => number;
  maskError: MaskError;
  onRefused: (code: string) => void;
}

export function limitSubscribers(
  fanout: Fanout,
  { most, open, maskError, onRefused }: SubscriberLimit,
): Fanout {
  let opening = 0;
  return {
    async subscribe(args) {
      if (open() + opening >= most) {
        const error = tooMany(most);
        onRefused(error.code);
        return { errors: [maskError(error)] };
      }
      opening += 1;
      try {
        return await fanout.subscribe(args);
      } finally {
        // Its transport counts it in the same turn, or the next.
        setImmediate(() => {
          opening -= 1;
        });
      }
    },
    close: (reason) => fanout.close(reason),
  };
}

function tooMany(most: number): MienError {
  return new MienError(
    'TOO_MANY_SUBSCRIPTIONS',
    `The server has ${most} subscriptions open, the most it may: try again later, or have MIEN_MAX_SUBSCRIBERS raised.`,
  );
}
