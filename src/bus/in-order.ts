/**
 * What other nodes tell, once and in the order in which they told it: by node it is numbered. What came twice is left
 * out, what came too soon waits a moment for what is before it; where that does not come, it is told without, and so is the hole.
 * What a node says that it has told, and what did not come, is a hole, too.
 */
import { settledWithin } from '../threads/settled-within.ts';

export interface InOrderOptions<Item> {
  /** Called once with each that is told, in order; must not throw. @returns what is waited for before the next, a second at most */
  onItem(item: Item): void | Promise<void>;
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
/** How long what follows one item waits for what is to be done with that. */
const DONE_MS = 1_000;
/** Nodes that are remembered: those heard of last. */
const REMEMBERED = 1000;

interface Place<Item> {
  /** What is told next. */
  next: number;
  /** The last one that the node says it has told. */
  last: number;
  /** What came too soon. */
  early: Map<number, Item>;
  timer: NodeJS.Timeout | null;
  /** Something is to be done before the next is told. */
  isHeld: boolean;
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
    else this.#wait(place);
  }

  /** @param last number of what the node has told so far; 0: nothing */
  expect(node: string, last: number): void {
    if (last === 0) return;
    const place = this.#placeOf(node, last);
    place.last = Math.max(place.last, last);
    this.#wait(place);
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
    const place = known ?? { next, last: 0, early: new Map<number, Item>(), timer: null, isHeld: false };
    if (known === undefined && next > 1) this.#options.onHole();
    this.#places.delete(node);
    this.#places.set(node, place);
    if (this.#places.size > REMEMBERED) this.#forgetOldest();
    return place;
  }

  #tell(place: Place<Item>): void {
    while (!place.isHeld) {
      const item = place.early.get(place.next);
      if (item === undefined) return;
      place.early.delete(place.next);
      place.next += 1;
      const work = this.#options.onItem(item);
      if (work !== undefined) this.#hold(place, work);
    }
  }

  #hold(place: Place<Item>, work: Promise<void>): void {
    place.isHeld = true;
    void settledWithin(work, DONE_MS).then(() => {
      place.isHeld = false;
      this.#tell(place);
      this.#wait(place);
    });
  }

  /** For what is missing; a hole that is new meanwhile gets less time. */
  #wait(place: Place<Item>): void {
    const isMissing = !place.isHeld && (place.early.size > 0 || place.next <= place.last);
    if (isMissing) place.timer ??= setTimeout(() => this.#skipHole(place), this.#options.waitMs).unref();
    else if (place.timer !== null) {
      clearTimeout(place.timer);
      place.timer = null;
    }
  }

  #skipHole(place: Place<Item>): void {
    if (place.timer !== null) clearTimeout(place.timer);
    place.timer = null;
    place.isHeld = false;
    while (place.early.size > 0 && !place.isHeld) {
      const first = Math.min(...place.early.keys());
      if (first > place.next) this.#options.onHole();
      place.next = first;
      this.#tell(place);
    }
    if (place.isHeld || place.next > place.last) return;
    this.#options.onHole();
    place.next = place.last + 1;
  }

  #forgetOldest(): void {
    for (const [key, { timer }] of this.#places) {
      if (timer !== null) continue;
      this.#places.delete(key);
      return;
    }
  }
}
