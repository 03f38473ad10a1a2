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
  // Nothing is read of comments, and no node is asked for its parent: without these it takes little more than half the time.
  const options = {
    languageVersion: ts.ScriptTarget.Latest,
    jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
  };
  return ts.createSourceFile(path, text, options);
}
