/** Notices that a worker gives no sign of life. */
export class HangWatchdog {
  readonly #milliseconds: number;
  readonly #onHang: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param onHang called when so many milliseconds have passed since the last reset */
  constructor(milliseconds: number, onHang: () => void) {
    this.#milliseconds = milliseconds;
    this.#onHang = onHang;
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  /** Begins to count anew at a sign of life; or stops counting, where nothing is expected of the worker. */
  reset(isExpected: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = isExpected ? setTimeout(this.#onHang, this.#milliseconds) : undefined;
  }
}
