/** What came of an output's messages: for whoever asks, and for Prometheus. */
import type { OutputRecord, OutputState, OutputStatus } from '../domain/output.ts';
import type { OutputLabels, OutputMetrics } from './ports.ts';

export class Tally {
  readonly #labels: OutputLabels;
  readonly #metrics: OutputMetrics;
  #state: OutputState;
  #lastError: OutputStatus['lastError'] = null;
  readonly #counts = { sent: 0, failed: 0, dropped: 0 };
  readonly #now: () => number;
  #waiting = 0;

  constructor(
    { id, kind }: OutputRecord,
    metrics: OutputMetrics,
    state: OutputState,
    now: () => number = () => Date.now(),
  ) {
    this.#labels = { output: id, kind };
    this.#metrics = metrics;
    this.#state = state;
    this.#now = now;
    metrics.waiting(this.#labels, 0);
  }

  sent(): void {
    this.#state = 'READY';
    this.#counts.sent++;
    this.#metrics.sent(this.#labels);
  }

  /** It was not reached yet. */
  connecting(): void {
    this.#state = 'CONNECTING';
  }

  /** It can be reached. */
  ready(): void {
    this.#state = 'READY';
  }

  /** A try failed. @param message in a sentence */
  failing(message: string): void {
    this.#state = 'FAILING';
    this.#lastError = { message, at: this.#now() };
  }

  /** A message was given up. */
  failed(): void {
    this.#counts.failed++;
    this.#metrics.failed(this.#labels);
  }

  readonly dropped = (messages: number): void => {
    this.#counts.dropped += messages;
    this.#metrics.dropped(this.#labels, messages);
  };

  waiting(messages: number): void {
    if (messages === this.#waiting) return;
    this.#waiting = messages;
    this.#metrics.waiting(this.#labels, messages);
  }

  get status(): OutputStatus {
    return {
      ...this.#counts,
      state: this.#state,
      lastError: this.#lastError,
      waiting: this.#waiting,
    };
  }

  close(): void {
    this.#metrics.forget(this.#labels);
  }
}
