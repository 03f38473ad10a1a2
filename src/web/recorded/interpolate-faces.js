/** Where the faces of a moment are in a frame that lies between it and the next one: in step with the picture, of which not every frame is scored. */

/** @import { StageFace } from './types.js' */
/** @import { Standing } from './moment-cache.js' */

/**
 * Places alone are told between two moments. What a face expresses is what was stored.
 * @param {Standing} standing
 * @param {number} time
 * @returns {StageFace[]}
 */
export function interpolateFaces({ moment, next }, time) {
  const elapsed = next === null ? 0 : (time - moment.mediaTime) / (next.mediaTime - moment.mediaTime);
  if (next === null || next.cut || elapsed <= 0) return moment.faces;
  const share = Math.min(1, elapsed);
  return moment.faces.map((face) => {
    const then = next.faces.find(({ track }) => track === face.track);
    return then === undefined ? face : moved(face, then, share);
  });
}

/** @param {StageFace} face @param {StageFace} then @param {number} share @returns {StageFace} */
function moved(face, then, share) {
  const mix = (/** @type {number} */ from, /** @type {number} */ to) => from + (to - from) * share;
  const { x, y, width, height } = face.box;
  const box = {
    ...{ x: mix(x, then.box.x), y: mix(y, then.box.y) },
    ...{ width: mix(width, then.box.width), height: mix(height, then.box.height) },
  };
  const landmarks =
    face.landmarks?.map((point, index) => {
      const to = then.landmarks?.[index] ?? point;
      return { x: mix(point.x, to.x), y: mix(point.y, to.y) };
    }) ?? null;
  return { ...face, box, landmarks };
}
