/** TypeScript's syntax trees; tests that read all of src share those that one of them made. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';

const known = new Map<string, ts.SourceFile>();

/** @param path absolute */
export function parseFile(path: string): ts.SourceFile {
  const file = known.get(path) ?? parseText(path, readFileSync(path, 'utf8'));
  known.set(path, file);
  return file;
}

export function parseText(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}
