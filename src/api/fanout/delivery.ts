/** One event of a subscription, executed once and written out once, however many are sent it. */
import type { ExecutionResult } from 'graphql';

/** Where `skippedBefore` stands in the results of an operation: below `root`, under each of `keys`. */
export interface SkipPlace {
  root: string;
  keys: readonly string[];
}

export class Delivery {
  readonly result: ExecutionResult;
  /** Events that the source itself lost before this one. */
  readonly skipped: number;
  readonly #place: SkipPlace;
  #text: string | undefined;
  #event: Buffer | undefined;

  constructor(result: ExecutionResult, skipped: number, place: SkipPlace) {
    this.result = result;
    this.skipped = skipped;
    this.#place = place;
  }

  /** The result as JSON, for everyone who missed nothing. */
  get text(): string {
    this.#text ??= JSON.stringify(this.result);
    return this.#text;
  }

  /** The same as a server-sent event: bytes, so that they are not encoded anew for every socket. */
  get event(): Buffer {
    this.#event ??= eventOf(this.text);
    return this.#event;
  }

  /** The result for a subscriber who missed `count` events more than the source did. */
  after(count: number): ExecutionResult {
    const { root, keys } = this.#place;
    const event = this.result.data?.[root] as Record<string, unknown> | null | undefined;
    if (count === 0 || keys.length === 0 || !event) return this.result;
    const patch = Object.fromEntries(keys.map((key) => [key, this.skipped + count]));
    return { ...this.result, data: { ...this.result.data, [root]: { ...event, ...patch } } };
  }
}

/** A result as the graphql-sse protocol sends it. */
export function eventOf(text: string): Buffer {
  return Buffer.from(`event: next\ndata: ${text}\n\n`);
}
