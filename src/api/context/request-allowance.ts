/**
 * What one request may have summed up, of all its fields together: aliases, and the objects of a list. Each answer has limits of its
 * own (`src/store/read/sessions/limits.ts`), and without these a request could ask for a thousand of them. They are read one after the other, so
 * that whoever else asks waits for one at most; and no more of them once nobody waits for the answer.
 */
import type { RequestBudget, WorkKind } from '../../domain/request-budget.ts';
import { MienError } from '../../errors.ts';

/** How much of each, and in which words. */
const MOST: Record<WorkKind, readonly [most: number, of: string]> = {
  sessions: [50_000, 'sessions to sum up, each as often as it is asked for'],
  borders: [40_000, 'places in which sessions are cut by the wall clock'],
  rollups: [1_000_000, 'sums to be added up, as they are stored'],
  sums: [200_000, 'sums, of sessions by day, hour and bucket'],
  seconds: [20_000, 'seconds of which moments have to be read'],
  buckets: [20_000, 'groups and buckets'],
};

export class RequestAllowance implements RequestBudget {
  readonly #isWanted: () => boolean;
  readonly #taken = new Map<WorkKind, number>();
  /** Why nothing more is begun. */
  #refusal: MienError | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param isWanted whether somebody waits for the answer */
  constructor(isWanted: () => boolean = () => true) {
    this.#isWanted = isWanted;
  }

  take(kind: WorkKind, amount: number): void {
    this.assertWanted();
    const taken = (this.#taken.get(kind) ?? 0) + amount;
    const [most, of] = MOST[kind];
    if (taken > most) {
      this.#refusal = new MienError(
        'QUERY_TOO_LARGE',
        `This request takes more than ${most} ${of}, in all of its fields together: ask for fewer streams, sessions or aliases at a time.`,
      );
      throw this.#refusal;
    }
    this.#taken.set(kind, taken);
  }

  assertWanted(): void {
    if (!this.#isWanted()) throw new MienError('CONFLICT', 'Nobody waits for this answer any more.');
  }

  /** When all that was asked for before is done. @throws what the work throws; MienError QUERY_TOO_LARGE, CONFLICT */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => {
      this.assertWanted();
      if (this.#refusal) throw this.#refusal;
      return work();
    });
    this.#turn = done.catch(() => {});
    return done;
  }
}
