/** What a TypeScript or JavaScript file imports, read from its syntax. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import ts from 'typescript';
import { parseFile } from './parse.ts';

/** What a file loads when it runs: no imports of types alone. */
export function loads(path: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = loadedBy(node);
    if (specifier && ts.isStringLiteralLike(specifier)) found.push(specifier.text);
    ts.forEachChild(node, visit);
  };
  visit(parseFile(path));
  return found;
}

function loadedBy(node: ts.Node): ts.Expression | undefined {
  if (ts.isImportDeclaration(node)) return isOfTypes(node.importClause) ? undefined : node.moduleSpecifier;
  if (ts.isExportDeclaration(node)) return node.isTypeOnly ? undefined : node.moduleSpecifier;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return node.arguments[0];
  }
  return undefined;
}

function isOfTypes(clause: ts.ImportClause | undefined): boolean {
  return clause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

/**
 * Every package that a file loads, directly or through others, and the file that names it.
 *
 * @param known what was read already, by path
 */
export function packagesLoaded(entry: string, known = new Map<string, string[]>()): Map<string, string> {
  const packages = new Map<string, string>();
  const seen = new Set<string>();
  const follow = (path: string): void => {
    if (seen.has(path) || !(known.has(path) || (isOwnCode(path) && existsSync(path)))) return;
    seen.add(path);
    const specifiers = known.get(path) ?? loads(path);
    known.set(path, specifiers);
    for (const specifier of specifiers) {
      if (specifier.startsWith('.')) follow(resolve(dirname(path), specifier));
      else if (!packages.has(specifier)) packages.set(specifier, path);
    }
  };
  follow(entry);
  return packages;
}

/** Prisma's client is left out: it is long, and loads nothing but Prisma's own runtime. */
function isOwnCode(path: string): boolean {
  return /\.(ts|mjs|js)$/.test(path) && !path.includes('/generated/');
}
