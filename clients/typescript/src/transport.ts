/** How subscriptions come. */
import type { GraphQLRequest } from './http.ts';
import type { Answer, Server } from './server.ts';

export interface Transport {
  /**
   * One subscription: its results until it is complete. The connection, or its share of one, ends when the loop over it is
   * left or `signal` is aborted.
   *
   * @throws MienError, ConnectionLost, and what `signal` was aborted with
   */
  subscribe(server: Server, request: GraphQLRequest, options: SubscribeOptions): AsyncGenerator<Answer, void>;
}

export interface SubscribeOptions {
  signal: AbortSignal;
  /** Called once it is let in. */
  onOpen?: () => void;
}
