/** Moments of two faces of many sessions that one server commits, and what one costs it and the server of its database. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Moment } from '../../src/domain/moment.ts';
import type { Store } from '../../src/store/index.ts';
import { measured } from '../harness.ts';
import { makeMoment } from './moments.ts';
import { createSession } from './stores.ts';

const CREATED_AT_ONCE = 20;
/** Of a tick, in which Linux counts processor time. */
const TICK_US = 10_000;
/** As the statement of a commit begins, which its connection showed last. */
const COMMIT = '%WITH locked AS MATERIALIZED%';

export class ManySessions {
  readonly #store: Store;
  readonly #newest = new Map<string, Moment | undefined>();
  readonly #start = Date.now();
  #sent = 0;

  private constructor(store: Store) {
    this.#store = store;
  }

  /** Each with a moment, so that what is summed up is added to from then on. */
  static async open(store: Store, count: number): Promise<ManySessions> {
    const all = new ManySessions(store);
    while (all.#newest.size < count) {
      const more = Array.from({ length: Math.min(CREATED_AT_ONCE, count - all.#newest.size) }, () =>
        createSession(store, {}, randomUUID()),
      );
      for (const { id } of await Promise.all(more)) all.#newest.set(id, undefined);
    }
    await all.#commit(count, count);
    return all;
  }

  /**
   * One of each session after the other.
   * @param underWay at a time
   * @returns microseconds of processor time a moment, of this process and of the connection of PostgreSQL that commits, on this machine
   */
  async cost(moments: number, underWay: number): Promise<number> {
    const own = process.cpuUsage();
    const server = await this.#serverTime();
    await this.#commit(moments, underWay);
    const { user, system } = process.cpuUsage(own);
    const ofServer = measured('the processor time of PostgreSQL', (await this.#serverTime()) - server);
    return (user + system + ofServer) / moments;
  }

  async #commit(moments: number, underWay: number): Promise<void> {
    const ids = [...this.#newest.keys()];
    const end = this.#sent + moments;
    const sendInTurn = async () => {
      while (this.#sent < end) await this.#append(ids[this.#sent++ % ids.length]!);
    };
    await Promise.all(Array.from({ length: underWay }, sendInTurn));
  }

  #append(id: string): Promise<number> {
    const previous = this.#newest.get(id);
    const moment = makeMoment(id, (previous?.seq ?? -1) + 1, this.#start);
    const [face] = moment.faces;
    const ofTwo = { ...moment, faces: [face!, { ...face!, track: 2 }] };
    this.#newest.set(id, ofTwo);
    return this.#store.moments.append(ofTwo, [], previous);
  }

  async #serverTime(): Promise<number> {
    const rows = await this.#store.prisma.$queryRaw<{ pid: number }[]>`
      SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE ${COMMIT} AND pid <> pg_backend_pid()`;
    if (rows.length !== 1) throw new Error(`${rows.length} connections commit, not one`);
    // Behind the name, which may hold anything: user and system time are the 12th and the 13th.
    const fields = readFileSync(`/proc/${rows[0]!.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  }
}
