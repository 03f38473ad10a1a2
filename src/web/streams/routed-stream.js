/** What the address names, as the server tells it: a stream, perhaps one of its sessions, or why neither is there. */

import { FIRST, OPENED } from '../documents.js';
import { mien } from '../graphql-client.js';
import { isSameRoute, parseRoute, streamLink } from '../page/route.js';
import { NOWHERE, noSession, noStream } from './dead-link.js';
import { createStreamCache } from './stream-cache.js';

/** @import { DeadLink } from './dead-link.js' */
/** @import { Route, StreamRoute } from '../page/route.js' */
/** @import { OpenedSession, Status, Stream } from '../types.js' */

/**
 * `looking`: the server has not told yet; `empty`: there is no stream at all; `dead`: what is named is not there.
 * @typedef {{ kind: 'looking' | 'empty' | 'wall' } | { kind: 'dead', dead: DeadLink } | OpenedStream} Place
 */
/** @typedef {{ kind: 'stream', stream: Stream, session: OpenedSession | null }} OpenedStream session null: the newest */

export class RoutedStream {
  /** @type {Route} */
  #route = { kind: 'nowhere' };
  /** @type {Place} */
  #current = { kind: 'looking' };
  /** The name of the stream of this route, once it was shown. @type {string | null} */
  #shownName = null;
  #cache = createStreamCache(async () => ({ streams: [], total: 0 }));
  #known;
  #onChange;

  /**
   * @param {object} options
   * @param {(id: string) => Stream | null} options.known a stream that the page knows already
   * @param {() => void} options.onChange
   */
  constructor({ known, onChange }) {
    this.#known = known;
    this.#onChange = onChange;
  }

  get current() {
    return this.#current;
  }

  /** Opens what the address names now, or reads it anew when it is open. */
  async follow() {
    const route = parseRoute(location.hash);
    if (!isSameRoute(this.#route, route)) this.#leaveFor(route);
    const asked = this.#route;
    if (asked.kind === 'stream') {
      await this.#cache.refresh();
      if (asked === this.#route) this.#tell(asked);
    } else if (asked.kind === 'start') await this.#openFirst();
    else this.#set(asked.kind === 'wall' ? { kind: 'wall' } : { kind: 'dead', dead: NOWHERE });
  }

  /** @param {Status} status */
  apply(status) {
    const route = this.#route;
    if (route.kind !== 'stream' || !this.#cache.apply(status) || this.#current.kind !== 'stream') return;
    this.#tell(route);
  }

  /** @param {Route} route */
  #leaveFor(route) {
    const { current } = this;
    this.#route = route;
    if (route.kind === 'stream') this.#cache = createStreamCache(() => read(route));
    // Another session of the same stream: who chose it by keyboard stays in the list of sessions.
    if (route.kind === 'stream' && current.kind === 'stream' && route.streamId === current.stream.id) return;
    this.#shownName = null;
    const stream = route.kind === 'stream' && route.sessionId === null ? this.#known(route.streamId) : null;
    this.#set(stream === null ? { kind: 'looking' } : { kind: 'stream', stream, session: null });
  }

  /** The address then names it, so that the page stays with it whatever happens to others. */
  async #openFirst() {
    const { running, all } = await mien.request(FIRST);
    if (this.#route.kind !== 'start') return;
    const [first] = [...running.nodes, ...all.nodes];
    if (first === undefined) return this.#set({ kind: 'empty' });
    history.replaceState(null, '', streamLink(first.id));
    await this.follow();
  }

  /** @param {StreamRoute} route */
  #tell({ streamId, sessionId }) {
    const stream = this.#cache.get(streamId);
    if (stream === null) return this.#set({ kind: 'dead', dead: noStream(this.#shownName) });
    const { opened: session = null } = stream;
    if (sessionId !== null && session?.stream.id !== stream.id)
      return this.#set({ kind: 'dead', dead: noSession(stream, session) });
    this.#set({ kind: 'stream', stream, session });
  }

  /** @param {Place} place */
  #set(place) {
    this.#current = place;
    if (place.kind === 'stream') this.#shownName = place.stream.name;
    this.#onChange();
  }
}

/** @param {StreamRoute} route */
async function read({ streamId, sessionId }) {
  const variables = { streamId, sessionId: sessionId ?? '', withSession: sessionId !== null };
  /** @type {{ stream: Stream | null, session?: OpenedSession | null }} */
  const { stream, session = null } = await mien.request(OPENED, variables);
  return { streams: stream ? [{ ...stream, opened: session }] : [], total: stream ? 1 : 0 };
}
