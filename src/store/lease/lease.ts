/**
 * The lease by which a server runs sessions. It renews it each second; whose lease has run out is gone for all others, who take
 * its sessions over. What makes that safe is no clock: a commit writes only of sessions that are its worker's.
 *
 * 1. It is begun when the first session is, and ends with the store.
 * 2. Before it runs out by this machine's clock the watcher is told: others may take over then. So it is when it was renewed after all.
 * 3. Where it was taken over meanwhile, the watcher lets go of its sessions, and another lease is begun.
 * 4. Nobody takes over who has not renewed their own lease in time for as long as one lasts: after an outage of the database,
 *    also one that was too short for their own to run out, all who are still there come first.
 * 5. A live session of this worker that does not run here (an answer was lost) is looked for, and one that does, and is not its own.
 */
import { randomUUID } from 'node:crypto';
import type { LeaseWatcher } from '../../domain/lease-watcher.ts';
import type { Log } from '../../domain/log.ts';
import { repeat } from '../../threads/repeat.ts';
import type { PrismaClient } from '../generated/client.ts';
import type { RunPrepared } from '../sql/run-prepared.ts';
import { adoptSessions } from './adopt-sessions.ts';
import type { StoreClock } from './database-clock.ts';
import { Lapse } from './lapse.ts';
import { SessionCounts } from './session-counts.ts';
import { BEGIN, END, RENEW, type Renewed } from './statements.ts';

export interface LeaseOptions {
  prisma: PrismaClient;
  /** Over a connection on which nothing else waits. */
  run: RunPrepared;
  /** Milliseconds that it lasts without being renewed; Infinity: nobody else can have the database open. */
  ttl: number;
  /** Of host and process, for people. */
  name: string;
  /** Each renewal tells what the database's clock shows. */
  clock: Pick<StoreClock, 'take'>;
  log?: Pick<Log, 'info' | 'warn' | 'error'> | undefined;
}

/** It is renewed so often while it lasts. */
const RENEWALS = 5;
/** Where less of it was left than that, the database was away: another's lease may have run out meanwhile. */
const LEFT_IN_TIME = 0.5;

