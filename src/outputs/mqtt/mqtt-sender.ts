/**
 * MQTT: a connection is kept open, and opened again with growing pauses. Each time the broker is told anew how things are
 * (`online`, the states of streams, Home Assistant's devices), since it may have forgotten; what happens then comes behind.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Log } from '../../domain/log.ts';
import type { MqttTarget, OutputRecord, PresentStream } from '../../domain/output.ts';
import { type Backoff, createBackoff } from '../../threads/backoff.ts';
import { sleep } from '../../threads/sleep.ts';
import { unlessAborted } from '../../threads/unless-aborted.ts';
import type { AllowedHosts } from '../allowed-hosts.ts';
import type { OutputMessage, Standing } from '../message.ts';
import { examplePayload } from '../payload.ts';
import { type Delivery, DeliveryError, type Report, type Sender } from '../sender.ts';
import { type Connection, connectMqtt } from './connection.ts';
import { sayGoodbye, takeBack } from './last-messages.ts';
import { type Publish, Retained } from './retained.ts';
import { type Publication, publicationOf } from './topics.ts';

export interface MqttOptions {
  reach: AllowedHosts;
  record: OutputRecord;
  /** The streams that it is told of, as they are now. */
  present(): Promise<PresentStream[]>;
  log: Pick<Log, 'warn'>;
  /** Which run of which server this is: a broker lets one client of a name be connected, and no other. */
  server: string;
  /** For connecting, and for each publication. */
  milliseconds?: number;
  pauses?: { shortest: number; longest: number };
  /** What is told has its time by it, in milliseconds since the epoch; default: this machine's clock. */
  now?: (() => number) | undefined;
  /** From one `online` to the next. */
  presence?: number;
}

const WAIT_MS = 10_000;
/** Connections that a message may end: some brokers end them at what they do not allow. */
const TRIES = 5;
const PAUSES = { shortest: 1_000, longest: 60_000 };
/** A broker may have heard `offline` of somebody else: the last will of a run before this one, which it tells when it misses that. */
const PRESENCE_MS = 30_000;

export class MqttSender implements Sender {
  // It waits for the connection however long that takes; the queue before it is bounded. What ends one after the other is given up.
  readonly patience = { tries: TRIES, milliseconds: Number.POSITIVE_INFINITY };
  readonly #target: MqttTarget;
  readonly #options: MqttOptions;
  readonly #retained: Retained;
  readonly #end = new AbortController();
  /** What the output is when this has ended, undefined: the server ends; and when that has to be over. */
  #ending: { becomes: OutputRecord | null | undefined; late: AbortSignal } = {
    ...{ becomes: undefined, late: this.#end.signal },
  };
  #report: Report | null = null;
  #connection: Connection | null = null;
  #waiters: (() => void)[] = [];
  #keeping: Promise<void> = Promise.resolve();
  #hasLeft = false;

  constructor(target: MqttTarget, options: MqttOptions) {
    this.#target = target;
    this.#options = options;
    this.#retained = new Retained(target, options.record, options.now);
  }

  start(report: Report, standing: (streamId: string) => Standing): void {
    report.connecting();
    this.#report = report;
    this.#keeping = this.#keepConnected(report, standing);
  }

