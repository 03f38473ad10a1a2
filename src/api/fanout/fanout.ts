/**
 * Runs subscriptions. Identical ones share one execution and one text per event; each subscriber has a bounded
 * queue behind that, so that a slow one loses its own oldest events and delays nobody. One that resumes runs alone until
 * it has caught up, and joins those that share then.
 */
import { setMaxListeners } from 'node:events';
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
} from 'graphql';
import { unlessAborted } from '../../threads/unless-aborted.ts';
import type { Delivery } from './delivery.ts';
import { type EventSource, Execution, type ExecutionOptions } from './execution.ts';
import { asksForCursor, initialCursor } from './initial-cursor.ts';
import { planSubscription, requesterOf, type SubscriptionPlan } from './operation.ts';
import { rejoin } from './rejoin.ts';
import type { Subscriber } from './subscriber.ts';

export interface Fanout {
  /** A subscriber to the results; or a result with errors when the subscription could not begin. */
  subscribe(args: ExecutionArgs): Promise<Subscriber | ExecutionResult>;
  /** Ends every subscription with this error. */
  close(reason: GraphQLError): void;
}

type Begun = Execution | ExecutionResult;

export function createFanout(options: ExecutionOptions): Fanout {
  const running = new Set<Execution>();
  const closing = new AbortController();
  // Each that is being opened listens, however many are at a time.
  setMaxListeners(0, closing.signal);

  const begin = async (args: ExecutionArgs, plan: SubscriptionPlan): Promise<Begun> => {
    const source = await openSource(args, options);
    if (!(Symbol.asyncIterator in source)) return source;
    const execution = new Execution(source, args, plan, options);
    if (closing.signal.aborted) return refuse(execution, closing.signal.reason);
    running.add(execution);
    execution.onEnd(() => running.delete(execution));
    return execution;
  };
  const share = createSharing(begin);
  const masked = (error: unknown) => ({ errors: [options.maskError(error)] });

  const subscribe = async (args: ExecutionArgs): Promise<Subscriber | ExecutionResult> => {
    const plan = planSubscription(args);
    const first = await firstOf(args, plan, options);
    if (plan.key !== null) return joinShared(() => share(args, plan), first);
    const own = await begin(args, plan);
    if (!(own instanceof Execution)) return own;
    if (plan.live) {
      const { key, args: liveArgs } = plan.live;
      void share(liveArgs, { ...plan, key, live: null }).then((shared) => rejoin(own, shared));
    }
    return own.join(first) as Subscriber;
  };

  return {
    subscribe: (args) => unlessAborted(closing.signal, () => subscribe(args)).catch(masked),
    close(reason) {
      closing.abort(reason);
      for (const execution of [...running]) execution.fail(reason);
    },
  };
}

function refuse(execution: Execution, reason: GraphQLError): ExecutionResult {
  execution.fail(reason);
  return { errors: [reason] };
}

/** Gives the execution that is shared under a plan's key: the one that runs, or a new one. */
function createSharing(begin: (args: ExecutionArgs, plan: SubscriptionPlan) => Promise<Begun>) {
  const shared = new Map<string | null, Promise<Begun>>();
  return (args: ExecutionArgs, plan: SubscriptionPlan): Promise<Begun> => {
    const present = shared.get(plan.key);
    if (present) return present;
    const begun = begin(args, plan);
    shared.set(plan.key, begun);
    const forget = () => shared.delete(plan.key);
    void begun.then((execution) => (execution instanceof Execution ? execution.onEnd(forget) : forget()));
    return begun;
  };
}

/** One that ended while it was waited for is followed by another. */
async function joinShared(
  share: () => Promise<Begun>,
  first: Delivery | null,
): Promise<Subscriber | ExecutionResult> {
  for (;;) {
    const execution = await share();
    if (!(execution instanceof Execution)) return execution;
    const subscriber = execution.join(first);
    if (subscriber !== null) return subscriber;
  }
}

/** Asked for before the subscription begins: what happens between is in both. Null: nobody asked for it. */
async function firstOf(
  args: ExecutionArgs,
  { begin }: SubscriptionPlan,
  { createContext }: ExecutionOptions,
): Promise<Delivery | null> {
  if (begin === null || !asksForCursor(args)) return null;
  return initialCursor(await begin(createContext(requesterOf(args))));
}

async function openSource(
  args: ExecutionArgs,
  { createContext, maskError }: ExecutionOptions,
): Promise<EventSource | ExecutionResult> {
  try {
    const source = await createSourceEventStream({ ...args, contextValue: createContext(requesterOf(args)) });
    return Symbol.asyncIterator in source
      ? (source as EventSource)
      : { errors: source.errors?.map(maskError) ?? [] };
  } catch (error) {
    return { errors: [maskError(error)] };
  }
}
