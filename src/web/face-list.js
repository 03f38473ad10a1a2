/** The list that describes the faces of the newest moment in words. */
import { cloneTemplate, find, reconcile, setText } from './dom.js';
import { expressionName, issueName, percent, signed } from './format.js';

/** @import { Face } from './types.js' */

/**
 * @param {readonly Face[]} faces
 */
export function renderFaceList(faces) {
  reconcile(find('#faces', HTMLUListElement), faces, {
    key: ({ track }) => String(track),
    create: () => cloneTemplate('face-card'),
    update: updateCard,
  });
  find('#no-faces', HTMLElement).hidden = faces.length > 0;
}

/**
 * @param {HTMLElement} card
 * @param {Face} face
 */
function updateCard(card, face) {
  const { track, expression, confidence, agreement, quality, valence, arousal } = face;
  const set = (/** @type {string} */ name, /** @type {string} */ text) =>
    setText(find(`.${name}`, HTMLElement, card), text);
  find('.swatch', HTMLElement, card).dataset.expression = expression ?? 'NONE';
  set('track', `Track ${track}`);
  set('expression', expressionName(expression));
  set('confidence', expression === null ? 'mien abstains' : percent(confidence));
  set('agreement', percent(agreement));
  set('quality', percent(quality.score));
  set('valence', signed(valence));
  set('arousal', signed(arousal));
  const doubts = quality.issues.map(issueName).join(', ');
  set('issues', doubts && `Reasons to doubt it: ${doubts}`);
}