  async send(message: OutputMessage, { signal }: Delivery): Promise<void> {
    await unlessAborted(signal, () => this.#connected());
    const connection = this.#connection;
    if (connection === null) throw new DeliveryError('The connection was lost.', 'AGAIN');
    const publish: Publish = (publication) => connection.publish(publication, signal);
    await unlessAborted(signal, () => this.#tell(message, publish));
  }

  async trial(signal: AbortSignal) {
    const topic = `${this.#target.prefix}/test`;
    const clientId = `mien-test-${randomBytes(8).toString('hex')}`;
    let connection: Connection | null = null;
    try {
      connection = await this.#connect(clientId, signal);
      const payload = JSON.stringify(examplePayload((this.#options.now ?? Date.now)()));
      await connection.publish({ topic, payload, qos: 1, retain: false });
      return { ok: true, message: `The broker took a message on ${topic}.`, status: null, answer: null };
    } catch (error) {
      return { ok: false, message: (error as Error).message, status: null, answer: null };
    } finally {
      await connection?.end();
    }
  }

  async close(becomes?: OutputRecord | null, late = new AbortController().signal): Promise<void> {
    this.#ending = { becomes, late };
    this.#end.abort();
    await this.#keeping;
    if (becomes !== undefined && !this.#hasLeft) this.#warn('there was no connection to it');
  }

  get #clientId(): string {
    const { record, server } = this.#options;
    return `mien-${record.id}-${createHash('sha256').update(server).digest('hex').slice(0, 8)}`;
  }

  #connect(clientId: string, signal: AbortSignal, will?: Publication) {
    const { reach, milliseconds = WAIT_MS } = this.#options;
    return connectMqtt(this.#target, { reach, clientId, signal, milliseconds, ...(will && { will }) });
  }

  async #keepConnected(report: Report, standing: (streamId: string) => Standing): Promise<void> {
    const { signal } = this.#end;
    const backoff = createBackoff(this.#options.pauses ?? PAUSES);
    while (!signal.aborted) {
      const why = await this.#untilLost({ report, standing, backoff }).catch((error) =>
        signal.aborted ? '' : this.#sentenceOf(error),
      );
      if (signal.aborted) return;
      report.failing(why);
      await sleep(backoff.next(), signal);
    }
  }

  /** One connection, from its beginning to its end. @returns why it ended */
  async #untilLost({ report, standing, backoff }: LinkParts): Promise<string> {
    const { signal } = this.#end;
    const connection = await this.#connect(this.#clientId, signal, this.#retained.offline);
    const publish = this.#unlessRefused((publication) => connection.publish(publication, signal));
    const presence = setInterval(
      // A connection that does not take it is over, which is told by `closed`.
      () => void publish(this.#retained.online).catch(() => {}),
      this.#options.presence ?? PRESENCE_MS,
    );
    try {
      const present = await unlessAborted(signal, () => this.#options.present());
      await unlessAborted(signal, () => this.#retained.tell(present, standing, publish));
      backoff.reset();
      report.ready();
      this.#connection = connection;
      for (const wake of this.#waiters.splice(0)) wake();
      return await unlessAborted(signal, () => connection.closed);
    } finally {
      clearInterval(presence);
      this.#connection = null;
      // Also one that became ready while this is closed.
      if (signal.aborted) await this.#leave(connection);
      connection.destroy();
    }
  }

  /** Of what a broker keeps: that it may not be told some of it is to be known, and costs nothing else. */
  #unlessRefused(publish: Publish): Publish {
    return async (publication) => {
      try {
        await publish(publication);
      } catch (error) {
        if (!(error instanceof DeliveryError && error.consequence === 'LOST')) throw error;
        this.#report?.failing(error.message);
      }
    };
  }

  #sentenceOf(error: unknown): string {
    if (error instanceof DeliveryError) return error.message;
    this.#options.log.warn({ err: error, output: this.#options.record.id }, 'an output failed');
    return `${UNREAD}; it is tried again.`;
  }

  async #connected(): Promise<void> {
    while (this.#connection === null) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async #tell(message: OutputMessage, publish: Publish): Promise<void> {
    if (message.type === 'removed') return this.#retained.takeAway(message.stream.id, publish);
    await this.#retained.announce(message.stream, this.#unlessRefused(publish));
    await publish(publicationOf(message, this.#retained.topics));
  }

  async #leave(connection: Connection): Promise<void> {
    const { becomes, late } = this.#ending;
    if (becomes === undefined) await sayGoodbye(connection, this.#retained.offline);
    else {
      const present = await unlessAborted(AbortSignal.any([late, AbortSignal.timeout(WAIT_MS)]), () =>
        this.#options.present(),
      ).catch((error) => {
        this.#options.log.warn({ err: error, output: this.#options.record.id }, UNREAD);
        return [];
      });
      const left = await takeBack(connection, this.#retained.takenBack(becomes, present), late);
      this.#hasLeft = true;
      if (left > 0) this.#warn(`${left} of its topics were not cleared in time, or not allowed to be`);
    }
    await connection.end();
  }

  #warn(why: string): void {
    const { log, record } = this.#options;
    log.warn(
      { output: record.id },
      `A broker may keep what an output told it: ${why}. Clear what is retained below ${this.#target.prefix}/streams there (docs/outputs.md says how).`,
    );
  }
}

const UNREAD = 'What streams there are could not be read';

interface LinkParts {
  report: Report;
  standing: (streamId: string) => Standing;
  backoff: Backoff;
}