export class Lease {
  readonly #options: LeaseOptions;
  #id: string | null = null;
  #holding: Promise<string> | null = null;
  #watcher: LeaseWatcher | null = null;
  /** By `performance.now()`. */
  #askedAt = 0;
  #renewedAt = 0;
  #steadySince = 0;
  #others = 0;
  /** Whether there is nobody who may take over. */
  #isAlone = true;
  #takenOver = 0;
  #lookedForOld = false;
  #failing = false;
  #closed = false;
  readonly #lapse: Lapse;
  readonly #counts = new SessionCounts();
  #stopBeats: (() => Promise<void>) | null = null;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#lapse = new Lapse({ ttl: options.ttl, log: options.log, watcher: () => this.#watcher });
  }

  /** Of the one that is held, or was last; null: none yet. */
  get id(): string | null {
    return this.#id;
  }

  /** Whether it is, or is being begun. */
  get isHeld(): boolean {
    return this.#holding !== null;
  }

  /** By which what others left can be ended, also where it is not held. */
  get idToEndBy(): string {
    this.#id ??= randomUUID();
    return this.#id;
  }

  get name(): string {
    return this.#options.name;
  }

  /** How many others hold theirs, as the last renewal told. */
  get others(): number {
    return this.#others;
  }

  /** How many sessions this server took over. */
  get takenOver(): number {
    return this.#takenOver;
  }

  /** Seconds since it was begun or renewed. */
  get age(): number {
    return this.#id === null || this.isExclusive ? 0 : (performance.now() - this.#renewedAt) / 1000;
  }

  /** Whether nobody else can have the database open. */
  get isExclusive(): boolean {
    return this.#options.ttl === Number.POSITIVE_INFINITY;
  }

  /** Begins it, unless it is held. @returns its id */
  hold(): Promise<string> {
    this.#holding ??= this.#begin().catch((error: unknown) => {
      this.#holding = null;
      throw error;
    });
    return this.#holding;
  }

  watch(watcher: LeaseWatcher): void {
    this.#watcher = watcher;
  }

  /**
   * Takes over live sessions that nobody runs any more, where this server may.
   * @returns their ids
   */
  async adopt(): Promise<string[]> {
    const id = await this.hold();
    if (!this.isExclusive && !this.#isSteady) return [];
    const adopted = await adoptSessions(this.#options.prisma, id, this.isExclusive);
    this.#lookedForOld = true;
    this.#takenOver += adopted.length;
    return adopted;
  }

  /** Whoever looks next takes over what is still live. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#lapse.stop();
    await this.#stopBeats?.();
    if (this.#id === null) return;
    await this.#options
      .run(END, [this.#id])
      .catch((error: unknown) =>
        this.#options.log?.warn({ err: error }, 'could not give the lease back; it runs out by itself'),
      );
  }

  /** Whether it was renewed in time for as long as one lasts. */
  get #isSteady(): boolean {
    return this.#renewedAt - this.#steadySince >= this.#options.ttl;
  }

  async #begin(): Promise<string> {
    const { run, ttl, name, log } = this.#options;
    const id = randomUUID();
    const askedAt = performance.now();
    await run(BEGIN, [id, name, String(ttl)]);
    this.#id = id;
    this.#steadySince = askedAt;
    this.#noteHeld(id, askedAt);
    if (!this.isExclusive) {
      log?.info({ worker: id }, 'this server runs sessions by a lease of its own');
      this.#stopBeats ??= repeat(ttl / RENEWALS, (isFirst) => (isFirst ? Promise.resolve() : this.#beat()));
    }
    return id;
  }

  /** Never rejects. */
  async #beat(): Promise<void> {
    const id = this.#id;
    if (this.#closed || id === null) return;
    const askedAt = performance.now();
    // Those that waited while one got no answer are left out.
    if (askedAt - this.#askedAt < this.#options.ttl / RENEWALS / 2) return;
    this.#askedAt = askedAt;
    try {
      if (this.#holding === null) return void (await this.hold());
      const [answer] = await this.#options.run(RENEW, [id, String(this.#options.ttl)]);
      const answeredAt = performance.now();
      this.#noteWorks();
      const renewed = JSON.parse(String(answer)) as Renewed;
      this.#options.clock.take({ askedAt, answeredAt, time: renewed.now });
      if (renewed.held) this.#renewed(id, askedAt, renewed);
      else await this.#lost(id);
    } catch (error) {
      if (!this.#failing) this.#options.log?.warn({ err: error, worker: id }, 'could not renew the lease');
      this.#failing = true;
    }
  }

  #renewed(id: string, askedAt: number, { left, live, others, expired, waiting }: Renewed): void {
    if ((left ?? 0) < this.#options.ttl * LEFT_IN_TIME) this.#steadySince = askedAt;
    this.#others = others;
    this.#isAlone = others === 0 && !expired;
    this.#noteHeld(id, askedAt);
    const isUnlike = this.#counts.differ(live, this.#watcher?.sessions ?? live);
    const isOld = this.#isSteady && (expired || !this.#lookedForOld);
    if (isUnlike || waiting || isOld) this.#watcher?.lookAround();
  }

  #noteHeld(id: string, askedAt: number): void {
    this.#renewedAt = askedAt;
    if (!this.#closed) this.#lapse.held(id, askedAt, this.#isAlone);
  }

  async #lost(id: string): Promise<void> {
    this.#options.log?.error(
      { worker: id },
      'the lease had run out, and another server has taken over: all sessions of this one end, and store nothing more',
    );
    this.#lapse.over();
    // A session that begins from now on has another lease, which is renewed while those of the old one end: they are others' already.
    this.#holding = null;
    void this.#watcher?.lost();
    if (!this.#closed) await this.hold();
  }

  #noteWorks(): void {
    if (this.#failing) this.#options.log?.info({ worker: this.#id }, 'the lease can be renewed again');
    this.#failing = false;
  }
}
