/** The list that describes the faces of the newest moment in words. */

import { writeFace } from '../face-words.js';
import { cloneTemplate, find, reconcile } from '../page/dom.js';

/** @import { Face } from '../types.js' */

/**
 * @param {readonly Face[]} faces
 */
export function renderFaceList(faces) {
  reconcile(find('#faces', HTMLUListElement), faces, {
    key: ({ track }) => String(track),
    create: () => cloneTemplate('face-card'),
    update: updateCard,
  });
  for (const id of ['#no-faces', '#stage-empty']) find(id, HTMLElement).hidden = faces.length > 0;
}

/**
 * @param {HTMLElement} card
 * @param {Face} face
 */
function updateCard(card, face) {
  writeFace(card, face);
  const { valence, arousal } = face;
  // From −1 at the left to +1 at the right.
  for (const [name, value] of Object.entries({ valence, arousal }))
    find(`.scale[data-of=${name}] .mark`, HTMLElement, card).style.left = `${(value + 1) * 50}%`;
}
