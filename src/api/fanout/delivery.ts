/** One event of a subscription, executed once and written out once, however many are sent it. */
import type { ExecutionResult } from 'graphql';
import type { DeliveryTrace } from '../../domain/trace.ts';

/** Where `skippedBefore` stands in the results of an operation: below `root`, under each of `keys`. */
export interface SkipPlace {
  root: string;
  keys: readonly string[];
}

/** What becomes of a result's JSON on its way to a socket. */
export interface WireFormat {
  /** The same for forms that write the same bytes. */
  readonly key: string;
  /** @param cursor resumes behind the event; null where that cannot be */
  encode(json: Buffer, cursor: string | null): Buffer;
}

interface DeliveryFields extends Pick<Delivery, 'result' | 'skipped' | 'lost' | 'lostByNow' | 'cursor'> {
  place: SkipPlace;
  trace?: DeliveryTrace | undefined;
}

export class Delivery {
  readonly result: ExecutionResult;
  /** Events that the source lost before this one, since the one before, and since it began: what `result` tells, and what that adds up to. */
  readonly skipped: number;
  readonly lost: number;
  /** Events that the source has lost since it began, whether it told of them or not; fewer when it found some again in the store. */
  readonly lostByNow: number;
  /** Resumes behind its event, and behind nothing else that was not delivered; null where sources of this kind cannot be resumed. */
  readonly cursor: string | null;
  /** Undefined: its event is not followed. */
  readonly trace: DeliveryTrace | undefined;
  readonly #place: SkipPlace;
  #json: Buffer | undefined;
  #key: string | undefined;
  #bytes: Buffer | undefined;

  constructor({ result, skipped, lost, lostByNow, place, cursor, trace }: DeliveryFields) {
    this.result = result;
    this.cursor = cursor;
    this.skipped = skipped;
    this.lost = lost;
    this.lostByNow = lostByNow;
    this.trace = trace;
    this.#place = place;
  }

  /**
   * What a subscriber is sent who is told of `skipped` events: mostly as many as the source lost. Those who ask for the form
   * that was asked for last share its bytes; for other forms the JSON, at least, is made once.
   */
  bytes(form: WireFormat, skipped: number): Buffer {
    const isSame = skipped === this.skipped || this.#place.keys.length === 0;
    if (!isSame) return form.encode(jsonOf(this.#withSkipped(skipped)), this.cursor);
    if (this.#bytes !== undefined && this.#key === form.key) return this.#bytes;
    this.#json ??= jsonOf(this.result);
    this.#key = form.key;
    this.#bytes = form.encode(this.#json, this.cursor);
    return this.#bytes;
  }

  #withSkipped(skipped: number): ExecutionResult {
    const { root, keys } = this.#place;
    const event = this.result.data?.[root] as Record<string, unknown> | null | undefined;
    if (!event) return this.result;
    const patch = Object.fromEntries(keys.map((key) => [key, skipped]));
    return { ...this.result, data: { ...this.result.data, [root]: { ...event, ...patch } } };
  }
}

/** Bytes, so that no socket has them encoded anew. */
export function jsonOf(result: ExecutionResult): Buffer {
  return Buffer.from(JSON.stringify(result));
}
