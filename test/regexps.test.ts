/** No regular expression of src takes more than linear time: text from outside decides how long it is. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyse } from 'scslre';
import { expect, it } from 'vitest';
import { parseFile, visitNodes } from './helpers/parse.ts';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

interface Found {
  where: string;
  /** Null: it is put together while the program runs. */
  literal: { source: string; flags: string } | null;
}

const found = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.(ts|mjs|js)$/.test(path) && !path.startsWith('store/generated/'))
  .flatMap(expressionsOf);

function expressionsOf(path: string): Found[] {
  const { program, text } = parseFile(join(SRC, path));
  const all: Found[] = [];
  visitNodes(program, (node) => {
    const literal = 'regex' in node ? { source: node.regex.pattern, flags: node.regex.flags } : null;
    const isMade =
      (node.type === 'NewExpression' || node.type === 'CallExpression') &&
      node.callee.type === 'Identifier' &&
      node.callee.name === 'RegExp';
    if (literal || isMade) all.push({ where: `${path} ${text.slice(node.start, node.end)}`, literal });
  });
  return all;
}

const isSlow = (literal: { source: string; flags: string }) => analyse(literal).reports.length > 0;

it('has none that backtracks, or starts anew, in more than linear time', () => {
  expect(found.filter(({ literal }) => literal && isSlow(literal)).map(({ where }) => where)).toEqual([]);
});

it('has none that is put together while it runs, and so cannot be looked at here', () => {
  expect(found.filter(({ literal }) => literal === null).map(({ where }) => where)).toEqual([]);
});

it('knows one that is slow when it sees it', () => {
  const slow = [/([a-z][a-z0-9+.-]*:\/\/)[^\s/'"]*@/gi, /(a+)+$/, /x*x*y/, /\s+$/];
  expect(slow.map(isSlow)).toEqual([true, true, true, true]);
  expect(isSlow(/^[a-z]+:\/\//i)).toBe(false);
  expect(found.length).toBeGreaterThan(50);
});
