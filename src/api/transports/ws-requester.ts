/** Who asks over one WebSocket, from `connection_init` on; and its end, when they may not any more. */
import type { IncomingMessage } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { Requester } from '../../domain/access.ts';
import { MienError } from '../../errors.ts';
import type { Auth } from '../auth/auth.ts';
import type { MaskError } from '../errors/mask-errors.ts';
import type { Subscriber } from '../fanout/subscriber.ts';

export interface WsRequesterOptions {
  auth: Pick<Auth, 'identifySocket' | 'hold'>;
  maskError: MaskError;
  /** The request that the WebSocket began with. */
  upgrade: IncomingMessage;
  /** Closes the WebSocket with a reason. */
  close(reason: MienError): void;
}

export class WsRequester {
  readonly #options: WsRequesterOptions;
  readonly #subscribers = new Set<Subscriber>();
  #requester: Requester | null = null;
  #release = (): void => {};
  /** Why nothing is answered any more. */
  #over: MienError | null = null;

  constructor(options: WsRequesterOptions) {
    this.#options = options;
  }

  /** @throws MienError as `identifySocket` does */
  async init(payload: Readonly<Record<string, unknown>> | undefined): Promise<void> {
    const { auth, upgrade } = this.#options;
    const requester = await auth.identifySocket(payload, upgrade);
    // It may have closed meanwhile.
    if (this.#over !== null) throw this.#over;
    this.#requester = requester;
    this.#release = auth.hold(requester, (reason) => void this.#end(reason));
  }

  /** @throws MienError UNAUTHENTICATED, also once they may not ask any more */
  get(): Requester {
    if (this.#over !== null) throw this.#over;
    if (this.#requester === null) throw new MienError('UNAUTHENTICATED', 'Send `connection_init` first.');
    return this.#requester;
  }

  /** A subscription of theirs, until it is over. */
  carry(subscriber: Subscriber): void {
    if (this.#over === null) this.#subscribers.add(subscriber);
    else subscriber.cutOff(this.#options.maskError(this.#over));
  }

  drop(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
  }

  /** The WebSocket has closed. */
  leave(): void {
    this.#over ??= new MienError('UNAUTHENTICATED', 'The WebSocket was closed.');
    this.#release();
    this.#subscribers.clear();
  }

  async #end(reason: MienError): Promise<void> {
    this.#over = reason;
    for (const subscriber of [...this.#subscribers]) subscriber.cutOff(this.#options.maskError(reason));
    await setImmediate(); // their last words go out before the socket closes
    this.#options.close(reason);
  }
}
