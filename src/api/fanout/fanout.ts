/**
 * Runs subscriptions. Identical ones share one execution and one text per event; each subscriber has a bounded
 * queue behind that, so that a slow one loses its own oldest events and delays nobody. One that resumes runs alone until
 * it has caught up, and joins those that share then.
 */
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
} from 'graphql';
import { Execution, type ExecutionOptions } from './execution.ts';
import { planSubscription, type SubscriptionPlan } from './operation.ts';
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
  const shared = new Map<string, Promise<Begun>>();
  const running = new Set<Execution>();

  const begin = async (args: ExecutionArgs, plan: SubscriptionPlan): Promise<Begun> => {
    const source = await openSource(args, options);
    if (!(Symbol.asyncIterator in source)) return source;
    const execution = new Execution(source, args, plan, options);
    running.add(execution);
    execution.onEnd(() => running.delete(execution));
    return execution;
  };

  /** The execution that is shared under a key: the one that runs, or a new one. */
  const share = (key: string, args: ExecutionArgs, plan: SubscriptionPlan): Promise<Begun> => {
    const present = shared.get(key);
    if (present) return present;
    const begun = begin(args, plan);
    shared.set(key, begun);
    const forget = () => {
      if (shared.get(key) === begun) shared.delete(key);
    };
    void begun.then((execution) => (execution instanceof Execution ? execution.onEnd(forget) : forget()));
    return begun;
  };

  const joinShared = async (key: string, args: ExecutionArgs, plan: SubscriptionPlan) => {
    for (;;) {
      const execution = await share(key, args, plan);
      if (!(execution instanceof Execution)) return execution;
      const subscriber = execution.join();
      if (subscriber !== null) return subscriber;
    }
  };

  return {
    async subscribe(args) {
      const plan = planSubscription(args);
      if (plan.key !== null) return joinShared(plan.key, args, plan);
      const own = await begin(args, plan);
      if (!(own instanceof Execution)) return own;
      const { live } = plan;
      if (live)
        void share(live.key, live.args, { ...plan, key: live.key, live: null }).then((all) =>
          rejoin(own, all),
        );
      return own.join() as Subscriber;
    },
    close(reason) {
      for (const execution of [...running]) execution.fail(reason);
    },
  };
}

async function openSource(
  args: ExecutionArgs,
  { createContext, maskError }: ExecutionOptions,
): Promise<AsyncIterable<unknown> | ExecutionResult> {
  try {
    const source = await createSourceEventStream({ ...args, contextValue: createContext() });
    return Symbol.asyncIterator in source ? source : { errors: source.errors?.map(maskError) ?? [] };
  } catch (error) {
    return { errors: [maskError(error)] };
  }
}
