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
  #bytes: Buffer | undefined;
  #event: Buffer | undefined;

  constructor(result: ExecutionResult, skipped: number, place: SkipPlace) {
    this.result = result;
    this.skipped = skipped;
    this.#place = place;
  }

  /** The result as JSON, for everyone who missed nothing: bytes, so that no socket has them encoded anew. */
  get bytes(): Buffer {
    this.#bytes ??= jsonOf(this.result);
    return this.#bytes;
  }

  /** The same as a server-sent event. */
  get event(): Buffer {
    this.#event ??= eventOf(this.bytes);
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

const EVENT = Buffer.from('event: next\ndata: ');
const END = Buffer.from('\n\n');

/** A result as the graphql-sse protocol sends it. */
export function eventOf(json: Buffer): Buffer {
  return Buffer.concat([EVENT, json, END]);
}

export function jsonOf(result: ExecutionResult): Buffer {
  return Buffer.from(JSON.stringify(result));
}
