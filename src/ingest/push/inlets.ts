/**
 * Where those who send video and the sessions that analyse it find each other. One at a time sends to an inlet: a second is
 * refused while the first sends, and takes its place where that has been silent, because its connection may be dead.
 */
import type { Readable } from 'node:stream';
import { MienError } from '../../errors.ts';
import { Sender } from './video-sender.ts';

/** A sender that gives nothing for so long is dead to another that comes. */
const SILENT_MS = 5_000;
/** How long a sender is held before a session takes what it sends: one that was lost waits a moment before it goes on. */
const HELD_MS = 15_000;

interface Inlet {
  /** Whom a session waits for. */
  wanted: ((sender: Sender) => void) | null;
  /** Whose video is analysed. */
  current: Sender | null;
  /** Who waits for a session. */
  held: Sender | null;
}

export class Inlets {
  readonly #inlets = new Map<string, Inlet>();
  readonly #silentMs: number;
  readonly #heldMs: number;

  constructor({ silentMs = SILENT_MS, heldMs = HELD_MS } = {}) {
    this.#silentMs = silentMs;
    this.#heldMs = heldMs;
  }

  /**
   * Resolves when what was sent has ended, and was analysed.
   * @param onTaken called when a session begins to read it
   * @throws MienError CONFLICT when another sends, or no session reads; SOURCE_NOT_VIDEO and all others that the source of a session ends with
   */
  async send(name: string, body: Readable, onTaken = () => {}): Promise<void> {
    const inlet = this.#at(name);
    const { current, held } = inlet;
    const isLeft = current === null || current.hasEnded || current.isSilent(this.#silentMs);
    const isHeld = held !== null && !held.hasEnded;
    if (isHeld || !isLeft) throw anotherSends();
    held?.end(takenOver());
    const sender = new Sender(body, onTaken);
    // What one had sent that is gone is still analysed.
    if (current?.hasEnded === false) current.end(takenOver());
    if (inlet.wanted) this.#take(inlet, sender);
    else inlet.held = sender;
    const late = setTimeout(() => {
      if (inlet.held === sender) sender.end(nobodyReads());
    }, this.#heldMs);
    try {
      await sender.done;
    } finally {
      clearTimeout(late);
      if (inlet.current === sender) inlet.current = null;
      if (inlet.held === sender) inlet.held = null;
      this.#forget(name, inlet);
    }
  }

  /** The next sender, however long that takes. It has to be ended. @throws the signal's reason when it aborts before */
  take(name: string, signal: AbortSignal): Promise<Sender> {
    signal.throwIfAborted();
    const inlet = this.#at(name);
    return new Promise((resolve, reject) => {
      const leave = () => {
        if (inlet.wanted === wanted) inlet.wanted = null;
        this.#forget(name, inlet);
        reject(signal.reason as Error);
      };
      const wanted = (sender: Sender) => {
        signal.removeEventListener('abort', leave);
        inlet.wanted = null;
        resolve(sender);
      };
      inlet.wanted = wanted;
      signal.addEventListener('abort', leave, { once: true });
      if (inlet.held) this.#take(inlet, inlet.held);
    });
  }

  /** Whoever sends there now is told why it may not any more. */
  drop(name: string, why: MienError): void {
    const inlet = this.#inlets.get(name);
    inlet?.current?.end(why);
    inlet?.held?.end(why);
  }

  #take(inlet: Inlet, sender: Sender): void {
    inlet.held = null;
    inlet.current = sender;
    inlet.wanted?.(sender);
    sender.taken();
  }

  #at(name: string): Inlet {
    const known = this.#inlets.get(name);
    if (known) return known;
    const inlet: Inlet = { wanted: null, current: null, held: null };
    this.#inlets.set(name, inlet);
    return inlet;
  }

  #forget(name: string, { wanted, current, held }: Inlet): void {
    if (!wanted && !current && !held) this.#inlets.delete(name);
  }
}

function anotherSends(): MienError {
  return new MienError(
    'CONFLICT',
    'Another sends video to this stream: end that first, or try again in a few seconds.',
  );
}

function takenOver(): MienError {
  return new MienError(
    'CONFLICT',
    'Another sends to this stream now, because nothing came from here for a while.',
  );
}

function nobodyReads(): MienError {
  return new MienError(
    'CONFLICT',
    'This stream does not take video now: start it, or try again in a moment.',
  );
}
