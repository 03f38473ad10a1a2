/** A file is one decision, and a function fits on a screen: nothing in src outgrows that. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseFile, parseText, visitNodes } from './helpers/parse.ts';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));
const LONGEST_FILE = 220;
const LONGEST_FUNCTION = 40;

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter(
    (path) =>
      /\.(ts|js)$/.test(path) && !/^(?:store\/generated\/|web\/(?:client\.js|answers\.d\.ts)$)/.test(path),
  )
  .map((path) => ({ path, file: parseFile(join(SRC, path)) }));

/** Functions, methods and arrow functions of a file, with the lines that each takes. */
function functionsOf({ program, text }: ReturnType<typeof parseText>): { name: string; lines: number }[] {
  const found: { name: string; lines: number }[] = [];
  visitNodes(program, (node, parent) => {
    if (!('params' in node && 'body' in node && node.body)) return;
    // Name and modifiers of a method stand outside of its function.
    const isMethod =
      parent.type === 'MethodDefinition' ||
      (parent.type === 'Property' && (parent.method || parent.kind !== 'init'));
    const { start, end } = isMethod ? parent : node;
    const lines = text.slice(start, end).split('\n');
    const named = isMethod ? parent.key : 'id' in node ? node.id : null;
    found.push({
      name: named ? text.slice(named.start, named.end) : lines[0]!.slice(0, 40),
      lines: lines.length,
    });
  });
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
    const text =
      'const a = () => {\n  function b() {\n  }\n};\nclass C {\n  async d() {\n  }\n  get e() { return 1; }\n}\nconst f = { get g() {\n\n} };\ndeclare function h(): void;\n';
    expect(functionsOf(parseText('x.ts', text))).toEqual([
      { name: '() => {', lines: 4 },
      { name: 'b', lines: 2 },
      { name: 'd', lines: 2 },
      { name: 'e', lines: 1 },
      { name: 'g', lines: 3 },
    ]);
    expect(sources.length).toBeGreaterThan(150);
  });
});
