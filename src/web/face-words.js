/** A face in words, as it is told wherever faces are: what it expresses, how sure that is, and what else is read from it. */

import { expressionName, issueName, percent, signed } from './format.js';
import { find, setText } from './page/dom.js';

/** @import { Face } from './types.js' */
/** @typedef {Pick<Face, 'expression' | 'confidence'>} Expressed */

/** `Happiness 80 %`, or that mien abstained. @param {Expressed} face */
export function expressionWords({ expression, confidence }) {
  return expressionName(expression) + (expression === null ? '' : ` ${percent(confidence)}`);
}

/**
 * In one word beside a swatch.
 * @param {HTMLElement} element
 * @param {Expressed} face
 */
export function writeExpression(element, face) {
  writeSwatch(element, face);
  setText(find('.word', HTMLElement, element), expressionWords(face));
}

/**
 * On a card: all that cards have in common.
 * @param {HTMLElement} card
 * @param {Face} face
 */
export function writeFace(card, face) {
  const { track, expression, confidence, agreement, quality, valence, arousal } = face;
  const doubts = quality.issues.map(issueName).join(', ');
  const words = {
    ...{ track: `Track ${track}`, expression: expressionName(expression) },
    confidence: expression === null ? 'mien abstains' : percent(confidence),
    ...{ agreement: percent(agreement), quality: percent(quality.score) },
    ...{ valence: signed(valence), arousal: signed(arousal) },
    issues: doubts && `Reasons to doubt it: ${doubts}`,
  };
  writeSwatch(card, face);
  for (const [name, text] of Object.entries(words)) setText(find(`.${name}`, HTMLElement, card), text);
}

/** @param {HTMLElement} element @param {Expressed} face */
function writeSwatch(element, { expression }) {
  find('.swatch', HTMLElement, element).dataset.expression = expression ?? 'NONE';
}
