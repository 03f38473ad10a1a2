/** What a vision worker was asked and has not yet answered. */
import type { RawReading } from '../../domain/face.ts';

interface Call {
  stream: number;
  resolve(readings: RawReading[]): void;
  reject(error: unknown): void;
  answered: Promise<unknown>;
}

export class Calls {
  readonly #waiting = new Map<number, Call>();
  #next = 0;

  get size(): number {
    return this.#waiting.size;
  }

  /** A new call of a stream: its number, and the promise of its answer. */
  open(stream: number): { call: number; answer: Promise<RawReading[]> } {
    const call = this.#next++;
    const answer = new Promise<RawReading[]>((resolve, reject) => {
      this.#waiting.set(call, { stream, resolve, reject, answered: Promise.resolve() });
    });
    this.#waiting.get(call)!.answered = answer.catch(() => {});
    return { call, answer };
  }

  /** Takes a call out, to be answered; undefined when it was lost before. */
  take(call: number): Omit<Call, 'answered'> | undefined {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    return waiting;
  }

  /** Resolves when the calls that a stream has made until now are answered, either way. */
  async settled(stream: number): Promise<void> {
    const own = [...this.#waiting.values()].filter((call) => call.stream === stream);
    await Promise.all(own.map(({ answered }) => answered));
  }

  /** None of them will be answered. */
  lose(error: () => Error): void {
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const call of lost) call.reject(error());
  }
}
