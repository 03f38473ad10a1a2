/** No regular expression of src takes more than linear time: text from outside decides how long it is. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyse } from 'scslre';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { parseFile } from './helpers/parse.ts';

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
  const file = parseFile(join(SRC, path));
  const all: Found[] = [];
  const visit = (node: ts.Node): void => {
    const where = () => `${path} ${node.getText(file)}`;
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      all.push({
        where: where(),
        literal: { source: node.text.slice(1, end), flags: node.text.slice(end + 1) },
      });
    } else if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
      if (node.expression.getText(file) === 'RegExp') all.push({ where: where(), literal: null });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
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
