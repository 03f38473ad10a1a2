/** The list of streams beside the page: searched, filtered and sorted by the server, with the state of each as it changes. */

import { paintOncePerFrame } from '../chart/canvas.js';
import { messageOf } from '../client.js';
import { STREAMS } from '../documents.js';
import { sourceLabel, stateName } from '../format.js';
import { mien } from '../graphql-client.js';
import { cloneTemplate, find, reconcile, setText, showText } from '../page/dom.js';
import { streamLink } from '../page/route.js';
import { throttle } from '../page/throttle.js';
import { createStreamCache } from './stream-cache.js';
import { canListMore, countSentence, createStreamQuery } from './stream-query.js';

/** @import { Status, Stream } from '../types.js' */

/** The least milliseconds between readings because of what changed. */
const PAUSE_MS = 1000;
/** With so many streams the fields to search them are offered. */
const MANY = 8;

export function createStreamList() {
  /** @type {string | null} */
  let selectedId = null;
  const refresh = async () => {
    await streams.refresh();
    showProblem(null);
    render();
  };
  const refreshSoon = throttle(PAUSE_MS, refresh, showProblem);
  const query = createStreamQuery(() => refresh().catch(showProblem));
  const streams = createStreamCache(async () => {
    /** @type {{ streams: { nodes: Stream[], totalCount: number } }} */
    const answer = await mien.request(STREAMS, query.variables);
    return { streams: answer.streams.nodes, total: answer.streams.totalCount };
  });
  const render = paintOncePerFrame(() => {
    renderList(streams.all(), selectedId);
    writeCount(streams.all().length, streams.total(), query.isFiltered);
  });

  return {
    refresh,
    showProblem,
    /** @param {Status} status */
    apply(status) {
      const isListed = streams.apply(status);
      if (query.isByState || (!isListed && streams.all().length === streams.total())) refreshSoon();
      if (isListed) render();
    },
    get: streams.get,
    /** @param {string | null} id */
    select(id) {
      if (selectedId === id) return;
      selectedId = id;
      render();
    },
  };
}

/**
 * @param {readonly Stream[]} streams
 * @param {string | null} selectedId
 */
function renderList(streams, selectedId) {
  const list = find('#streams', HTMLElement);
  const before = list.querySelector('[aria-current]');
  reconcile(list, streams, {
    key: ({ id }) => id,
    create: () => cloneTemplate('stream-item'),
    update(item, { id, name, source, latestSession }) {
      const link = find('a', HTMLAnchorElement, item);
      link.hash = streamLink(id);
      if (id === selectedId) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
      const state = find('.state', HTMLElement, item);
      state.dataset.state = latestSession?.state ?? 'NEVER';
      setText(state, stateName(latestSession?.state ?? null));
      const place = find('.name', HTMLElement, item);
      setText(place, name);
      // It is cut to two lines.
      place.title = name;
      setText(find('.where', HTMLElement, item), sourceLabel(source));
    },
  });
  const current = list.querySelector('[aria-current]');
  if (current instanceof HTMLElement && current !== before) showInside(list, current);
}

/** Scrolls the list alone, never the page. @param {HTMLElement} list @param {HTMLElement} item */
function showInside(list, item) {
  const [outer, inner] = [list.getBoundingClientRect(), item.getBoundingClientRect()];
  if (inner.top < outer.top) list.scrollTop -= outer.top - inner.top;
  else if (inner.bottom > outer.bottom) list.scrollTop += inner.bottom - outer.bottom;
}

/**
 * @param {number} listed
 * @param {number} total
 * @param {boolean} isFiltered
 */
function writeCount(listed, total, isFiltered) {
  find('#streams-filter', HTMLElement).hidden = !isFiltered && total < MANY;
  find('#streams-count', HTMLElement).hidden = !isFiltered && total < MANY;
  setText(find('#streams-count', HTMLElement), countSentence(listed, total, isFiltered));
  find('#streams-more', HTMLElement).hidden = !canListMore(listed, total);
}

/** @param {unknown} problem null: none any more */
function showProblem(problem) {
  showText(find('#streams-problem', HTMLElement), problem === null ? '' : messageOf(problem));
}
