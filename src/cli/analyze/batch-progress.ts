/** How far a batch is: a line for each input as it ends, and one every ten seconds while none does. */
import type { Writable } from 'node:stream';

/** What is done of the work must be so much of it before it says how long the rest takes. */
const FEW = 0.01;
/** Seconds without a line, after which one says how far it is. */
const SILENCE = 10;

interface BatchSize {
  /** Of all inputs. */
  all: number;
  /** Of those that were analysed before, and are kept. */
  kept: number;
  /** Of those that are to be analysed, how much work each is, in any unit. */
  work: readonly number[];
}

export class BatchProgress {
  readonly #screen: Writable;
  readonly #size: BatchSize;
  /** Work. */
  readonly #total: number;
  readonly #now: () => number;
  readonly #began: number;
  readonly #timer: NodeJS.Timeout;
  #ended = 0;
  #done = 0;
  /** Of those in hand, by their number: which share of each is done. */
  readonly #shares = new Map<number, number>();
  #lastLine: number;

  /** @param now milliseconds of a clock that is never set */
  constructor(screen: Writable, size: BatchSize, now = () => performance.now()) {
    this.#screen = screen;
    this.#size = size;
    this.#total = size.work.reduce((sum, one) => sum + one, 0);
    this.#now = now;
    this.#began = now();
    this.#lastLine = now();
    this.#timer = setInterval(() => this.beat(), 1000);
    this.#timer.unref();
  }

  /** @param share of this input that is done, 0 to 1 */
  at(index: number, share: number): void {
    this.#shares.set(index, Math.min(1, Math.max(0, share)));
  }

  ended(index: number, line: string): void {
    this.#shares.delete(index);
    this.#ended += 1;
    this.#done += this.#size.work[index] ?? 0;
    this.#write(`[${this.text()}] ${line}`);
  }

  /** Says how far it is where nothing was said for a while. */
  beat(): void {
    if (this.#now() - this.#lastLine >= SILENCE * 1000) this.#write(`[${this.text()}]`);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** As `7 of 20, 12 min left`; without the time while nothing of it can be said. */
  text(): string {
    const { all, kept, work } = this.#size;
    const counted = `${kept + this.#ended} of ${all}`;
    const inHand = [...this.#shares].reduce((sum, [index, share]) => sum + share * (work[index] ?? 0), 0);
    const share = (this.#done + inHand) / this.#total;
    if (this.#ended === work.length || !(share >= FEW)) return counted;
    return `${counted}, ${timeOf(((this.#now() - this.#began) / 1000) * (1 / share - 1))} left`;
  }

  #write(line: string): void {
    this.#lastLine = this.#now();
    // Names may hold ends of lines, and what moves a terminal's cursor.
    this.#screen.write(`${line.replace(/\p{Cc}/gu, '?')}\n`);
  }
}

function timeOf(seconds: number): string {
  if (seconds < 100) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
