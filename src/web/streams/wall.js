/** All streams that run, side by side: what was last seen in each, how much of it is covered, and what was dropped. */
import { paintOncePerFrame } from '../chart/canvas.js';
import { messageOf, retry } from '../client.js';
import { WALL, WALL_MOMENTS } from '../documents.js';
import { writeExpression } from '../face-words.js';
import {
  count,
  droppedFrames,
  duration,
  LIVE_STATES,
  LOW_COVERAGE,
  percent,
  stateName,
  withinSentence,
} from '../format.js';
import { mien } from '../graphql-client.js';
import { cloneTemplate, find, reconcile, setText } from '../page/dom.js';
import { createOwnProblem } from '../page/own-problem.js';
import { poll } from '../page/poll.js';
import { streamLink } from '../page/route.js';
import { whileVisible } from '../page/visibility.js';

/** @import { OwnProblem } from '../page/own-problem.js' */
/** @import { WallFace, WallMoment, WallStream } from '../types.js' */

/** Milliseconds between readings of what does not come by itself. */
const REFRESH_MS = 5000;
const AGE_MS = 1000;
/** Streams on the wall; those beyond are counted. */
const MOST = 60;
/** Faces that are named on a tile. */
const FACES = 3;

/** @typedef {{ faces: WallFace[], at: number }} Seen faces that were seen, and when by this page's clock */
/** @typedef {{ streams: readonly WallStream[], seen: Map<string, Seen>, total: number | null }} Shown `seen` by the ids of sessions; total null: the server has not told yet */

/**
 * @param {{ onProblem: (problem: unknown) => void }} options null: it is over
 * @returns {() => void} closes it
 */
export function openWall({ onProblem }) {
  // Who comes back to it while the server is away sees what there was.
  /** @type {Shown} */
  const shown = { streams: [], seen: new Map(), total: null };
  render(shown);
  return whileVisible(() => {
    const stop = new AbortController();
    const { signal } = stop;
    // Of many streams a moment comes at every moment.
    const show = paintOncePerFrame(() => signal.aborted || render(shown));
    const refresh = async () => {
      const variables = { states: LIVE_STATES, first: MOST };
      /** @type {{ streams: { nodes: WallStream[], totalCount: number } }} */
      const { streams } = await mien.request(WALL, variables, { signal });
      Object.assign(shown, { streams: streams.nodes, total: streams.totalCount });
      forgetOthers(shown);
      show();
      return true;
    };
    poll(REFRESH_MS, refresh, { signal, problem: createOwnProblem(onProblem) });
    followFaces(shown, { signal, show, problem: createOwnProblem(onProblem) });
    // Faces grow old also where nothing comes.
    const timer = setInterval(show, AGE_MS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  });
}

/** Of sessions that are over, or beyond those that are shown. @param {Shown} shown */
function forgetOthers({ streams, seen }) {
  const present = new Set(streams.map(({ latestSession }) => latestSession?.id));
  for (const id of seen.keys()) if (!present.has(id)) seen.delete(id);
}

/**
 * @param {Shown} shown
 * @param {{ signal: AbortSignal, show: () => void, problem: OwnProblem }} options
 */
function followFaces({ seen }, { signal, show, problem }) {
  const tell = (/** @type {string} */ reason) =>
    problem.tell(new Error(`What is shown is as it last was: ${withinSentence(reason)}.`));
  retry(
    async (opened) => {
      const onOpen = () => {
        opened();
        problem.over();
      };
      const moments = /** @type {AsyncGenerator<{ frameEmotions: WallMoment }>} */ (
        mien.subscribe(WALL_MOMENTS, {}, { signal, onOpen })
      );
      for await (const { frameEmotions } of moments) {
        const { sessionId, faces } = frameEmotions;
        if (faces.length > 0) seen.set(sessionId, { faces, at: performance.now() });
        show();
      }
    },
    { signal, onLost: ({ reason }) => tell(reason) },
  ).catch((found) => signal.aborted || tell(messageOf(found)));
}

/** @param {Shown} shown */
function render({ streams, seen, total }) {
  setText(find('#wall-count', HTMLElement), runningSentence(streams.length, total));
  reconcile(find('#wall-tiles', HTMLElement), streams, {
    key: ({ id }) => id,
    create: () => cloneTemplate('tile'),
    update: (tile, stream) => writeTile(tile, stream, seen.get(stream.latestSession?.id ?? '')),
  });
}

/** @param {number} shown @param {number | null} total null: it is not known yet */
export function runningSentence(shown, total) {
  if (total === null) return 'Asking the server…';
  if (total === 0) return 'No stream runs now.';
  const more = total > shown ? `; ${count(total - shown, 'more is', 'more are')} in the list` : '';
  return `${count(shown, 'stream')} running${more}.`;
}

/**
 * @param {HTMLElement} tile
 * @param {WallStream} stream
 * @param {Seen | undefined} seen
 */
function writeTile(tile, { id, name, latestSession }, seen) {
  const link = find('a', HTMLAnchorElement, tile);
  link.hash = streamLink(id);
  const title = find('.name', HTMLElement, tile);
  setText(title, name);
  title.title = name;
  const state = find('.state', HTMLElement, tile);
  state.dataset.state = latestSession?.state ?? 'NEVER';
  setText(state, stateName(latestSession?.state ?? null));
  writeFaces(tile, seen);
  const { coverage, dropped } = latestSession?.summary ?? { coverage: 0, dropped: [] };
  const place = find('.coverage', HTMLElement, tile);
  setText(place, percent(coverage));
  place.classList.toggle('low', coverage < LOW_COVERAGE);
  setText(find('.dropped', HTMLElement, tile), droppedFrames(dropped).toLocaleString('en'));
}

/**
 * @param {HTMLElement} tile
 * @param {Seen | undefined} seen
 */
function writeFaces(tile, seen) {
  const age = seen ? (performance.now() - seen.at) / 1000 : 0;
  tile.classList.toggle('stale', seen !== undefined && age > 3);
  const faces = seen?.faces ?? [];
  reconcile(find('.tile-faces', HTMLElement, tile), faces.slice(0, FACES), {
    key: ({ track }) => String(track),
    create: () => cloneTemplate('tile-face'),
    update: writeExpression,
  });
  setText(find('.seen', HTMLElement, tile), seenSentence(faces.length, seen === undefined ? null : age));
}

/**
 * @param {number} faces
 * @param {number | null} age in seconds; null: none was seen while somebody looked
 */
function seenSentence(faces, age) {
  if (age === null) return 'No face yet.';
  const more = faces > FACES ? `and ${count(faces - FACES, 'more face')}; ` : '';
  return `${more}${age > 3 ? `last seen ${duration(Math.round(age))} ago` : 'now'}`;
}
