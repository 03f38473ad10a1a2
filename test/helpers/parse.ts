/** Syntax trees of TypeScript and JavaScript, for tests that read all of src; those that run in one thread share what one of them made. */
import { readFileSync } from 'node:fs';
import { type Node, parseSync } from 'oxc-parser';

interface Parsed {
  text: string;
  program: Node;
}

const known = new Map<string, Parsed>();

/** @param path absolute */
export function parseFile(path: string): Parsed {
  const file = known.get(path) ?? parseText(path, readFileSync(path, 'utf8'));
  known.set(path, file);
  return file;
}

/** @throws where the text is not what the path's ending says */
export function parseText(path: string, text: string): Parsed {
  const { program, errors } = parseSync(path, text);
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`);
  return { text, program };
}

/** Each node of a tree, parents before their children; the root is told as its own parent. */
export function visitNodes(root: Node, visit: (node: Node, parent: Node) => void): void {
  const below = (value: unknown, parent: Node): void => {
    if (Array.isArray(value)) for (const item of value) below(item, parent);
    else if (isNode(value)) {
      visit(value, parent);
      for (const child of Object.values(value)) if (typeof child === 'object') below(child, value);
    }
  };
  below(root, root);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}
