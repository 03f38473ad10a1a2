/** Writes down who did what: what was done at once, what was refused or failed in sums, and again what the database did not take. */
import type { Audit, AuditEvent, AuditRecord } from '../domain/audit.ts';
import type { Log } from '../domain/log.ts';
import { type Backoff, createBackoff } from '../threads/backoff.ts';
import { settledWithin } from '../threads/settled-within.ts';
import { type AuditSums, createAuditSums } from './audit-sums.ts';

const MINUTE_MS = 60_000;
/** Entries that wait for a database that is away; the log holds all of them, these and those that are more. */
const MOST_WAITING = 1_000;
const PAUSES = { shortest: 1_000, longest: 60_000 };
/** Longest wait for the last ones. */
const CLOSE_MS = 2_000;

export interface AuditTrailOptions {
  /** Stores all of them or none. */
  append(records: readonly AuditRecord[]): Promise<void>;
  /** Gives the addresses that one client can have the same name. */
  networkOf(address: string): string;
  /** Told of each entry that could not be stored when it was due. */
  onFailure(): void;
  log: Pick<Log, 'error' | 'info'>;
  /** The clock of what is recorded, in milliseconds since the epoch; default: this machine's. */
  now?: () => number;
  /** How long what is alike is summed; a minute. */
  sumMs?: number;
}

export class AuditTrail implements Audit {
  readonly #options: AuditTrailOptions;
  readonly #sums: AuditSums;
  readonly #backoff: Backoff = createBackoff(PAUSES);
  readonly #writing = new Set<Promise<void>>();
  #waiting: AuditRecord[] = [];
  #sumTimer: NodeJS.Timeout | null = null;
  #retryTimer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
    this.#sums = createAuditSums(options.networkOf, options.now);
  }

  async record(event: AuditEvent): Promise<void> {
    const record = { ...event, count: 1, since: null };
    if (event.outcome === 'OK') return this.#store([record]);
    if (this.#sums.add(event)) void this.#store([record]);
    else if (!this.#closed)
      this.#sumTimer ??= setTimeout(() => this.#storeSums(), this.#options.sumMs ?? MINUTE_MS).unref();
  }

  /** Stores what is left; what the database does not take then is in the log. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retryTimer ?? undefined);
    this.#storeSums();
    await settledWithin(Promise.all(this.#writing), CLOSE_MS);
    if (this.#waiting.length > 0) await settledWithin(this.#retry(), CLOSE_MS);
  }

  #storeSums(): void {
    clearTimeout(this.#sumTimer ?? undefined);
    this.#sumTimer = null;
    const sums = this.#sums.take();
    if (sums.length > 0) void this.#store(sums);
  }

  #store(records: readonly AuditRecord[]): Promise<void> {
    const happened = new Date((this.#options.now ?? Date.now)());
    const writing = this.#options
      .append(records)
      .catch((error: unknown) => this.#keep(records, happened, error))
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
    return writing;
  }

  #keep(records: readonly AuditRecord[], happened: Date, error: unknown): void {
    const { log, onFailure } = this.#options;
    for (const record of records) {
      onFailure();
      const isKept = this.#waiting.length < MOST_WAITING;
      log.error({ err: error, entry: record }, isKept ? NOT_YET : LOST);
      if (isKept) this.#waiting.push({ ...record, since: record.since ?? happened });
    }
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#closed || this.#retryTimer !== null) return;
    this.#retryTimer = setTimeout(() => void this.#retry(), this.#backoff.next()).unref();
  }

  async #retry(): Promise<void> {
    this.#retryTimer = null;
    const records = [...this.#waiting];
    try {
      await this.#options.append(records);
    } catch {
      // Each was told when it was due; the next try tells when it worked.
      return this.#retryLater();
    }
    this.#waiting = this.#waiting.slice(records.length);
    this.#backoff.reset();
    this.#options.log.info({ entries: records.length }, 'entries of the audit that had to wait are stored');
    if (this.#waiting.length > 0) this.#retryLater();
  }
}

const NOT_YET = 'an entry of the audit could not be stored; it is tried again';
const LOST =
  'an entry of the audit could not be stored, and too many wait already: this line is all there is';
