/** One event of a subscription, executed once and written out once, however many are sent it. */
import type { ExecutionResult } from 'graphql';

/** Where `skippedBefore` stands in the results of an operation: below `root`, under each of `keys`. */
export interface SkipPlace {
  root: string;
  keys: readonly string[];
}

/** What becomes of a result's JSON on its way to a socket. */
export interface WireFormat {
  /** The same for forms that write the same bytes. */
  readonly key: string;
  encode(json: Buffer): Buffer;
}

export class Delivery {
  readonly result: ExecutionResult;
  /** Events that the source itself lost before this one. */
  readonly skipped: number;
  /** Where its event stands in the source; null where sources of this kind have no order of their own. */
  readonly position: string | null;
  readonly #place: SkipPlace;
  #json: Buffer | undefined;
  #key: string | undefined;
  #bytes: Buffer | undefined;

  constructor(result: ExecutionResult, skipped: number, place: SkipPlace, position: string | null) {
    this.result = result;
    this.position = position;
    this.skipped = skipped;
    this.#place = place;
  }

  /**
   * What a subscriber who missed `count` events more than the source did is sent. Those who ask for the form that was
   * asked for last share its bytes; for other forms the JSON, at least, is made once.
   */
  bytes(form: WireFormat, count: number): Buffer {
    if (count > 0) return form.encode(jsonOf(this.withSkipped(count)));
    if (this.#bytes !== undefined && this.#key === form.key) return this.#bytes;
    this.#json ??= jsonOf(this.result);
    this.#key = form.key;
    this.#bytes = form.encode(this.#json);
    return this.#bytes;
  }

  /** The result for a subscriber who missed `count` events more than the source did. */
  withSkipped(count: number): ExecutionResult {
    const { root, keys } = this.#place;
    const event = this.result.data?.[root] as Record<string, unknown> | null | undefined;
    if (count === 0 || keys.length === 0 || !event) return this.result;
    const patch = Object.fromEntries(keys.map((key) => [key, this.skipped + count]));
    return { ...this.result, data: { ...this.result.data, [root]: { ...event, ...patch } } };
  }
}

/** Bytes, so that no socket has them encoded anew. */
export function jsonOf(result: ExecutionResult): Buffer {
  return Buffer.from(JSON.stringify(result));
}
