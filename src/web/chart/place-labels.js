/** Finds places for the labels of faces where they cover neither other faces nor one another. */

/** @typedef {{ left: number, top: number, width: number, height: number }} Area in pixels */

/** What it costs to cover a pixel of another face, of a label, and of the face that is named. */
const OTHER_FACE = 2;
const LABEL = 4;
const OWN_FACE = 1;
/** Of places that cover nothing the first is taken. */
const ORDER = 1;

/**
 * One label after the other gets the best place that is left: above its face, below, beside, or within.
 * @param {readonly { face: Area, width: number }[]} labels
 * @param {number} height of each label
 * @param {{ width: number, height: number }} frame that no label leaves
 * @returns {Area[]} in the same order
 */
export function placeLabels(labels, height, frame) {
  /** @type {Area[]} */
  const placed = [];
  for (const [index, { face, width }] of labels.entries()) {
    const others = labels.filter((_, other) => other !== index).map((other) => other.face);
    const places = candidates(face, { width, height }).map((place) => keepInside(place, frame));
    const costs = places.map((place, order) => {
      const covered = (/** @type {readonly Area[]} */ areas) =>
        areas.reduce((sum, area) => sum + overlap(place, area), 0);
      return (
        OTHER_FACE * covered(others) + LABEL * covered(placed) + OWN_FACE * covered([face]) + ORDER * order
      );
    });
    placed.push(/** @type {Area} */ (places[costs.indexOf(Math.min(...costs))]));
  }
  return placed;
}

/**
 * @param {Area} face
 * @param {{ width: number, height: number }} size
 * @returns {Area[]} the best first
 */
function candidates(face, { width, height }) {
  const [right, bottom] = [face.left + face.width, face.top + face.height];
  const [above, flushRight] = [face.top - height, right - width];
  return [
    [face.left, above],
    [flushRight, above],
    [face.left, bottom],
    [flushRight, bottom],
    [right, face.top],
    [face.left - width, face.top],
    [right, bottom - height],
    [face.left - width, bottom - height],
    [face.left, face.top],
    [face.left, bottom - height],
  ].map(([left = 0, top = 0]) => ({ left, top, width, height }));
}

/** @param {Area} place @param {{ width: number, height: number }} frame @returns {Area} */
function keepInside(place, frame) {
  return {
    ...place,
    left: Math.max(0, Math.min(place.left, frame.width - place.width)),
    top: Math.max(0, Math.min(place.top, frame.height - place.height)),
  };
}

/** How many pixels two areas share. @param {Area} one @param {Area} other */
function overlap(one, other) {
  const wide = Math.min(one.left + one.width, other.left + other.width) - Math.max(one.left, other.left);
  const high = Math.min(one.top + one.height, other.top + other.height) - Math.max(one.top, other.top);
  return Math.max(0, wide) * Math.max(0, high);
}
