/**
 * What a receiver was told begins, and not that it ends. Where that is erased, also while its end is on the way, it is told that it
 * ended all the same, without what was measured.
 */
import type { LiveEvent } from '../domain/live-event.ts';
import type { OutputMessage } from './message.ts';
import { DeliveryError } from './sender.ts';

type Lasting = Extract<OutputMessage, { type: 'episode' | 'rule' | 'coverage' }>;

/** More are not remembered: the oldest is forgotten. */
const MOST = 10_000;

export class UnendedEvents {
  readonly #now: () => number;
  readonly #unended = new Map<string, Lasting>();

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  /** @param send may have reached the receiver also where it fails, unless it was refused for good */
  async tell(message: OutputMessage, send: () => Promise<void>): Promise<void> {
    if (!isLasting(message)) return send();
    const key = keyOf(message);
    const isBeginning = begins(message);
    if (isBeginning) this.#remember(key, message);
    try {
      await send();
    } catch (error) {
      if (isBeginning && error instanceof DeliveryError && error.consequence === 'LOST')
        this.#unended.delete(key);
      throw error;
    }
    if (!isBeginning) this.#unended.delete(key);
  }

  /**
   * @param ended of which no end will be told, or is on the way
   * @returns that they ended
   */
  erased(isGone: (event: LiveEvent) => boolean, ended: readonly OutputMessage[]): OutputMessage[] {
    const ends = ended.filter(isLasting).filter((message) => !begins(message));
    const gone = new Set(ends.map(keyOf));
    for (const [key, { type, origin }] of this.#unended)
      if (type === 'episode' && origin !== null && isGone(origin)) gone.add(key);
    return [...gone].flatMap((key) => {
      const message = this.#unended.get(key);
      this.#unended.delete(key);
      return message === undefined ? [] : [endOf(message, new Date(this.#now()))];
    });
  }

  #remember(key: string, message: Lasting): void {
    this.#unended.set(key, message);
    if (this.#unended.size > MOST) this.#unended.delete(this.#unended.keys().next().value!);
  }
}

function isLasting(message: OutputMessage): message is Lasting {
  return message.type === 'episode' || message.type === 'rule' || message.type === 'coverage';
}

function begins(message: Lasting): boolean {
  switch (message.type) {
    case 'episode':
      return message.kind === 'ONSET';
    case 'rule':
      return message.holds;
    case 'coverage':
      return message.isLow;
  }
}

/** The same of its beginning and of its end. */
function keyOf(message: Lasting): string {
  const { type, stream, sessionId } = message;
  switch (type) {
    case 'episode':
      return JSON.stringify([type, sessionId, message.episode.index]);
    case 'rule':
      return JSON.stringify([type, stream.id, sessionId, message.rule.name, message.track]);
    case 'coverage':
      return JSON.stringify([type, stream.id, sessionId]);
  }
}

function endOf(message: Lasting, at: Date): OutputMessage {
  const common = { at, origin: null, isErased: true } as const;
  switch (message.type) {
    case 'episode':
      return { ...message, ...common, kind: 'OFFSET' };
    case 'rule':
      return { ...message, ...common, holds: false };
    case 'coverage':
      return { ...message, ...common, isLow: false, isOver: true };
  }
}
