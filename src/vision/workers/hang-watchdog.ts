/** What a worker owes: `answer` to the frames that it has, `models` that are open. */
export type Expectation = 'answer' | 'models';

/** To open its models may take a worker so many times as long as an answer: TensorRT takes minutes. */
const OPENING_TAKES = 10;

/** Notices that a worker gives no sign of life. */
export class HangWatchdog {
  readonly #hungAfter: number;
  readonly #onHang: (reason: string) => void;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param hungAfter milliseconds that an answer may take
   * @param onHang called with what the worker did not do, when its time has passed since the last reset
   */
  constructor(hungAfter: number, onHang: (reason: string) => void) {
    this.#hungAfter = hungAfter;
    this.#onHang = onHang;
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  /** Begins to count anew at a sign of life; or stops counting, where nothing is expected of the worker. */
  reset(expected: Expectation | null): void {
    clearTimeout(this.#timer);
    const limit = this.#hungAfter * (expected === 'models' ? OPENING_TAKES : 1);
    const failure = expected === 'models' ? 'it did not open its models in' : 'it gave no answer for';
    const hang = () => this.#onHang(`${failure} ${limit / 1000} s`);
    this.#timer = expected ? setTimeout(hang, limit) : undefined;
  }
}
