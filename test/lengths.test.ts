/** A file is one decision, and a function fits on a screen: nothing in src outgrows that. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parseFile, parseText } from './helpers/parse.ts';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));
const LONGEST_FILE = 220;
const LONGEST_FUNCTION = 40;

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter(
    (path) => /\.(ts|js)$/.test(path) && !path.startsWith('store/generated/') && path !== 'web/client.js',
  )
  .map((path) => ({ path, file: parseFile(join(SRC, path)) }));

/** Functions, methods and arrow functions of a file, with the lines that each takes. */
function functionsOf(file: ts.SourceFile): { name: string; lines: number }[] {
  const lineOf = (position: number) => file.getLineAndCharacterOfPosition(position).line;
  const found: { name: string; lines: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const start = node.getStart(file);
      const name = node.name?.getText(file) ?? file.text.slice(start, start + 40).split('\n')[0]!;
      found.push({ name, lines: lineOf(node.end) - lineOf(start) + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

describe('lengths', () => {
  it(`no file of src has more than ${LONGEST_FILE} lines`, () => {
    const long = sources.map(({ path, file }) => ({ path, lines: file.text.trimEnd().split('\n').length }));
    expect(long.filter(({ lines }) => lines > LONGEST_FILE)).toEqual([]);
  });

  it(`no function of src has more than ${LONGEST_FUNCTION} lines`, () => {
    const long = sources.flatMap(({ path, file }) =>
      functionsOf(file)
        .filter(({ lines }) => lines > LONGEST_FUNCTION)
        .map(({ name, lines }) => `${path}: ${name} has ${lines} lines`),
    );
    expect(long).toEqual([]);
  });

  it('the measure sees functions, nested ones too', () => {
    const text = 'const a = () => {\n  function b() {\n  }\n};\n';
    expect(functionsOf(parseText('x.ts', text))).toEqual([
      { name: 'const a = () => {'.slice(10), lines: 4 },
      { name: 'b', lines: 2 },
    ]);
    expect(sources.length).toBeGreaterThan(150);
  });
});
