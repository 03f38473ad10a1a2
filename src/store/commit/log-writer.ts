/**
 * Numbers what is committed, in the order of the commits. A store has a number of its own, and a new one every day, so that what
 * was written under one number lies in a few partitions.
 */
import { beginningOf } from '../../domain/log-position.ts';
import type { PrismaClient } from '../generated/client.ts';
import { dayOf } from '../sql/days.ts';

export class LogWriter {
  readonly #prisma: PrismaClient;
  #position = 0;
  #day = 0;

  private constructor(prisma: PrismaClient) {
    this.#prisma = prisma;
  }

  static async open(prisma: PrismaClient): Promise<LogWriter> {
    const writer = new LogWriter(prisma);
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
    const today = dayOf(Date.now());
    if (today === this.#day) return;
    const { id } = await this.#prisma.writer.create({ data: {}, select: { id: true } });
    this.#day = today;
    this.#position = beginningOf(id);
  }
}
