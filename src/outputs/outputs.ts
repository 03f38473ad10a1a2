/** All outputs of a server: registered, changed, tried and removed, and run while they are turned on. */
import { isDeepStrictEqual } from 'node:util';
import type { LiveEvent } from '../domain/live-event.ts';
import {
  hostOf,
  MAX_OUTPUTS,
  type NewOutput,
  type OutputChange,
  type OutputRecord,
  type OutputStatus,
  type OutputTrial,
} from '../domain/output.ts';
import { MienError } from '../errors.ts';
import { assertAllowed, createSender, whereOf } from './create-sender.ts';
import { RemovedStreams } from './dedupe-removed-streams.ts';
import { LAST_MS, OutputRun } from './output-run.ts';
import type { OutputDeps } from './ports.ts';
import { sendExample } from './send-example.ts';
import { StreamNames } from './stream-names.ts';

const LOCKED =
  'Where it goes cannot be read, because it was sealed with another key: give that one by MIEN_SECRET_KEY or secret.key, or give the output its address and secrets anew.';

export class Outputs {
  readonly #deps: OutputDeps;
  readonly #names: StreamNames;
  readonly #removed: RemovedStreams;
  readonly #runs = new Map<string, OutputRun>();
  readonly #locked = new Map<string, OutputRecord>();
  /** The last change of each output, by its id: one at a time, and none waits for those of others. */
  readonly #changes = new Map<string, Promise<unknown>>();
  /** Those that are taking back what they told, by where that is: who tells there next waits for it. */
  readonly #leaving = new Map<string, Promise<void>>();
  /** Aborts a moment after the server was asked to end. */
  readonly #late = new AbortController();
  #isClosed = false;

  constructor(deps: OutputDeps) {
    this.#deps = deps;
    this.#names = new StreamNames(deps.streamName);
    this.#removed = new RemovedStreams(() => deps.outputs.removed(deps.server));
  }

