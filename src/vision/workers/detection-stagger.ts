/** The turns of the streams of a worker at the detector, so that those that begin together are not all detected together. */
export class DetectionStagger {
  readonly #turnOf = new Map<number, number>();
  readonly #streams: number[];

  /** @param count how many turns there are: frames from one detection of a stream to the next */
  constructor(count: number) {
    this.#streams = new Array<number>(count).fill(0);
  }

  /** The first of the turns that the fewest streams have. */
  take(stream: number): number {
    const turn = this.#streams.indexOf(Math.min(...this.#streams));
    this.#streams[turn]!++;
    this.#turnOf.set(stream, turn);
    return turn;
  }

  /** Of a stream that ends; one without a turn has nothing to give back. */
  giveBack(stream: number): void {
    const turn = this.#turnOf.get(stream);
    if (turn === undefined) return;
    this.#turnOf.delete(stream);
    this.#streams[turn]!--;
  }
}
