/**
 * Numbers what is committed, in the order of the commits. A store has a number of its own, and a new one every day, so that what
 * was written under one number lies in a few partitions.
 */
import { beginningOf } from '../../domain/log-position.ts';
import type { RecordClock } from '../../domain/record-clock.ts';
import type { PrismaClient } from '../generated/client.ts';
import { dayOf } from '../sql/utc-days.ts';

export class LogWriter {
  readonly #prisma: PrismaClient;
  readonly #clock: Pick<RecordClock, 'now'>;
  #position = 0;
  #day = 0;

  private constructor(prisma: PrismaClient, clock: Pick<RecordClock, 'now'>) {
    this.#prisma = prisma;
    this.#clock = clock;
  }

  static async open(prisma: PrismaClient, clock: Pick<RecordClock, 'now'>): Promise<LogWriter> {
    const writer = new LogWriter(prisma, clock);
    await writer.keepFresh();
    return writer;
  }

  /** What is numbered must be committed in this order. */
  next(): number {
    this.#position += 1;
    return this.#position;
  }

  /** On another day, what is numbered from now on has another writer's number. */
  async keepFresh(): Promise<void> {
    const today = dayOf(this.#clock.now());
    if (today === this.#day) return;
    const { id } = await this.#prisma.writer.create({ data: {}, select: { id: true } });
    this.#day = today;
    this.#position = beginningOf(id);
  }
}
