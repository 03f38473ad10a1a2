/** What this tab remembers of the camera that it sends, over a reload: no address, which is a secret. */

const KEPT_AS = 'mien:camera';

/** @typedef {{ streamId: string, name: string, deviceId: string }} SentStream */

/**
 * Where the browser was told to let pages keep nothing, it throws at the mere question: then there is nothing to go on
 * with after a reload, and the camera is sent all the same.
 * @param {SentStream | null} stream null: nothing any more
 */
export function remember(stream) {
  try {
    if (stream === null) sessionStorage.removeItem(KEPT_AS);
    else sessionStorage.setItem(KEPT_AS, JSON.stringify(stream));
  } catch (problem) {
    if (!(problem instanceof DOMException)) throw problem;
  }
}

/** @returns {SentStream | null} */
export function remembered() {
  try {
    const kept = sessionStorage.getItem(KEPT_AS);
    return kept ? JSON.parse(kept) : null;
  } catch (problem) {
    if (!(problem instanceof DOMException)) throw problem;
    return null;
  }
}
