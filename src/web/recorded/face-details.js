/** The faces of a recorded moment in words and bars: expression, valence and arousal, pose, and action units. */

import { writeFace } from '../face-words.js';
import { percent } from '../format.js';
import { cloneTemplate, find, reconcile, setText } from '../page/dom.js';

/** @import { StageFace } from './types.js' */

/** @param {readonly StageFace[]} faces */
export function renderFaceDetails(faces) {
  reconcile(find('#moment-faces', HTMLUListElement), faces, {
    key: ({ track }) => String(track),
    create: () => cloneTemplate('moment-face'),
    update: updateFace,
  });
}

/** @param {HTMLElement} card @param {StageFace} face */
function updateFace(card, face) {
  const { pose, actionUnits } = face;
  writeFace(card, face);
  for (const [name, angle] of Object.entries({ yaw: pose.yaw, pitch: pose.pitch, roll: pose.roll }))
    setText(find(`.${name}`, HTMLElement, card), degrees(angle));
  reconcile(find('.units', HTMLElement, card), actionUnits, {
    key: ({ name }) => name,
    create: () => cloneTemplate('action-unit'),
    update(item, { name, intensity }) {
      setText(find('.name', HTMLElement, item), name);
      setText(find('.value', HTMLElement, item), percent(intensity));
      find('.fill', HTMLElement, item).style.width = `${intensity * 100}%`;
    },
  });
}

/** @param {number} angle */
function degrees(angle) {
  const rounded = Math.round(angle);
  return `${rounded < 0 ? '−' : rounded > 0 ? '+' : ''}${Math.abs(rounded)}°`;
}
