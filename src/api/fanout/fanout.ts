/**
 * Runs subscriptions. Identical ones share one execution and one text per event; each subscriber has a bounded
 * queue behind that, so that a slow one loses its own oldest events and delays nobody.
 */
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLError,
} from 'graphql';
import type { MaskError } from '../mask-errors.ts';
import { Delivery } from './delivery.ts';
import { Feed } from './feed.ts';
import { planSubscription, type SubscriptionPlan } from './operation.ts';

export interface FanoutOptions {
  /** A context for one event: what it loads must not outlive the event. */
  createContext: () => object;
  maskError: MaskError;
  onOverflow?: () => void;
  capacity?: number;
}

export interface Fanout {
  /** A feed of results; or a result with errors when the subscription could not begin. */
  subscribe(args: ExecutionArgs): Promise<Feed | ExecutionResult>;
  /** Executions now running. */
  readonly executions: number;
  /** Ends every feed with this error. */
  close(reason: GraphQLError): void;
}

export function createFanout(options: FanoutOptions): Fanout {
  const shared = new Map<string, Promise<Execution | ExecutionResult>>();
  const running = new Set<Execution>();

  const begin = async (args: ExecutionArgs, plan: SubscriptionPlan): Promise<Execution | ExecutionResult> => {
    const source = await openSource(args, options);
    if (!(Symbol.asyncIterator in source)) return source;
    const execution = new Execution(source, args, plan, options, () => {
      running.delete(execution);
      if (plan.key !== null) shared.delete(plan.key);
    });
    running.add(execution);
    return execution;
  };

  const share = async (
    args: ExecutionArgs,
    plan: SubscriptionPlan,
    key: string,
  ): Promise<Feed | ExecutionResult> => {
    for (;;) {
      const pending = shared.get(key) ?? begin(args, plan);
      shared.set(key, pending);
      const execution = await pending;
      const feed = execution instanceof Execution ? execution.join() : execution;
      if (!(feed instanceof Feed) && shared.get(key) === pending) shared.delete(key);
      if (feed !== null) return feed;
    }
  };

  return {
    async subscribe(args) {
      const plan = planSubscription(args);
      if (plan.key !== null) return share(args, plan, plan.key);
      const execution = await begin(args, plan);
      return execution instanceof Execution ? (execution.join() as Feed) : execution;
    },
    get executions() {
      return running.size;
    },
    close(reason) {
      for (const execution of [...running]) execution.fail(reason);
    },
  };
}

async function openSource(
  args: ExecutionArgs,
  { createContext, maskError }: FanoutOptions,
): Promise<AsyncIterable<unknown> | ExecutionResult> {
  try {
    const source = await createSourceEventStream({ ...args, contextValue: createContext() });
    return Symbol.asyncIterator in source ? source : { errors: source.errors?.map(maskError) ?? [] };
  } catch (error) {
    return { errors: [maskError(error)] };
  }
}

/** One source, executed event by event, for all who joined. It starts with the first, and stops with the last. */
class Execution {
  readonly #feeds = new Set<Feed>();
  readonly #iterator: AsyncIterator<unknown>;
  readonly #args: ExecutionArgs;
  readonly #plan: SubscriptionPlan;
  readonly #options: FanoutOptions;
  readonly #onOver: () => void;
  #state: 'waiting' | 'running' | 'over' = 'waiting';

  constructor(
    source: AsyncIterable<unknown>,
    args: ExecutionArgs,
    plan: SubscriptionPlan,
    options: FanoutOptions,
    onOver: () => void,
  ) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#args = args;
    this.#plan = plan;
    this.#options = options;
    this.#onOver = onOver;
  }

  /** A feed from the next event on; null when this execution is over. */
  join(): Feed | null {
    if (this.#state === 'over') return null;
    const { onOverflow, capacity } = this.#options;
    const feed = new Feed({
      onClose: (closed) => this.#leave(closed),
      ...(onOverflow && { onOverflow }),
      ...(capacity !== undefined && { capacity }),
    });
    this.#feeds.add(feed);
    if (this.#state === 'waiting') {
      this.#state = 'running';
      void this.#run();
    }
    return feed;
  }

  fail(reason: GraphQLError): void {
    for (const feed of this.#feeds) feed.end(reason);
    this.#feeds.clear();
    this.#stop();
  }

  #leave(feed: Feed): void {
    this.#feeds.delete(feed);
    if (this.#feeds.size === 0) this.#stop();
  }

  #stop(): void {
    if (this.#state === 'over') return;
    this.#over();
    void Promise.resolve(this.#iterator.return?.()).catch(() => {});
  }

  async #run(): Promise<void> {
    let failure: unknown = null;
    try {
      for (let step = await this.#iterator.next(); !step.done; step = await this.#iterator.next()) {
        const delivery = await this.#execute(step.value);
        for (const feed of this.#feeds) feed.offer(delivery);
        // Alone, the reader sets the pace; the source's own bounded queue takes up what it lags behind.
        if (this.#plan.key === null) for (const feed of this.#feeds) await feed.room();
      }
    } catch (error) {
      failure = this.#options.maskError(error);
    }
    if (this.#state !== 'over') this.#over();
    for (const feed of this.#feeds) feed.end(failure);
    this.#feeds.clear();
  }

  #over(): void {
    this.#state = 'over';
    this.#onOver();
  }

  async #execute(event: unknown): Promise<Delivery> {
    const { createContext, maskError } = this.#options;
    const result = await execute({ ...this.#args, rootValue: event, contextValue: createContext() });
    const masked = result.errors ? { ...result, errors: result.errors.map(maskError) } : result;
    return new Delivery(masked, skippedBefore(event), this.#plan.skipPlace);
  }
}

function skippedBefore(event: unknown): number {
  return (event as { skippedBefore?: number } | null)?.skippedBefore ?? 0;
}
