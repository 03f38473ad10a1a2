/**
 * Under which licence each package is, and whether mien may come with it: those that licenses.json permits, and
 * those of which it states why they are there all the same. Everything else is a finding: the GPL, AGPL and SSPL, what is not an
 * SPDX expression, and what says nothing.
 */
import { readFileSync } from 'node:fs';
import parse from 'spdx-expression-parse';

export const RULES = 'scripts/supply-chain/licenses.json';

/**
 * @typedef {object} Stated
 * @property {string[]} packages by their names
 * @property {string | null} declares what package.json says there; null for nothing. Where it says something else, the statement is void.
 * @property {string} license what they are under, as an SPDX expression
 * @property {string} reason
 */

/** @returns {{ permitted: string[], stated: Stated[] }} */
export function readRules() {
  const { permitted, stated } = JSON.parse(readFileSync(RULES, 'utf8'));
  for (const { packages, license, reason } of stated) {
    if (!reason?.trim()) throw new Error(`${RULES} gives no reason for ${packages.join(', ')}`);
    parse(license);
  }
  return { permitted, stated };
}

/**
 * @param {import('./tree.mjs').Installed[]} tree
 * @param {ReturnType<typeof readRules>} rules
 * @returns the tree with the licence of each, and sentences on what must not be
 */
export function judge(tree, { permitted, stated }) {
  const findings = [];
  const judged = tree.map((one) => {
    const declared = declaration(one.declares);
    const said = stated.find(({ packages }) => packages.includes(one.name));
    if (said && said.declares !== declared) {
      findings.push(
        `${one.name}@${one.version} declares ${quoted(declared)}, where ${RULES} states ${quoted(said.declares)}: look again, and correct the statement or take it out`,
      );
    } else if (!said && !isPermitted(declared, permitted)) {
      findings.push(
        `${one.name}@${one.version} declares ${quoted(declared)}, which is not permitted: do without it, or state in ${RULES} why it may be there`,
      );
    }
    return { ...one, license: said?.license ?? declared, reason: said?.reason };
  });
  const names = new Set(tree.map(({ name }) => name));
  const idle = stated.flatMap(({ packages }) => packages.filter((name) => !names.has(name)));
  findings.push(...idle.map((name) => `${RULES} states ${name}, which mien does not come with: take it out`));
  return { judged, findings };
}

/**
 * The licence as one text: package.json may hold a text, `{ type }`, or a list of these, of which one may be chosen.
 * @returns null where it says nothing
 */
function declaration(declares) {
  const all = [declares].flat().map((one) => (typeof one === 'string' ? one : one?.type));
  const texts = all.filter((text) => typeof text === 'string' && text.trim() !== '');
  if (texts.length === 0 || texts.length < all.length) return null;
  return texts.length === 1 ? texts[0].trim() : `(${texts.join(' OR ')})`;
}

function isPermitted(declared, permitted) {
  if (declared === null) return false;
  try {
    return holds(parse(declared), permitted);
  } catch {
    // Not an SPDX expression, such as `SEE LICENSE IN …` or `UNLICENSED`: somebody has to look.
    return false;
  }
}

function holds(node, permitted) {
  if (node.conjunction === 'or') return holds(node.left, permitted) || holds(node.right, permitted);
  if (node.conjunction === 'and') return holds(node.left, permitted) && holds(node.right, permitted);
  return permitted.includes(node.license) && node.exception === undefined;
}

function quoted(declared) {
  return declared === null ? 'no licence' : `"${declared}"`;
}
