/** One source of events, executed event by event for all who take from it. */
import { type ExecutionArgs, type ExecutionResult, execute, type GraphQLError } from 'graphql';
import type { Requester } from '../../domain/access.ts';
import type { SentEvents } from '../../domain/live-event.ts';
import type { Moment } from '../../domain/moment.ts';
import type { DeliveryTrace } from '../../domain/trace.ts';
import type { MaskError } from '../errors/mask-errors.ts';
import { Delivery } from './delivery.ts';
import { requesterOf, type SubscriptionPlan } from './operation.ts';
import { Subscriber, type SubscriberOptions } from './subscriber.ts';

export interface ExecutionOptions extends SubscriberOptions {
  /** A context for one event: what it loads must not outlive the event. */
  createContext: (requester: Requester) => object;
  maskError: MaskError;
}

/** What a subscription's field gives. */
export type EventSource = SentEvents<unknown>;

type Watcher = (delivery: Delivery) => void;

/** It starts with the first who takes from it, and stops with the last. */
export class Execution {
  readonly #subscribers = new Set<Subscriber>();
  readonly #watchers = new Set<Watcher>();
  readonly #source: EventSource;
  readonly #iterator: AsyncIterator<unknown>;
  readonly #args: ExecutionArgs;
  readonly #plan: SubscriptionPlan;
  readonly #options: ExecutionOptions;
  readonly #onEnd: (() => void)[] = [];
  #state: 'waiting' | 'running' | 'over' = 'waiting';
  /** What the events taken from the source told of losses. */
  #lost = 0;

  constructor(source: EventSource, args: ExecutionArgs, plan: SubscriptionPlan, options: ExecutionOptions) {
    this.#source = source;
    this.#iterator = source[Symbol.asyncIterator]();
    this.#args = args;
    this.#plan = plan;
    this.#options = options;
  }

  get over(): boolean {
    return this.#state === 'over';
  }

  /** Calls `listener` when nothing more will come, whatever the reason: at once where that is so already. */
  onEnd(listener: () => void): void {
    if (this.over) listener();
    else this.#onEnd.push(listener);
  }

  /** A subscriber from the next event on, sent `first` before it; null when this execution is over. */
  join(first: Delivery | null = null): Subscriber | null {
    if (this.over) return null;
    const subscriber = new Subscriber(this.#options);
    if (first !== null) subscriber.offer(first);
    // What was lost before somebody joins is no loss of theirs, also where no event has told of it yet.
    this.adopt(subscriber, this.#state === 'waiting' ? 0 : this.#source.lost());
    return subscriber;
  }

  /** From the next event on a subscriber takes from here, and is told of losses beyond the first `lost` of the source. */
  adopt(subscriber: Subscriber, lost: number): void {
    subscriber.takeFrom(lost, (closed) => {
      this.#subscribers.delete(closed);
      this.#stopIfUnused();
    });
    this.#subscribers.add(subscriber);
    this.#start();
  }

  /** Shows deliveries, after the subscribers have them. @returns what stops it */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    this.#start();
    return () => {
      this.#watchers.delete(watcher);
      this.#stopIfUnused();
    };
  }

  /**
   * Hands all subscribers to another execution that runs, and stops.
   * @param met what the other delivered of the event that was delivered here last
   * @param missed what the other has delivered since
   */
  moveTo(other: Execution, met: Delivery, missed: readonly Delivery[]): void {
    for (const subscriber of this.#subscribers) {
      other.adopt(subscriber, met.lost);
      for (const delivery of missed) subscriber.offer(delivery);
    }
    this.#subscribers.clear();
    this.#stop();
  }

  fail(reason: GraphQLError): void {
    this.#endSubscribers(reason);
    this.#stop();
  }

  #start(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'running';
    void this.#run();
  }

  async #run(): Promise<void> {
    let failure: unknown = null;
    try {
      for (let step = await this.#iterator.next(); !step.done; step = await this.#iterator.next()) {
        const trace = traceOf(step.value);
        trace?.executing();
        const result = await this.#execute(step.value);
        // Made as it is handed out: whoever joins while it is executed counts from what is lost by then.
        const delivery = this.#deliver(step.value, result, trace);
        for (const subscriber of this.#subscribers) subscriber.offer(delivery);
        for (const watcher of this.#watchers) watcher(delivery);
        // Alone, the reader sets the pace; the source's own bounded queue takes up what it lags behind.
        if (this.#plan.key === null) for (const one of this.#subscribers) await one.waitForRoom();
      }
    } catch (error) {
      failure = this.#options.maskError(error);
    }
    this.#end();
    this.#endSubscribers(failure);
  }

  async #execute(event: unknown): Promise<ExecutionResult> {
    const { createContext, maskError } = this.#options;
    const result = await execute({
      ...this.#args,
      rootValue: event,
      contextValue: createContext(requesterOf(this.#args)),
    });
    return result.errors ? { ...result, errors: result.errors.map(maskError) } : result;
  }

  #deliver(event: unknown, result: ExecutionResult, trace: DeliveryTrace | undefined): Delivery {
    const { skipPlace: place, cursorOf } = this.#plan;
    const skipped = skippedBefore(event);
    this.#lost += skipped;
    const cursor = cursorOf?.(event) ?? null;
    const losses = { skipped, lost: this.#lost, lostByNow: this.#source.lost() };
    return new Delivery({ result, ...losses, place, cursor, trace });
  }

  #endSubscribers(failure: unknown): void {
    for (const subscriber of this.#subscribers) subscriber.end(failure);
    this.#subscribers.clear();
  }

  /** Who watches keeps a shared execution going only: of any other, the subscriber is the purpose. */
  #stopIfUnused(): void {
    const watched = this.#plan.key !== null && this.#watchers.size > 0;
    if (this.#subscribers.size === 0 && !watched) this.#stop();
  }

  #stop(): void {
    if (this.over) return;
    this.#end();
    // What goes wrong when a source is left concerns nobody any more.
    void Promise.resolve(this.#iterator.return?.()).catch(() => {});
  }

  #end(): void {
    if (this.over) return;
    this.#state = 'over';
    for (const listener of this.#onEnd) listener();
  }
}

/** Undefined: its moment is not followed, or it has none. */
function traceOf(event: unknown): DeliveryTrace | undefined {
  return (event as { moment?: Pick<Moment, 'trace'> } | null)?.moment?.trace?.deliveries;
}

function skippedBefore(event: unknown): number {
  return (event as { skippedBefore?: number } | null)?.skippedBefore ?? 0;
}
