/** Tells whoever the camera sees that others can look at its picture, which operators may allow while it is sent. */
import { ConnectionLost, mayPass } from '../client.js';
import { CAMERA_PREVIEW } from '../documents.js';
import { mien } from '../graphql-client.js';
import { find } from '../page/dom.js';

/** Nobody is told of a change of a stream's settings: it is asked for. */
const ASK_MS = 3000;

/** @param {{ onProblem: (problem: unknown) => void }} options */
export function createCameraNotice({ onProblem }) {
  const place = find('#camera-notice', HTMLElement);
  let watching = new AbortController();
  const clear = () => {
    watching.abort();
    place.hidden = true;
  };
  return {
    clear,
    /** @param {string} streamId */
    watch(streamId) {
      clear();
      watching = new AbortController();
      const { signal } = watching;
      const ask = async () => {
        const isLookedAt = await isPreviewOf(streamId);
        if (!signal.aborted) place.hidden = !isLookedAt;
      };
      const askOrTell = () =>
        ask().catch((problem) => {
          // The panel tells that the server is away; what was known last stays.
          if (signal.aborted || problem instanceof ConnectionLost) return;
          if (!mayPass(problem)) clearInterval(again);
          onProblem(problem);
        });
      const again = setInterval(askOrTell, ASK_MS);
      signal.addEventListener('abort', () => clearInterval(again));
      askOrTell();
    },
  };
}

/** @param {string} streamId */
async function isPreviewOf(streamId) {
  /** @type {{ stream: { preview: boolean } | null }} */
  const { stream } = await mien.request(CAMERA_PREVIEW, { id: streamId });
  return stream?.preview ?? false;
}
