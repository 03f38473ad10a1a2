/** What NATS does not let a server do, told once for each, with what its user needs. */
import type { Log } from '../domain/log.ts';
import { PermissionViolationError } from './nats.ts';

export class NatsPermissions {
  readonly #log: Pick<Log, 'error'>;
  readonly #told = new Set<string>();
  /** What to do, in a sentence; null: nothing was refused. */
  sentence: string | null = null;

  constructor(log: Pick<Log, 'error'>) {
    this.#log = log;
  }

  note(error: unknown): void {
    if (!(error instanceof PermissionViolationError)) return;
    const { operation, subject } = error;
    const rights = `${subject.split('.')[0]}.>`;
    this.sentence = `NATS does not let the user of NATS_URL ${operation === 'publish' ? 'publish to' : 'subscribe to'} \`${rights}\`, by which servers ask each other: give it \`mien.>\`, \`mien-asks.>\` and \`_INBOX.>\`, for publishing and subscribing.`;
    if (this.#told.has(this.sentence)) return;
    this.#told.add(this.sentence);
    this.#log.error({ subject, operation }, this.sentence);
  }

  /** Connected anew, maybe with other rights. */
  forget(): void {
    this.sentence = null;
    this.#told.clear();
  }
}
