/**
 * What `outputs` needs of the rooms below it. Each room exports functions of these shapes without knowing
 * this file; the composition root hands them over.
 */
import type { LiveEventKind, LiveEventOf, Scope } from '../domain/live-event.ts';
import type { Log } from '../domain/log.ts';
import type { NewOutput, OutputChange, OutputKind, OutputRecord, PresentStream } from '../domain/output.ts';

/** store: the outputs. */
export interface OutputStore {
  /** @throws MienError NOT_FOUND: its stream is not there; CONFLICT: another one has its topics */
  create(output: NewOutput): Promise<OutputRecord>;
  get(id: string): Promise<OutputRecord | null>;
  count(): Promise<number>;
  /** Those that are turned on. */
  enabled(): Promise<OutputRecord[]>;
  /** Works again, where mien had turned it off. @throws MienError NOT_FOUND; CONFLICT */
  update(id: string, change: OutputChange): Promise<OutputRecord>;
  /** Mien turns it off by itself. @returns null: it goes elsewhere meanwhile, is off, or removed, and stays as it is */
  stop(output: OutputRecord, why: string): Promise<OutputRecord | null>;
  /** All streams, or one, with their newest sessions. */
  present(streamId: string | null): Promise<PresentStream[]>;
  /** @throws MienError NOT_FOUND */
  remove(id: string): Promise<void>;
  /**
   * Streams that were removed lately, at any server.
   * @param server which run of which server asks
   * @returns isOurs: it tells receivers of that, and no other does
   */
  removed(server: string): Promise<{ streamId: string; isOurs: boolean }[]>;
}

/** bus: a bounded queue of an output's own. */
export interface EventQueue<Event> {
  /** The next event; null once the queue was closed. */
  take(): Promise<{ event: Event; skippedBefore: number } | null>;
  push(event: Event): void;
  /** Events that wait. */
  readonly length: number;
  /** Takes no more; what waits can still be taken. */
  end(): void;
  /** Lets go of what waits. */
  close(): void;
}

/** bus: what is published, once it is committed. */
export interface LiveFeed {
  subscribe<Kind extends LiveEventKind>(
    kinds: readonly Kind[],
    scope: Scope,
    options: { capacity: number },
  ): EventQueue<LiveEventOf<Kind>>;
}

export interface OutputMetrics {
  sent(output: OutputLabels): void;
  failed(output: OutputLabels): void;
  dropped(output: OutputLabels, messages: number): void;
  waiting(output: OutputLabels, messages: number): void;
  /** It is gone, or turned off. */
  forget(output: OutputLabels): void;
}

/** By which its numbers are told from others’. */
export interface OutputLabels {
  output: string;
  kind: OutputKind;
}

export interface OutputDeps {
  outputs: OutputStore;
  /** store: what a stream is called; null when it is gone. */
  streamName(id: string): Promise<string | null>;
  feed: LiveFeed;
  metrics: OutputMetrics;
  /** Which run of which server this is; a UUID. */
  server: string;
  /** An output was turned off by mien itself, because its receiver wants no more. */
  onStopped(output: OutputRecord): void;
  /** One was added, changed or removed here, which other servers are to know. */
  onChanged?(): void;
  /** None is run here: the servers that run streams tell of them. */
  isElsewhere?: boolean;
  /** What happens has its times by it, in milliseconds since the epoch; default: this machine's clock. */
  now?: () => number;
  log: Pick<Log, 'info' | 'warn'>;
}
