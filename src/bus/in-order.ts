/**
 * What other nodes tell, once and in the order in which they told it: by node it is numbered. What came twice is left
 * out, what came too soon waits a moment for what is before it; where that does not come, it is told without, and so is the hole.
 */

export interface InOrderOptions<Item> {
  /** Called once with each that is told, in order; must not throw. */
  onItem(item: Item): void;
  /** Something was not told, or may not have been, before what is told next. */
  onHole(): void;
  /** How long one waits for those before it, in milliseconds. */
  waitMs?: number;
  /** How many wait so, of one node. */
  most?: number;
}

/** Far longer than a message takes, and short beside the second in which it is to arrive. */
const WAIT_MS = 200;
const MOST = 1024;
/** Nodes that are remembered: those heard of last. */
const REMEMBERED = 1000;

interface Place<Item> {
  /** What is told next. */
  next: number;
  /** What came too soon. */
  early: Map<number, Item>;
  timer: NodeJS.Timeout | null;
}

export class InOrder<Item> {
  readonly #options: Required<InOrderOptions<Item>>;
  /** The one heard of last comes last. */
  readonly #places = new Map<string, Place<Item>>();

  constructor(options: InOrderOptions<Item>) {
    this.#options = { waitMs: WAIT_MS, most: MOST, ...options };
  }

  /** @param number from 1, by node */
  push(node: string, number: number, item: Item): void {
    const place = this.#placeOf(node, number);
    if (number < place.next || place.early.has(number)) return;
    place.early.set(number, item);
    this.#tell(place);
    if (place.early.size > this.#options.most) this.#skipHole(place);
    else if (place.early.size > 0 && place.timer === null) {
      place.timer = setTimeout(() => this.#skipHole(place), this.#options.waitMs).unref();
    }
  }

  /** Lets go of what waits. */
  close(): void {
    for (const { timer } of this.#places.values()) if (timer !== null) clearTimeout(timer);
    this.#places.clear();
  }

  #placeOf(node: string, number: number): Place<Item> {
    const known = this.#places.get(node);
    // Of a node that has just begun the first ones may come yet; what came before any other was told when nobody listened here.
    const next = number <= this.#options.most ? 1 : number;
    const place = known ?? { next, early: new Map<number, Item>(), timer: null };
    if (known === undefined && next > 1) this.#options.onHole();
    this.#places.delete(node);
    this.#places.set(node, place);
    if (this.#places.size > REMEMBERED) this.#forgetOldest();
    return place;
  }

  #tell(place: Place<Item>): void {
    for (let item = place.early.get(place.next); item !== undefined; item = place.early.get(place.next)) {
      place.early.delete(place.next);
      place.next += 1;
      this.#options.onItem(item);
    }
    if (place.early.size > 0 || place.timer === null) return;
    clearTimeout(place.timer);
    place.timer = null;
  }

  #skipHole(place: Place<Item>): void {
    if (place.timer !== null) clearTimeout(place.timer);
    place.timer = null;
    while (place.early.size > 0) {
      this.#options.onHole();
      place.next = Math.min(...place.early.keys());
      this.#tell(place);
    }
  }

  #forgetOldest(): void {
    for (const [key, { timer }] of this.#places) {
      if (timer !== null) continue;
      this.#places.delete(key);
      return;
    }
  }
}