  /** Runs those that are turned on. */
  async start(): Promise<void> {
    for (const record of await this.#deps.outputs.enabled()) this.#run(record);
    if (!this.#deps.isElsewhere) await this.#removed.tell(this.#runs);
  }

  /** What was added, changed or removed at another server is so here; and streams that were removed at any are told of. */
  async refresh(): Promise<void> {
    const enabled = new Map((await this.#deps.outputs.enabled()).map((record) => [record.id, record]));
    const ids = new Set([...this.#runs.keys(), ...this.#locked.keys(), ...enabled.keys()]);
    const changed = [...ids].filter((id) => !isDeepStrictEqual(this.#known(id), enabled.get(id)));
    await Promise.all(changed.map((id) => this.#inTurn(id, () => this.#follow(id))));
    await this.#inTurn(REMOVED, async () => this.#isClosed || this.#removed.tell(this.#runs));
  }

  async #follow(id: string): Promise<void> {
    const record = await this.#deps.outputs.get(id);
    const becomes = record?.enabled ? record : null;
    if (this.#isClosed || isDeepStrictEqual(this.#known(id), becomes ?? undefined)) return;
    await this.#stop(id, becomes);
    if (becomes !== null) await this.#begin(becomes);
  }

  /** As it is run here, or would be; undefined: it is not. */
  #known(id: string): OutputRecord | undefined {
    return this.#runs.get(id)?.record ?? this.#locked.get(id);
  }

  /** Lets go of what waits and tells of what was erased. */
  forget(isGone: (event: LiveEvent) => boolean): void {
    for (const run of this.#runs.values()) run.forget(isGone);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const timer = setTimeout(() => this.#late.abort(), LAST_MS);
    await Promise.all(this.#changes.values());
    await Promise.all([...this.#runs.values()].map((run) => run.drain(this.#late.signal)));
    clearTimeout(timer);
    this.#runs.clear();
  }

  /** @throws MienError NOT_FOUND, FORBIDDEN: its address is private; CONFLICT: there are too many, or another has its topics */
  async add(output: NewOutput): Promise<{ id: string }> {
    await assertAllowed(output.target, output.allowPrivate);
    const record = await this.#inTurn(ADDING, () => this.#create(output));
    if (record.enabled) await this.#inTurn(record.id, () => this.#begin(record));
    this.#deps.onChanged?.();
    return { id: record.id };
  }

  /**
   * @param changeOf made of the output as it is
   * @throws MienError NOT_FOUND, FORBIDDEN: its address is private, CONFLICT: another has its topics; and what `changeOf` throws
   */
  change(id: string, changeOf: (record: OutputRecord) => OutputChange): Promise<{ id: string }> {
    return this.#inTurn(id, async () => {
      const before = await this.#find(id);
      const change = changeOf(before);
      const allowPrivate = change.allowPrivate ?? before.allowPrivate;
      if (change.target) await assertAllowed(change.target, allowPrivate);
      const record = await this.#deps.outputs.update(id, change);
      await this.#stop(id, record.enabled ? record : null);
      if (record.enabled) await this.#begin(record);
      this.#deps.onChanged?.();
      return { id };
    });
  }

  /** @throws MienError NOT_FOUND */
  remove(id: string): Promise<void> {
    return this.#inTurn(id, async () => {
      await this.#deps.outputs.remove(id);
      await this.#stop(id, null);
      this.#deps.onChanged?.();
    });
  }

  /** Sends an example, whether it is turned on or not. @throws MienError NOT_FOUND */
  async test(id: string): Promise<OutputTrial> {
    const record = await this.#find(id);
    const sender = createSender(record, this.#deps);
    if (record.target === null || sender === null)
      return { ok: false, message: LOCKED, status: null, answer: null, milliseconds: 0 };
    return sendExample(sender, hostOf(record.target));
  }

  /** Null: it is not turned on. */
  status(id: string): OutputStatus | null {
    const lastError = { message: LOCKED, at: (this.#deps.now ?? Date.now)() };
    if (this.#locked.has(id)) return { ...NOTHING_YET, state: 'STOPPED', lastError };
    return this.#runs.get(id)?.status ?? null;
  }

  async #find(id: string): Promise<OutputRecord> {
    const record = await this.#deps.outputs.get(id);
    if (record === null)
      throw new MienError('NOT_FOUND', `There is no output ${JSON.stringify(id.slice(0, 100))}.`);
    return record;
  }

  async #create(output: NewOutput): Promise<OutputRecord> {
    const { outputs } = this.#deps;
    if ((await outputs.count()) >= MAX_OUTPUTS)
      throw new MienError(
        'CONFLICT',
        `There are ${MAX_OUTPUTS} outputs, as many as there may be. Remove one.`,
      );
    return outputs.create(output);
  }

  /** @param becomes what it is from now on; null: it is removed, or off */
  async #stop(id: string, becomes: OutputRecord | null): Promise<void> {
    this.#locked.delete(id);
    const run = this.#runs.get(id);
    this.#runs.delete(id);
    if (run === undefined) return;
    const where = whereOf(run.record);
    const closing = run.close(becomes, this.#late.signal);
    const left = Promise.allSettled([closing, this.#leaving.get(where)]).then(() => {
      if (this.#leaving.get(where) === left) this.#leaving.delete(where);
    });
    this.#leaving.set(where, left);
    await closing;
  }

  async #begin(record: OutputRecord): Promise<void> {
    await this.#leaving.get(whereOf(record));
    this.#run(record);
  }

  #run(record: OutputRecord): void {
    if (this.#isClosed || this.#deps.isElsewhere) return;
    const sender = createSender(record, this.#deps);
    if (sender === null) {
      this.#locked.set(record.id, record);
      this.#deps.log.warn({ output: record.id }, LOCKED);
      return;
    }
    const onOver = (why: string) => void this.#inTurn(record.id, () => this.#over(record, run, why));
    const run = new OutputRun({ ...this.#deps, record, sender, names: this.#names, onOver });
    this.#runs.set(record.id, run);
  }

  /** Its receiver wants no more. It was changed before that came to be known, here or at another server: then nothing is over. */
  async #over(record: OutputRecord, run: OutputRun, why: string): Promise<void> {
    const { outputs, log, onStopped, onChanged } = this.#deps;
    if (this.#runs.get(record.id) !== run) return;
    try {
      await this.#stop(record.id, null);
      const stopped = await outputs.stop(record, why);
      if (stopped === null) return await this.#follow(record.id);
      onStopped(stopped);
      onChanged?.();
    } catch (error) {
      log.warn({ err: error, output: record.id }, 'that an output was turned off could not be stored');
    }
  }

  #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#changes.get(key) ?? Promise.resolve()).then(work);
    const settled = done.then(noop, noop).then(() => {
      if (this.#changes.get(key) === settled) this.#changes.delete(key);
    });
    this.#changes.set(key, settled);
    return done;
  }
}

/** Those that are added are counted one after the other. */
const ADDING = 'ADDING';
/** Of streams. */
const REMOVED = 'REMOVED';

function noop(): void {}

const NOTHING_YET = { sent: 0, failed: 0, dropped: 0, waiting: 0 };
